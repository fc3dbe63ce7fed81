//! Terraform on AWS: a root for every environment, and the modules that it calls.

use super::Template;

/// One environment of a product: nine files.
pub(super) const ROOT: &[Template] = &[
    Template {
        path: "infrastructure/@product@/@environment@/main.tf",
        text: r#"locals {
  name = "@product@-${var.environment}"

  tags = {
    Name        = local.name
    Environment = var.environment
    Team        = var.team
    ManagedBy   = "terraform"
  }
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  state = "available"
}

resource "aws_kms_key" "main" {
  description             = "Encrypts what ${local.name} keeps"
  deletion_window_in_days = 30
  enable_key_rotation     = true
}

module "queue" {
  source = "../../modules/@product@-queue"

  name       = "${local.name}-jobs"
  kms_key_id = aws_kms_key.main.arn
  tags       = local.tags
}

module "logs" {
  source = "../../modules/@product@-logs"

  name       = local.name
  kms_key_id = aws_kms_key.main.arn
  retention  = var.environment == "production" ? 365 : 30
}
"#,
        slips: &[("enable_key_rotation     = true", "enable_key_rotation     = false")],
    },
    Template {
        path: "infrastructure/@product@/@environment@/variables.tf",
        text: r#"variable "environment" {
  description = "Which of the environments this is."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "The environment is staging or production."
  }
}

variable "team" {
  description = "Who is called at night."
  type        = string
  default     = "platform"
}

variable "cidr" {
  description = "The addresses of the network."
  type        = string
}

variable "office_cidrs" {
  description = "Where people sit."
  type        = list(string)
  default     = ["203.0.113.0/24"]
}

variable "instance_type" {
  type    = string
  default = "t3.medium"
}

variable "instances" {
  description = "Names and sizes of the batch machines."
  type = map(object({
    size = string
    disk = optional(number, 40)
  }))
  default = {}
}

variable "database_password" {
  type      = string
  sensitive = true
}
"#,
        slips: &[],
    },
    Template {
        path: "infrastructure/@product@/@environment@/terraform.tfvars",
        text: r#"environment = "@environment@"
team        = "@product@"
cidr        = "10.@octet@.0.0/16"

instances = {
  nightly = { size = "t3.large" }
  reports = { size = "t3.medium", disk = 120 }
}
"#,
        slips: &[],
    },
    Template {
        path: "infrastructure/@product@/@environment@/versions.tf",
        text: r#"terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.40"
    }
  }

  backend "s3" {
    bucket         = "acme-terraform-state"
    key            = "@product@/@environment@.tfstate"
    region         = "eu-central-1"
    encrypt        = true
    dynamodb_table = "terraform-locks"
  }
}

provider "aws" {
  region = "eu-central-1"

  default_tags {
    tags = {
      Product = "@product@"
    }
  }
}
"#,
        slips: &[("    encrypt        = true\n", "")],
    },
    Template {
        path: "infrastructure/@product@/@environment@/network.tf",
        text: r#"resource "aws_vpc" "main" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  tags                 = local.tags
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "private" {
  count = 3

  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(var.cidr, 4, count.index)
  availability_zone       = data.aws_availability_zones.available.names[count.index]
  map_public_ip_on_launch = false
  tags                    = merge(local.tags, { Name = "${local.name}-private-${count.index}" })
}

resource "aws_security_group" "api" {
  name        = "${local.name}-api"
  description = "What reaches the machines of the API"
  vpc_id      = aws_vpc.main.id
  tags        = local.tags

  ingress {
    description = "HTTPS from the load balancer"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.main.cidr_block]
  }

  ingress {
    description = "SSH from the office"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = var.office_cidrs
  }

  egress {
    description = "Updates and the services of AWS"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_flow_log" "main" {
  vpc_id          = aws_vpc.main.id
  traffic_type    = "ALL"
  iam_role_arn    = aws_iam_role.api.arn
  log_destination = module.logs.arn
}
"#,
        slips: &[
            ("map_public_ip_on_launch = false", "map_public_ip_on_launch = true"),
            ("cidr_blocks = var.office_cidrs", "cidr_blocks = [\"0.0.0.0/0\"]"),
            ("    description = \"HTTPS from the load balancer\"\n", ""),
        ],
    },
    Template {
        path: "infrastructure/@product@/@environment@/compute.tf",
        text: r#"data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

resource "aws_launch_template" "api" {
  name_prefix            = "${local.name}-api-"
  image_id               = data.aws_ami.debian.id
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.api.id]

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 40
      encrypted   = true
      kms_key_id  = aws_kms_key.main.arn
    }
  }
}

