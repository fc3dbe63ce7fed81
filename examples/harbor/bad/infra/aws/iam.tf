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

# We tried to list what the host needs and gave up after the third outage.
resource "aws_iam_role_policy" "booking" {
  name = "booking-host"
  role = aws_iam_role.booking.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}

resource "aws_iam_instance_profile" "booking" {
  name = "booking-host"
  role = aws_iam_role.booking.name
}
