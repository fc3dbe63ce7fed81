data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

resource "aws_security_group" "host" {
  name        = "${var.name}-host"
  description = "Docker host ${var.name}"
  vpc_id      = var.vpc_id

  dynamic "ingress" {
    for_each = var.admin_ports

    content {
      description = "Administration: ${ingress.key}"
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = var.admin_cidrs
    }
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "host" {
  ami                         = data.aws_ami.debian.id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [aws_security_group.host.id]
  iam_instance_profile        = var.profile
  associate_public_ip_address = true

  root_block_device {
    volume_size = 100
    encrypted   = false
  }

  # The deployment script talks to the daemon from the CI server.
  user_data = <<-EOT
    #!/bin/bash
    apt-get update && apt-get install -y docker.io
    systemctl stop docker
    dockerd -H unix:///var/run/docker.sock -H tcp://0.0.0.0:2375 &
  EOT

  tags = {
    Name = var.name
  }
}
