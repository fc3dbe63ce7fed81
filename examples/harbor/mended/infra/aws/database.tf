resource "aws_security_group" "database" {
  name        = "booking-database"
  description = "PostgreSQL of the booking service"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "postgres" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL, from the booking host"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = module.booking_host.security_group_id
}

resource "aws_db_subnet_group" "booking" {
  name       = "booking"
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_db_parameter_group" "booking" {
  name   = "booking"
  family = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

# The accountant gets a report by mail instead of a connection.
resource "aws_db_instance" "booking" {
  identifier     = "booking"
  engine         = "postgres"
  engine_version = "17"
  instance_class = "db.t4g.medium"

  allocated_storage           = 50
  storage_encrypted           = true
  db_name                     = "booking"
  username                    = "booking"
  manage_master_user_password = true

  db_subnet_group_name                = aws_db_subnet_group.booking.name
  parameter_group_name                = aws_db_parameter_group.booking.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  publicly_accessible                 = false
  multi_az                            = true
  iam_database_authentication_enabled = true
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"

  backup_retention_period         = 14
  copy_tags_to_snapshot           = true
  deletion_protection             = true
  final_snapshot_identifier       = "booking-final"
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  performance_insights_enabled    = true
}
