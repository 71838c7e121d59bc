# The shop's storage and what serves it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "Where the shop runs."
  type        = string
  default     = "eu-north-1"

  validation {
    condition     = startswith(var.region, "eu-")
    error_message = "The shop runs in Europe."
  }
}

locals {
  # Tags of everything.
  tags = {
    shop = "books"
    team = var.team
  }
  bucket_name = "books-${var.region}"
}

# Keeps the logs of a month.
resource "aws_s3_bucket" "logs" {
  bucket = local.bucket_name
  tags   = merge(local.tags, { purpose = "logs" })

  lifecycle_rule {
    enabled = true
    expiration {
      days = 30
    }
  }
}

/*
 * Rules of the load balancer.
 */
resource "aws_lb_listener_rule" "by-path" {
  for_each     = { for rule in var.rules : rule.path => rule if rule.enabled }
  priority     = each.value.priority * 10
  listener_arn = aws_lb.main[0].arn

  dynamic "condition" {
    for_each = each.value.hosts
    content {
      host_header { values = [condition.value] }
    }
  }
}

// The newest image.
data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"]
}

module "network" {
  source = "./network"
  count  = var.private ? 1 : 0
}

output "bucket_arn" {
  description = "The bucket of the logs."
  value       = aws_s3_bucket.logs.arn
}

resource "aws_iam_policy" "reader" {
  policy = <<-EOT
    {"Action": "s3:GetObject", "Resource": "${aws_s3_bucket.logs.arn}/*"}
  EOT
}

check "health" {
  assert {
    condition     = data.http.shop.status_code == 200
    error_message = "The shop does not answer."
  }
}

moved {
  from = aws_s3_bucket.old
  to   = aws_s3_bucket.logs
}
