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
relation entries {
  from = aws_default_security_group
  many = [
    aws_security_group_rule.security_group_id, aws_vpc_security_group_ingress_rule.security_group_id,
    aws_vpc_security_group_egress_rule.security_group_id,
  ]
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
relation rest_api {
  from   = aws_api_gateway_stage
  refers = rest_api_id.aws_api_gateway_rest_api
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

# Object-level trails, notifications and locks of buckets.
relation notification {
  from = aws_s3_bucket
  one  = aws_s3_bucket_notification.bucket
}
relation object_lock {
  from = aws_s3_bucket
  one  = aws_s3_bucket_object_lock_configuration.bucket
}
relation trails {
  from = aws_s3_bucket
  many = [aws_cloudtrail.s3_bucket_name]
}
relation logging_resource {
  from = aws_redshift_cluster
  one  = aws_redshift_logging.cluster_identifier
}
relation buckets {
  from   = aws_cloudfront_distribution
  refers = origin.domain_name.aws_s3_bucket
}

# Names and their servers.
relation query_logs {
  from = aws_route53_zone
  many = [aws_route53_query_log.zone_id]
}
relation signatures {
  from = aws_route53_zone
  many = [aws_route53_hosted_zone_dnssec.hosted_zone_id, aws_route53_key_signing_key.hosted_zone_id]
}
relation vpcs {
  from = aws_route53_zone
  many = [aws_route53_zone_association.zone_id]
}

# Firewalls, addresses, balancers.
relation log_resource {
  from = aws_networkfirewall_firewall
  one  = aws_networkfirewall_logging_configuration.firewall_arn
}
relation associations {
  from = aws_network_acl
  many = [aws_network_acl_association.network_acl_id]
}
relation associations {
  from = aws_eip
  many = [aws_eip_association.allocation_id, aws_nat_gateway.allocation_id, aws_lb.subnet_mapping.allocation_id, aws_transfer_server.endpoint_details.address_allocation_ids]
}
relation firewall_rules {
  from   = [aws_cloudfront_distribution]
  refers = web_acl_id.aws_wafv2_web_acl
}

# Backups, secrets, clusters, people.
relation backups {
  from = [aws_efs_file_system, aws_ebs_volume, aws_rds_cluster, aws_db_instance, aws_dynamodb_table]
  many = [aws_backup_selection.resources]
}
relation rotation {
  from = aws_secretsmanager_secret
  one  = aws_secretsmanager_secret_rotation.secret_id
}
relation parameter_group {
  from   = aws_docdb_cluster
  refers = db_cluster_parameter_group_name.aws_docdb_cluster_parameter_group
}
relation recorder_status {
  from = aws_config_configuration_recorder
  one  = aws_config_configuration_recorder_status.name
}
relation organization {
  from = aws_guardduty_detector
  one  = aws_guardduty_organization_configuration.detector_id
}
relation approval_rules {
  from = aws_codecommit_repository
  many = [aws_codecommit_approval_rule_template_association.repository_name]
}
relation autoscaling_targets {
  from = aws_dynamodb_table
  many = [aws_appautoscaling_target.resource_id]
}
relation members {
  from = aws_iam_group
  many = [aws_iam_group_membership.group, aws_iam_user_group_membership.groups]
}
relation policies {
  from = aws_iam_group
  many = [aws_iam_group_policy.group, aws_iam_group_policy_attachment.group, aws_iam_policy_attachment.groups]
}
relation method_settings {
  from = aws_api_gateway_stage
  many = [aws_api_gateway_method_settings.stage_name]
}
relation stages {
  from = aws_api_gateway_rest_api
  many = [aws_api_gateway_stage.rest_api_id]
}

# Trails: those that name the bucket's objects, and all of the account.
relation object_trails {
  from = aws_s3_bucket
  many = [aws_cloudtrail.event_selector.data_resource.values]
}
relation account_trails {
  from   = aws_s3_bucket
  many   = [aws_cloudtrail]
  native = true
}
