//! An evaluation after edits says what one from the beginning says.

use super::*;
use crate::{Inputs, Memory, evaluate_again};

const ROOT: &str = r#"variable "region" {
  default = "eu-1"
}
variable "open" {
  type = bool
}
locals {
  tags = { Team = "a", Region = var.region }
  both = merge(local.tags, { Own = module.net.id })
}
module "net" {
  source = "./net"
  name   = "net-${var.region}"
  tags   = local.tags
}
module "more" {
  source = "./net"
  name   = "more"
  tags   = { Cidr = module.net.cidr }
}
resource "x" "a" {
  region = var.region
  cidr   = module.more.cidr
  either = var.open ? "0.0.0.0/0" : local.tags.Team
}
resource "x" "b" {
  for_each = toset(["k", "l"])
  name     = each.key
  of       = x.a.cidr
  wrong    = tonumber("n")
  port {
    number = 22
  }
}
output "out" {
  value = x.b["k"].name
}
output "tags" {
  value = [module.net.tags, module.more.tags]
}
resource "x" "c" {
  tags = local.late
  provisioner "local-exec" {
    command = "a"
  }
}
module "each" {
  for_each = local.late
  source   = "./net"
  name     = each.value
  tags     = { Key = each.key }
}
locals {
  late = { A = "one" }
}
"#;
const NET: &str = r#"variable "name" {
  type = string
  validation {
    condition     = length(var.name) < 9
    error_message = "too long"
  }
}
variable "tags" {}
resource "vpc" "main" {
  count = 2
  tags  = merge(var.tags, { Name = var.name })
}
resource "subnet" "one" {
  vpc  = vpc.main[0].id
  all  = vpc.main[*].tags
  text = <<-EOT
    a ${var.name}
  EOT
}
output "cidr" {
  value = cidrsubnet("10.0.0.0/8", 8, 3)
}
output "id" {
  value = vpc.main[0].id
}
output "tags" {
  value = var.tags
}
"#;

/// Texts of a file, and what replaces them.
const EDITS: &[(&str, &str, &str)] = &[
    ("main.tf", "eu-1", "europe-1"),
    ("net/main.tf", "8, 3)", "8, 4)"),
    ("net/main.tf", "8, 4)", "12, 44)"),
    ("main.tf", "Team = \"a\"", "Team = \"somebody\""),
    ("main.tf", "variable \"region\"", "# a word\nvariable \"region\""),
    ("main.tf", "number = 22", "number = var.region"),
    ("net/main.tf", "a ${var.name}", "a ${var.name} and ${vpc.main[1].tags.Name}"),
    ("net/main.tf", "length(var.name) < 9", "length(var.name) < 30"),
    ("main.tf", "tonumber(\"n\")", "tonumber(\"7\")"),
    ("main.tf", "tonumber(\"7\")", "tonumber(local.tags.Team)"),
    ("net/main.tf", "count = 2", "count = 3"),
    ("main.tf", "toset([\"k\", \"l\"])", "toset([\"k\", \"l\", \"m\"])"),
    ("main.tf", "{ Cidr = module.net.cidr }", "{ Other = module.net.id }"),
    ("net/main.tf", "  vpc  = vpc.main[0].id\n", ""),
    ("net/main.tf", "variable \"tags\" {}", "variable \"tags\" {}\nvariable \"extra\" { default = 1 }"),
    ("main.tf", "source = \"./net\"\n  name   = \"more\"", "source = \"./other\"\n  name   = \"more\""),
    ("main.tf", "var.open ?", "var.open && true ?"),
    ("terraform.tfvars", "open = true", "open = false"),
    ("terraform.tfvars", "open = false", "open = false\nregion = \"us-1\""),
    ("main.tf", "value = x.b[\"k\"].name", "value = x.b[\"l\"].of"),
    // What stands before an edit stays where it is, apart from what comes from behind it.
    ("main.tf", "A = \"one\"", "A = \"another\""),
    ("main.tf", "command = \"a\"", "command = \"a b\""),
    ("main.tf", "a b", "a"),
    ("main.tf", "late = {", "late =    {"),
    ("main.tf", "late =    {", "late = {"),
    ("main.tf", "number = var.region", "number = 1"),
    ("net/main.tf", "value = cidrsubnet", "# a word\n  value = cidrsubnet"),
    ("net/main.tf", "text = <<-EOT", "text      = <<-EOT"),
    ("net/main.tf", "all  = vpc.main[*].tags", "all  = var.tags"),
    ("net/main.tf", "all  = var.tags", "all  = vpc.main[*].id"),
    // What an output is by what a variable is given, and declared as.
    ("main.tf", "tags   = local.tags", "tags   = tomap({ A = true })"),
    ("net/main.tf", "variable \"tags\" {}", "variable \"tags\" { type = map(string) }"),
    ("net/main.tf", "map(string)", "map(any)"),
    ("main.tf", "of       = x.a.cidr", "of       = [x.a.cidr, var.open, local.late]"),
];

fn workspace(texts: &[(&'static str, String)]) -> Files {
    Files(texts.iter().map(|(path, text)| (*path, Arc::from(text.as_str()))).collect())
}

fn is_same(texts: &[(&'static str, String)], memory: &Memory, edit: &str) {
    let (again, anew) = (evaluate_again("", &Inputs::default(), &workspace(texts), memory), evaluate("", &workspace(texts)));
    for (one, other) in again.items.iter().zip(&anew.items) {
        assert_eq!(one, other, "after {edit}");
    }
    assert_eq!(again.items.len(), anew.items.len(), "after {edit}");
    assert_eq!(again.notes, anew.notes, "after {edit}");
    assert_eq!(again.called_dirs, anew.called_dirs, "after {edit}");
}

#[test]
fn an_evaluation_after_edits_is_that_of_the_new_texts() {
    for set in [None, Some("open = true\n")] {
        let mut texts = vec![("main.tf", ROOT.to_owned()), ("net/main.tf", NET.to_owned())];
        texts.extend(set.map(|text| ("terraform.tfvars", text.to_owned())));
        let memory = Memory::default();
        is_same(&texts, &memory, "nothing");
        for (path, old, new) in EDITS {
            let Some((_, text)) = texts.iter_mut().find(|(known, _)| known == path) else { continue };
            assert!(text.contains(old), "{old} is not in {path}");
            *text = text.replacen(old, new, 1);
            is_same(&texts, &memory, new);
        }
        // And back again, at once and one by one.
        is_same(&[("main.tf", ROOT.to_owned()), ("net/main.tf", NET.to_owned())], &memory, "all");
    }
}