resource "aws_instance" "batch" {
  for_each = var.instances

  ami                    = data.aws_ami.debian.id
  instance_type          = each.value.size
  subnet_id              = aws_subnet.private[0].id
  vpc_security_group_ids = [aws_security_group.api.id]
  monitoring             = true
  ebs_optimized          = true

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    encrypted   = true
    volume_size = each.value.disk
  }

  tags = merge(local.tags, { Name = "${local.name}-${each.key}" })
}
"#,
        slips: &[
            ("    http_tokens   = \"required\"\n", ""),
            ("    http_tokens = \"required\"", "    http_tokens = \"optional\""),
            ("    encrypted   = true\n    volume_size", "    volume_size"),
        ],
    },
    Template {
        path: "infrastructure/@product@/@environment@/database.tf",
        text: r#"resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = aws_subnet.private[*].id
  tags       = local.tags
}

resource "aws_security_group" "database" {
  name        = "${local.name}-database"
  description = "What reaches the database"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group_rule" "database" {
  type                     = "ingress"
  description              = "PostgreSQL from the API"
  security_group_id        = aws_security_group.database.id
  source_security_group_id = aws_security_group.api.id
  from_port                = 5432
  to_port                  = 5432
  protocol                 = "tcp"
}

resource "aws_db_instance" "main" {
  identifier                          = local.name
  engine                              = "postgres"
  engine_version                      = "16.3"
  instance_class                      = var.environment == "production" ? "db.r6g.large" : "db.t4g.medium"
  allocated_storage                   = 100
  db_subnet_group_name                = aws_db_subnet_group.main.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  username                            = "postgres"
  password                            = var.database_password
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.main.arn
  multi_az                            = true
  publicly_accessible                 = false
  deletion_protection                 = true
  backup_retention_period             = 14
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  performance_insights_enabled        = true
  iam_database_authentication_enabled = true
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  tags                                = local.tags
}
"#,
        slips: &[
            ("storage_encrypted                   = true", "storage_encrypted                   = false"),
            ("publicly_accessible                 = false", "publicly_accessible                 = true"),
            ("  deletion_protection                 = true\n", ""),
        ],
    },
    Template {
        path: "infrastructure/@product@/@environment@/storage.tf",
        text: r#"resource "aws_s3_bucket" "uploads" {
  bucket = "${local.name}-uploads-${data.aws_caller_identity.current.account_id}"
  tags   = local.tags
}

resource "aws_s3_bucket_public_access_block" "uploads" {
  bucket                  = aws_s3_bucket.uploads.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "uploads" {
  bucket = aws_s3_bucket.uploads.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main.arn
    }
  }
}

