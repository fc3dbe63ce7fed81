# Mails the skippers a day before their stay.

resource "aws_sqs_queue" "reminders" {
  name = "reminders"
}

resource "aws_lambda_function" "reminders" {
  function_name = "reminders"
  role          = aws_iam_role.booking.arn
  filename      = "reminders.zip"
  handler       = "index.handler"
  runtime       = "nodejs14.x"

  environment {
    variables = {
      QUEUE_URL = aws_sqs_queue.reminders.url
    }
  }
}
