variable "sources" {
  type    = list(string)
  default = ["10.0.0.0/8", "0.0.0.0/0"]
}

resource "aws_security_group" "web" {
  name = "web-é😀"

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = var.sources
  }
}

resource "aws_sqs_queue" "orders" {
  name = "orders"
}
