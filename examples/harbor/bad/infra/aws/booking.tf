# The booking site: a load balancer in front of one Docker host.

module "booking_host" {
  source = "./modules/docker-host"

  name          = "booking"
  instance_type = "t3.large"
  vpc_id        = aws_vpc.main.id
  subnet_id     = aws_subnet.public["a"].id
  admin_cidrs   = var.trusted_cidrs
  profile       = aws_iam_instance_profile.booking.name
}

resource "aws_security_group" "edge" {
  name        = "edge"
  description = "The load balancer of booking.harbor.example"
  vpc_id      = aws_vpc.main.id

  ingress {
    description = "Customers"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  ingress {
    description = "Customers who type the name without https"
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "edge" {
  name               = "edge"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.edge.id]
  subnets            = [for subnet in aws_subnet.public : subnet.id]
}

resource "aws_lb_target_group" "booking" {
  name     = "booking"
  port     = 8080
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id
}

resource "aws_lb_target_group_attachment" "booking" {
  target_group_arn = aws_lb_target_group.booking.arn
  target_id        = module.booking_host.instance_id
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.edge.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = var.legacy_clients ? "ELBSecurityPolicy-TLS-1-0-2015-04" : "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.booking.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.edge.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
