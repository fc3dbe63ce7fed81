variable "region" {
  description = "Where everything runs."
  type        = string
}

variable "trusted_cidrs" {
  description = "Networks that administer our machines: the VPN."
  type        = list(string)
  default     = ["10.60.0.0/16"]

  validation {
    condition     = alltrue([for cidr in var.trusted_cidrs : tonumber(split("/", cidr)[1]) >= 16])
    error_message = "Nothing wider than a /16 is trusted."
  }
}

variable "certificate_arn" {
  description = "Certificate of booking.harbor.example."
  type        = string
}
