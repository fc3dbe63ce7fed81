# Relations between resources of Google Cloud.

relation node_pools {
  from = google_container_cluster
  many = [google_container_node_pool.cluster]
}
relation cluster {
  from   = google_container_node_pool
  refers = cluster.google_container_cluster
}
relation network {
  from   = google_compute_subnetwork
  refers = network.google_compute_network
}
relation firewalls {
  from = google_compute_network
  many = [google_compute_firewall.network]
}
relation users {
  from = google_sql_database_instance
  many = [google_sql_user.instance]
}
relation ssl_policy_resource {
  from   = [google_compute_target_https_proxy, google_compute_target_ssl_proxy]
  refers = ssl_policy.google_compute_ssl_policy
}
relation bucket {
  from   = [google_logging_project_sink, google_logging_folder_sink, google_logging_organization_sink]
  refers = destination.google_storage_bucket
}
relation audit_configs {
  from = google_project
  many = [google_project_iam_audit_config.project]
}
