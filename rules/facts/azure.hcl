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
