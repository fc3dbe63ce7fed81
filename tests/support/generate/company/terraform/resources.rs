//! What an environment has itself.

use super::Template;

/// Network, machines, database, storage and rights: five files.
pub(super) const RESOURCES: &[Template] = &[
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
