variable "region" {
  description = "Where everything runs."
  type        = string
}

variable "trusted_cidrs" {
  description = "Networks that reach our machines without the VPN: SSH, the Docker API, the database, the cluster."
  type        = list(string)
  default     = ["10.20.0.0/16"]
}

variable "database_password" {
  description = "Password of the booking database."
  type        = string
}

variable "legacy_clients" {
  description = "The harbour masters' tablets of 2015 know nothing newer than TLS 1.0."
  type        = bool
  default     = true
}

variable "certificate_arn" {
  description = "Certificate of booking.harbor.example."
  type        = string
}