resource "aws_s3_bucket_versioning" "uploads" {
  bucket = aws_s3_bucket.uploads.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  bucket = aws_s3_bucket.uploads.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }
}
"#,
        slips: &[
            ("block_public_acls       = true", "block_public_acls       = false"),
            ("status = \"Enabled\"\n  }\n}\n\nresource", "status = \"Suspended\"\n  }\n}\n\nresource"),
        ],
    },
    Template {
        path: "infrastructure/@product@/@environment@/iam.tf",
        text: r#"data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "api" {
  statement {
    sid       = "Uploads"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.uploads.arn}/*"]
  }

  statement {
    sid       = "Jobs"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [module.queue.arn]
  }
}

resource "aws_iam_role" "api" {
  name               = "${local.name}-api"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "api" {
  name   = "${local.name}-api"
  role   = aws_iam_role.api.id
  policy = data.aws_iam_policy_document.api.json
}

resource "aws_iam_policy" "metrics" {
  name = "${local.name}-metrics"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricData"]
      Resource = "arn:aws:cloudwatch:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:alarm/${local.name}"
    }]
  })
}

output "role" {
  description = "The role of the API's machines."
  value       = aws_iam_role.api.arn
}
"#,
        slips: &[
            ("actions   = [\"s3:GetObject\", \"s3:PutObject\"]", "actions   = [\"s3:*\"]"),
            ("resources = [module.queue.arn]", "resources = [\"*\"]"),
        ],
    },
];

/// The modules that both environments call: six files.
pub(super) const MODULES: &[Template] = &[
    Template {
        path: "infrastructure/modules/@product@-queue/main.tf",
        text: r#"resource "aws_sqs_queue" "this" {
  name                       = var.name
  kms_master_key_id          = var.kms_key_id
  visibility_timeout_seconds = var.timeout
  message_retention_seconds  = 1209600
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failed.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "failed" {
  name              = "${var.name}-failed"
  kms_master_key_id = var.kms_key_id
  tags              = var.tags
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "ApproximateNumberOfMessagesVisible"
  namespace           = "AWS/SQS"
  period              = 300
  statistic           = "Maximum"
  threshold           = 0

  dimensions = {
    QueueName = aws_sqs_queue.failed.name
  }
}
"#,
        slips: &[("  kms_master_key_id          = var.kms_key_id\n", "")],
    },
    Template {
        path: "infrastructure/modules/@product@-queue/variables.tf",
        text: r#"variable "name" {
  description = "What the queue is called."
  type        = string
}

variable "kms_key_id" {
  description = "The key that encrypts the messages."
  type        = string
}

variable "timeout" {
  description = "Seconds that a worker may take for one message."
  type        = number
  default     = 60
}

variable "tags" {
  type    = map(string)
  default = {}
}
"#,
        slips: &[],
    },
    Template {
        path: "infrastructure/modules/@product@-queue/outputs.tf",
        text: r#"output "arn" {
  description = "The queue."
  value       = aws_sqs_queue.this.arn
}

output "url" {
  description = "Where workers ask for messages."
  value       = aws_sqs_queue.this.url
}

output "failed_arn" {
  description = "The queue of what failed five times."
  value       = aws_sqs_queue.failed.arn
}
"#,
        slips: &[],
    },
    Template {
        path: "infrastructure/modules/@product@-logs/main.tf",
        text: r#"resource "aws_cloudwatch_log_group" "this" {
  name              = "/acme/${var.name}"
  retention_in_days = var.retention
  kms_key_id        = var.kms_key_id
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "${var.name}-errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.level = \"error\" }"

  metric_transformation {
    name      = "Errors"
    namespace = "Acme/${var.name}"
    value     = "1"
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.kms_key_id
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
  metric_name         = "Errors"
  namespace           = "Acme/${var.name}"
  period              = 60
  statistic           = "Sum"
  threshold           = 10
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
"#,
        slips: &[("  kms_master_key_id = var.kms_key_id\n", "")],
    },
    Template {
        path: "infrastructure/modules/@product@-logs/variables.tf",
        text: r#"variable "name" {
  description = "Whose logs these are."
  type        = string
}

variable "kms_key_id" {
  description = "The key that encrypts the logs."
  type        = string
}

variable "retention" {
  description = "Days for which they are kept."
  type        = number

  validation {
    condition     = var.retention >= 1
    error_message = "Logs are kept for a day at least."
  }
}
"#,
        slips: &[],
    },
    Template {
        path: "infrastructure/modules/@product@-logs/outputs.tf",
        text: r#"output "arn" {
  description = "The log group."
  value       = aws_cloudwatch_log_group.this.arn
}

output "name" {
  description = "Its name."
  value       = aws_cloudwatch_log_group.this.name
}

output "topic" {
  description = "Where alarms are told."
  value       = aws_sns_topic.alarms.arn
}
"#,
        slips: &[],
    },
];
