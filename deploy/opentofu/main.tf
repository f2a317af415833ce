# Renders cloud-init user data that attaches a VM to the mesh at its first boot. Pass the output to the VM resource of your provider.

terraform {
  required_version = ">= 1.6"
}

variable "dashboard_url" {
  description = "The dashboard: scheme, host and port, for example https://smm.example.com."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.dashboard_url))
    error_message = "The URL has the form https://HOST[:PORT]."
  }
}

variable "workload_group" {
  description = "The WorkloadGroup, as NAMESPACE/NAME."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+/[a-z0-9.-]+$", var.workload_group))
    error_message = "The WorkloadGroup has the form NAMESPACE/NAME."
  }
}

variable "token" {
  description = "The bearer token of the WorkloadGroup's service account. It is in the state and in the user data of the VM."
  type        = string
  sensitive   = true
}

variable "ca_certificate" {
  description = "The certificate authority of the dashboard in PEM."
  type        = string
}

locals {
  user_data = {
    write_files = [
      {
        path        = "/run/smm-agent-join/ca.pem"
        permissions = "0644"
        content     = var.ca_certificate
      },
      {
        path        = "/run/smm-agent-join/token"
        permissions = "0600"
        content     = var.token
      },
    ]
    runcmd = [
      join("\n", [
        "set -eu",
        "cd /run/smm-agent-join",
        "curl -fsSL --retry 10 --retry-connrefused --cacert ca.pem ${var.dashboard_url}/get/smm-agent >install.sh",
        "sh install.sh --ca-file ca.pem --workload-group ${var.workload_group} --token-file token --reconcile",
        "rm -rf /run/smm-agent-join",
      ]),
    ]
  }
}

output "user_data" {
  description = "The user data for the VM."
  value       = "#cloud-config\n${yamlencode(local.user_data)}"
  sensitive   = true
}
