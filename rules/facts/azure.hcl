# Relations between resources of Azure.

relation network_rules_resource {
  from = azurerm_storage_account
  one  = azurerm_storage_account_network_rules.storage_account_id
}
relation queue_properties_resource {
  from = azurerm_storage_account
  one  = azurerm_storage_account_queue_properties.storage_account_id
}
relation auditing {
  from = azurerm_mssql_server
  one  = azurerm_mssql_server_extended_auditing_policy.server_id
}
relation auditing {
  from = azurerm_mssql_database
  one  = azurerm_mssql_database_extended_auditing_policy.database_id
}
relation security_alerts {
  from = azurerm_mssql_server
  one  = azurerm_mssql_server_security_alert_policy.server_name
}
relation configuration {
  from = azurerm_postgresql_server
  many = [azurerm_postgresql_configuration.server_name]
}
relation configuration {
  from = azurerm_postgresql_flexible_server
  many = [azurerm_postgresql_flexible_server_configuration.server_id]
}
relation configuration {
  from = azurerm_mysql_flexible_server
  many = [azurerm_mysql_flexible_server_configuration.server_name]
}
relation private_endpoints {
  from = azurerm_subnet
  many = [azurerm_private_endpoint.subnet_id]
}
relation security_group {
  from = azurerm_subnet
  one  = azurerm_subnet_network_security_group_association.subnet_id
}
relation security_group {
  from = azurerm_network_interface
  one  = azurerm_network_interface_security_group_association.network_interface_id
}
relation diagnostics {
  from = [
    azurerm_key_vault, azurerm_kubernetes_cluster, azurerm_mssql_server, azurerm_network_security_group, azurerm_postgresql_server,
    azurerm_postgresql_flexible_server,
  ]
  many = [azurerm_monitor_diagnostic_setting.target_resource_id]
}
relation managed_disk {
  from   = azurerm_virtual_machine_data_disk_attachment
  refers = managed_disk_id.azurerm_managed_disk
}

# Keys of the customer, as companions.
relation customer_managed_key {
  from = azurerm_storage_account
  one  = azurerm_storage_account_customer_managed_key.storage_account_id
}
relation customer_managed_key {
  from = azurerm_kusto_cluster
  one  = azurerm_kusto_cluster_customer_managed_key.cluster_id
}
relation customer_managed_key {
  from = azurerm_mysql_server
  one  = azurerm_mysql_server_key.server_id
}
relation customer_managed_key {
  from = azurerm_postgresql_server
  one  = azurerm_postgresql_server_key.server_id
}
relation customer_managed_key {
  from = azurerm_databricks_workspace
  one  = azurerm_databricks_workspace_root_dbfs_customer_managed_key.workspace_id
}

# Private endpoints, by what they lead to.
relation private_endpoints {
  from = [
    azurerm_storage_account, azurerm_key_vault, azurerm_mssql_server, azurerm_mysql_server, azurerm_mysql_flexible_server,
    azurerm_mariadb_server, azurerm_postgresql_server, azurerm_postgresql_flexible_server, azurerm_cosmosdb_account,
    azurerm_container_registry,
  ]
  many = [azurerm_private_endpoint.private_service_connection.private_connection_resource_id]
}

# Watching over SQL and Synapse.
relation security_alerts {
  from = azurerm_sql_server
  one  = azurerm_mssql_server_security_alert_policy.server_name
}
relation vulnerability_assessment {
  from = azurerm_mssql_server_security_alert_policy
  one  = azurerm_mssql_server_vulnerability_assessment.server_security_alert_policy_id
}
relation auditing {
  from = azurerm_sql_server
  one  = azurerm_mssql_server_extended_auditing_policy.server_id
}
relation administrator {
  from = azurerm_sql_server
  one  = azurerm_sql_active_directory_administrator.server_name
}
relation auditing {
  from = azurerm_synapse_workspace
  one  = azurerm_synapse_workspace_extended_auditing_policy.synapse_workspace_id
}
relation auditing {
  from = azurerm_synapse_sql_pool
  one  = azurerm_synapse_sql_pool_extended_auditing_policy.sql_pool_id
}
relation security_alerts {
  from = azurerm_synapse_sql_pool
  one  = azurerm_synapse_sql_pool_security_alert_policy.sql_pool_id
}
relation vulnerability_assessment {
  from = azurerm_synapse_sql_pool_security_alert_policy
  one  = azurerm_synapse_sql_pool_vulnerability_assessment.sql_pool_security_alert_policy_id
}
relation firewall_rules {
  from = azurerm_synapse_workspace
  many = [azurerm_synapse_firewall_rule.synapse_workspace_id]
}

# Machines.
relation network_interfaces {
  from   = [azurerm_linux_virtual_machine, azurerm_windows_virtual_machine, azurerm_virtual_machine]
  refers = network_interface_ids.azurerm_network_interface
}
relation backups {
  from = [azurerm_linux_virtual_machine, azurerm_windows_virtual_machine, azurerm_virtual_machine]
  many = [azurerm_backup_protected_vm.source_vm_id]
}
relation machines {
  from = azurerm_network_interface
  many = [
    azurerm_virtual_machine.network_interface_ids, azurerm_linux_virtual_machine.network_interface_ids,
    azurerm_windows_virtual_machine.network_interface_ids,
  ]
}
relation firewall_policy {
  from   = azurerm_application_gateway
  refers = firewall_policy_id.azurerm_web_application_firewall_policy
}
