resource "google_sql_database_instance" "reports" {
  name             = "reports"
  database_version = "POSTGRES_16"

  settings {
    tier = "db-custom-2-7680"

    ip_configuration {
      ipv4_enabled = true
      ssl_mode     = "ENCRYPTED_ONLY"

      authorized_networks {
        name  = "spreadsheets"
        value = "0.0.0.0/0"
      }
    }
  }
}

resource "google_storage_bucket" "exports" {
  name     = "harbor-report-exports"
  location = "EU"
}

resource "google_storage_bucket_iam_member" "exports" {
  bucket = google_storage_bucket.exports.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "google_service_account" "scheduler" {
  account_id   = "report-scheduler"
  display_name = "Starts the nightly reports"
}

resource "google_project_iam_member" "scheduler" {
  project = var.project
  role    = "roles/owner"
  member  = "serviceAccount:${google_service_account.scheduler.email}"
}
