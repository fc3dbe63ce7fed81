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
  auto_create_subnetworks = true
}

resource "google_compute_firewall" "admin" {
  name    = "reports-admin"
  network = google_compute_network.reports.name

  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["22", "8888"]
  }
}

resource "google_compute_instance" "notebook" {
  name         = "notebook"
  machine_type = "e2-standard-4"
  zone         = "europe-west4-a"

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  network_interface {
    network = google_compute_network.reports.name

    access_config {}
  }

  # No account of its own yet: Compute Engine's default one.
  service_account {
    scopes = ["cloud-platform"]
  }
}
