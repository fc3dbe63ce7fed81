//! The modules that environments call.

use super::Template;

/// The modules that both environments call: six files.
pub(in super::super) const MODULES: &[Template] = &[
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
