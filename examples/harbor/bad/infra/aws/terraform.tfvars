region          = "eu-west-1"
certificate_arn = "arn:aws:acm:eu-west-1:210987654321:certificate/6f0c1f2e-8a51-4c1b-9d5e-0b6f4a7d9c33"

# The quay office has no fixed address yet (HARBOR-212).
trusted_cidrs = [
  "10.20.0.0/16",
  "0.0.0.0/0",
]

database_password = "pontoon-7-moorings"
