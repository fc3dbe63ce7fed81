# Mails the skippers a day before their stay.

resource "aws_sqs_queue" "reminders" {
  name                    = "reminders"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "reminders" {
  queue_url = aws_sqs_queue.reminders.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = aws_iam_role.booking.arn }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.reminders.arn
    }]
  })
}

resource "aws_secretsmanager_secret" "smtp" {
  name = "reminders/smtp"
}

resource "aws_iam_role" "reminders" {
  name = "reminders"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "reminders" {
  name = "reminders"
  role = aws_iam_role.reminders.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.reminders.arn
      },
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.smtp.arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.reminders.arn}:*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "reminders" {
  name              = "/aws/lambda/reminders"
  retention_in_days = 365
}

resource "aws_lambda_function" "reminders" {
  function_name = "reminders"
  role          = aws_iam_role.reminders.arn
  filename      = "reminders.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"

  environment {
    variables = {
      QUEUE_URL       = aws_sqs_queue.reminders.url
      SMTP_SECRET_ARN = aws_secretsmanager_secret.smtp.arn
    }
  }

  tracing_config {
    mode = "Active"
  }
}
