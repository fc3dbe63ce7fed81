//! Terraform on AWS: a root for every environment, and the modules that it calls.

mod modules;
mod resources;

use super::Template;
pub(super) use modules::MODULES;

/// One environment of a product: nine files.
pub(super) fn root() -> impl Iterator<Item = &'static Template> {
    SETTINGS.iter().chain(resources::RESOURCES)
}

/// What an environment is given and calls: four files.
const SETTINGS: &[Template] = &[
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
];
