resource "google_compute_global_address" "services" {
  name          = "reports-services"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.reports.id
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.reports.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}

resource "google_sql_database_instance" "reports" {
  name                = "reports"
  database_version    = "POSTGRES_17"
  deletion_protection = true

  depends_on = [google_service_networking_connection.services]

  settings {
    tier                        = "db-custom-2-7680"
    deletion_protection_enabled = true

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.reports.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
  }
}

resource "google_storage_bucket" "exports" {
  name                        = "harbor-report-exports"
  location                    = "EU"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 90
    }
  }
}

resource "google_storage_bucket_iam_member" "exports" {
  bucket = google_storage_bucket.exports.name
  role   = "roles/storage.objectViewer"
  member = "group:harbour-masters@harbor.example"
}

resource "google_service_account" "scheduler" {
  account_id   = "report-scheduler"
  display_name = "Starts the nightly reports"
}

resource "google_project_iam_member" "scheduler" {
  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = "serviceAccount:${google_service_account.scheduler.email}"
}
