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
  uri = "qemu+tcp://stairs.harbor.example/system"
}

provider "docker" {
  host = "tcp://10.0.4.10:2375"
}

resource "libvirt_pool" "machines" {
  name = "machines"
  type = "dir"

  target {
    path = "/srv/machines"
  }
}

resource "libvirt_volume" "debian" {
  name   = "debian-12.qcow2"
  pool   = libvirt_pool.machines.name
  source = "http://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2"
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

resource "libvirt_network" "demo" {
  name      = "demo"
  mode      = "nat"
  addresses = ["192.168.122.0/24"]
}

resource "libvirt_network" "office" {
  name   = "office"
  mode   = "bridge"
  bridge = "br0"
}

resource "libvirt_domain" "builder" {
  name      = "builder"
  memory    = 8192
  vcpu      = 4
  cloudinit = libvirt_cloudinit_disk.builder.id

  disk {
    volume_id = libvirt_volume.builder.id
  }

  # On the office LAN, so that everybody can push to its registry.
  network_interface {
    network_id = libvirt_network.office.id
  }

  network_interface {
    network_id = libvirt_network.demo.id
  }

  graphics {
    type           = "vnc"
    listen_type    = "address"
    listen_address = "0.0.0.0"
  }
}
