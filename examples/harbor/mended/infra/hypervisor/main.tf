# The machine under the stairs: builds, and a copy of the booking site for demonstrations.

terraform {
  required_version = ">= 1.9"

  required_providers {
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "~> 0.8.0"
    }
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.6"
    }
  }
}

provider "libvirt" {
  uri = "qemu+ssh://terraform@stairs.harbor.example/system"
}

provider "docker" {
  host = "ssh://terraform@builder.harbor.example:22"
}

resource "libvirt_pool" "machines" {
  name = "machines"
  type = "dir"

  target {
    path = "/srv/machines"
  }
}

resource "libvirt_volume" "debian" {
  name   = "debian-13.qcow2"
  pool   = libvirt_pool.machines.name
  source = "https://cloud.debian.org/images/cloud/trixie/20251117-2299/debian-13-generic-amd64-20251117-2299.qcow2"
}

resource "libvirt_volume" "builder" {
  name           = "builder.qcow2"
  pool           = libvirt_pool.machines.name
  base_volume_id = libvirt_volume.debian.id
  size           = 64424509440
}

resource "libvirt_cloudinit_disk" "builder" {
  name      = "builder.iso"
  pool      = libvirt_pool.machines.name
  user_data = file("${path.module}/../../ops/cloud-init/builder.yaml")
}

# The builder reaches out, and only the hypervisor reaches in: SSH goes by way of it.
resource "libvirt_network" "builds" {
  name      = "builds"
  mode      = "nat"
  addresses = ["192.168.122.0/24"]

  dns {
    enabled = true
  }
}

resource "libvirt_domain" "builder" {
  name      = "builder"
  memory    = 8192
  vcpu      = 4
  cloudinit = libvirt_cloudinit_disk.builder.id

  disk {
    volume_id = libvirt_volume.builder.id
  }

  network_interface {
    network_id = libvirt_network.builds.id
  }

  graphics {
    type           = "vnc"
    listen_type    = "address"
    listen_address = "127.0.0.1"
  }
}
