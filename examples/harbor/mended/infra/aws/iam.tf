resource "aws_iam_role" "booking" {
  name = "booking-host"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# What the host needs, read off a month of CloudTrail.
resource "aws_iam_role_policy" "booking" {
  name = "booking-host"
  role = aws_iam_role.booking.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.invoices.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.reminders.arn
      },
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_db_instance.booking.master_user_secret[0].secret_arn
      },
    ]
  })
}

resource "aws_iam_instance_profile" "booking" {
  name = "booking-host"
  role = aws_iam_role.booking.name
}
