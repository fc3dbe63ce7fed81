# What runs on the builder.

resource "docker_image" "runner" {
  name = "registry.harbor.example/ci-runner:latest"
}

resource "docker_container" "runner" {
  name         = "runner"
  image        = docker_image.runner.image_id
  network_mode = "bridge"
  privileged   = true

  volumes {
    host_path      = "/var/run/docker.sock"
    container_path = "/var/run/docker.sock"
  }
}

resource "docker_container" "registry" {
  name  = "registry"
  image = "registry:2.8.3"

  ports {
    internal = 5000
    external = 5000
  }
}

resource "docker_container" "demo" {
  name         = "booking-demo"
  image        = "registry.harbor.example/booking:2.13.0"
  network_mode = "bridge"

  volumes {
    host_path      = "/"
    container_path = "/host"
  }
}
