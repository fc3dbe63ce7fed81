# Where payments run, and everything that is to leave the Docker host.

resource "aws_eks_cluster" "harbor" {
  name     = "harbor"
  role_arn = aws_iam_role.cluster.arn
  version  = "1.29"

  vpc_config {
    subnet_ids             = [for subnet in aws_subnet.public : subnet.id]
    endpoint_public_access = true
    public_access_cidrs    = var.trusted_cidrs
  }
}

resource "aws_iam_role" "cluster" {
  name = "cluster"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}
