variable "name" {
  description = "Name of the host and of everything around it."
  type        = string
}

variable "instance_type" {
  description = "Size of the machine."
  type        = string
}

variable "vpc_id" {
  description = "The network it stands in."
  type        = string
}

variable "subnet_id" {
  description = "The subnet it stands in."
  type        = string
}

variable "admin_cidrs" {
  description = "Networks that administer the host."
  type        = list(string)
}

variable "profile" {
  description = "Instance profile of the host."
  type        = string
}

variable "admin_ports" {
  description = "Ports that are open to the administrators."
  type        = map(number)
  default     = { ssh = 22 }
}
