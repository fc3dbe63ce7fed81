# What runs on the builder.

resource "docker_network" "builds" {
  name = "builds"
}

resource "docker_network" "demo" {
  name     = "demo"
  internal = true
}

variable "runner_token" {
  description = "Registers the runner. Comes from the vault with the pipeline."
  type        = string
  sensitive   = true
}

resource "docker_image" "runner" {
  name = "registry.harbor.example/ci-runner:3.2.1"
}

# Sysbox gives the runner a Docker of its own in a user namespace: no socket, nothing privileged.
resource "docker_container" "runner" {
  name    = "runner"
  image   = docker_image.runner.image_id
  runtime = "sysbox-runc"

  env           = ["RUNNER_TOKEN=${var.runner_token}"]
  memory        = 4096
  security_opts = ["no-new-privileges:true"]

  networks_advanced {
    name = docker_network.builds.name
  }
}

resource "docker_container" "registry" {
  name          = "registry"
  image         = "registry:3.0.0"
  user          = "1000:1000"
  read_only     = true
  memory        = 512
  security_opts = ["no-new-privileges:true"]

  capabilities {
    drop = ["ALL"]
  }

  ports {
    internal = 5000
    external = 5000
    ip       = "127.0.0.1"
  }

  volumes {
    volume_name    = "registry"
    container_path = "/var/lib/registry"
  }

  networks_advanced {
    name = docker_network.builds.name
  }
}

resource "docker_container" "demo" {
  name          = "booking-demo"
  image         = "registry.harbor.example/booking:2.14.3"
  user          = "10001:10001"
  read_only     = true
  memory        = 512
  security_opts = ["no-new-privileges:true"]

  capabilities {
    drop = ["ALL"]
  }

  networks_advanced {
    name = docker_network.demo.name
  }
}
