# Relations between resources of AWS.

# What a bucket is made of since version 4 of the provider.
relation public_access_block {
  from = aws_s3_bucket
  one  = aws_s3_bucket_public_access_block.bucket
}
relation versioning_resource {
  from = aws_s3_bucket
  one  = aws_s3_bucket_versioning.bucket
}
relation logging_resource {
  from = aws_s3_bucket
  one  = aws_s3_bucket_logging.bucket
}
relation encryption_resource {
  from = aws_s3_bucket
  one  = aws_s3_bucket_server_side_encryption_configuration.bucket
}
relation ownership_controls {
  from = aws_s3_bucket
  one  = aws_s3_bucket_ownership_controls.bucket
}
relation acl_resource {
  from = aws_s3_bucket
  one  = aws_s3_bucket_acl.bucket
}
relation lifecycle_resource {
  from = aws_s3_bucket
  one  = aws_s3_bucket_lifecycle_configuration.bucket
}
relation policies {
  from = aws_s3_bucket
  many = [aws_s3_bucket_policy.bucket]
}

# Networks.
relation flow_logs {
  from = aws_vpc
  many = [aws_flow_log.vpc_id]
}
relation default_security_group {
  from = aws_vpc
  one  = aws_default_security_group.vpc_id
}
relation elastic_addresses {
  from = aws_instance
  many = [aws_eip.instance, aws_eip_association.instance_id]
}
relation load_balancer {
  from   = [aws_lb_listener, aws_alb_listener]
  refers = [load_balancer_arn.aws_lb, load_balancer_arn.aws_alb]
}
relation listeners {
  from = [aws_lb, aws_alb]
  many = [aws_lb_listener.load_balancer_arn, aws_alb_listener.load_balancer_arn]
}
relation web_acl {
  from = [aws_lb, aws_alb, aws_api_gateway_stage, aws_appsync_graphql_api]
  one  = [aws_wafv2_web_acl_association.resource_arn, aws_wafregional_web_acl_association.resource_arn]
}

# Databases.
relation parameter_group {
  from   = aws_db_instance
  refers = parameter_group_name.aws_db_parameter_group
}
relation parameter_group {
  from   = aws_rds_cluster
  refers = db_cluster_parameter_group_name.aws_rds_cluster_parameter_group
}
relation cluster {
  from   = aws_rds_cluster_instance
  refers = cluster_identifier.aws_rds_cluster
}

# Trails.
relation bucket {
  from   = aws_cloudtrail
  refers = s3_bucket_name.aws_s3_bucket
}

# Images.
relation lifecycle_policy {
  from = aws_ecr_repository
  one  = aws_ecr_lifecycle_policy.repository
}

# Log groups of services that write to one by name.
relation web_acl_logging {
  from = aws_wafv2_web_acl
  one  = aws_wafv2_web_acl_logging_configuration.resource_arn
}

# Volumes that are attached to machines.
relation attachments {
  from = aws_ebs_volume
  many = [aws_volume_attachment.volume_id]
}

# Keys.
relation key_policy {
  from = aws_kms_key
  one  = aws_kms_key_policy.key_id
}

# People.
relation login_profile {
  from = aws_iam_user
  one  = aws_iam_user_login_profile.user
}
relation group_memberships {
  from = aws_iam_user
  many = [aws_iam_user_group_membership.user, aws_iam_group_membership.users]
}
relation replication_resource {
  from = aws_s3_bucket
  one  = aws_s3_bucket_replication_configuration.bucket
}

# Statements of a resource's own policy, and of those that companions give it. (A view with a dot ends with one here: it has no attribute.)
relation policy_statements {
  from   = aws_s3_bucket
  many   = ["iam.statement.", aws_s3_bucket_policy.bucket]
  native = true
}
relation policy_statements {
  from   = aws_sqs_queue
  many   = ["iam.statement.", aws_sqs_queue_policy.queue_url]
  native = true
}
relation policy_statements {
  from   = aws_sns_topic
  many   = ["iam.statement.", aws_sns_topic_policy.arn]
  native = true
}

# Everything that refers to it.
relation attached_to {
  from   = [aws_security_group, aws_iam_policy, aws_eip]
  many   = [resource]
  native = true
}

# What holds for the whole account.
relation account_public_access_block {
  from   = aws_s3_bucket
  one    = aws_s3_account_public_access_block
  native = true
}
