output "instance_id" {
  description = "Id of the host."
  value       = aws_instance.host.id
}

output "security_group_id" {
  description = "The group that the host belongs to."
  value       = aws_security_group.host.id
}
