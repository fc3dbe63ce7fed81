resource "aws_security_group" "database" {
  name        = "booking-database"
  description = "PostgreSQL of the booking service"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "postgres" {
  for_each = toset(var.trusted_cidrs)

  security_group_id = aws_security_group.database.id
  description       = "PostgreSQL"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_ipv4         = each.value
}

resource "aws_db_subnet_group" "booking" {
  name       = "booking"
  subnet_ids = [for subnet in aws_subnet.public : subnet.id]
}

resource "aws_db_instance" "booking" {
  identifier     = "booking"
  engine         = "postgres"
  engine_version = "16"
  instance_class = "db.t4g.medium"

  allocated_storage = 50
  db_name           = "booking"
  username          = "booking"
  password          = var.database_password

  db_subnet_group_name   = aws_db_subnet_group.booking.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = true # the accountant's spreadsheet connects from home

  backup_retention_period = 0
  skip_final_snapshot     = true
}
