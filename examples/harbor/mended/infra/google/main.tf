# Reports for the harbour masters. Marketing looks after this project.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = "europe-west4"
}

variable "project" {
  description = "The project of the reports."
  type        = string
  default     = "harbor-reports"
}

resource "google_compute_network" "reports" {
  name                    = "reports"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "reports" {
  name                     = "reports"
  network                  = google_compute_network.reports.id
  ip_cidr_range            = "10.80.0.0/24"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# Identity-Aware Proxy: who may log in is decided by accounts, not by addresses.
resource "google_compute_firewall" "admin" {
  name    = "reports-admin"
  network = google_compute_network.reports.name

  source_ranges           = ["35.235.240.0/20"]
  target_service_accounts = [google_service_account.notebook.email]

  allow {
    protocol = "tcp"
    ports    = ["22", "8888"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_service_account" "notebook" {
  account_id   = "notebook"
  display_name = "Reads what the reports are made of"
}

resource "google_project_iam_member" "notebook" {
  project = var.project
  role    = "roles/bigquery.dataViewer"
  member  = "serviceAccount:${google_service_account.notebook.email}"
}

resource "google_compute_instance" "notebook" {
  name         = "notebook"
  machine_type = "e2-standard-4"
  zone         = "europe-west4-a"

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-13"
    }
  }

  network_interface {
    subnetwork = google_compute_subnetwork.reports.id
  }

  metadata = {
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
    serial-port-enable     = "FALSE"
  }

  service_account {
    email  = google_service_account.notebook.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }
}
