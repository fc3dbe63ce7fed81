//! Which version a root module gets, and what follows from it.

use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_rules::{RuleSet, load};

use super::*;
use crate::pages::Nothing;
use crate::{Engine, Settings, Source};

/// What `inspect` says of the root module that lies in no folder.
fn versions(engine: &Engine) -> Vec<String> {
    let roots = engine.inspect(None);
    let root = roots.iter().find(|root| root.root.is_empty()).expect("a root module");
    let shown = |version: &crate::InspectedVersion| {
        let place = version.place.as_ref().map(|spot| format!(" {}:{}", spot.path, spot.line)).unwrap_or_default();
        format!("{} {} {}{place}", version.name, version.version, version.from)
    };
    root.versions.iter().map(shown).collect()
}

fn engine(header: &str, files: &[(&str, &str)]) -> Engine {
    let page = format!("# Title\n\n```rule\nseverity = high\nprofile = recommended\n{header}message = \"${{self}}\"\n```\n");
    let rule = load(Utf8Path::new("r.md"), &page).unwrap_or_else(|errors| panic!("{}", errors[0])).1;
    let mut engine = Engine::new(Arc::new(Nothing), &RuleSet::of_rule(rule), &Settings::default()).unwrap();
    engine.add(files.iter().map(|(path, text)| source(path, text)).collect());
    engine
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, Ok(text.as_bytes().to_vec()))
}

fn findings(engine: &mut Engine) -> usize {
    engine.check(&|_, _| {}).findings.len()
}

const LOCK: &str = "provider \"registry.terraform.io/hashicorp/azurerm\" {\n  version = \"3.97.1\"\n}\n";
const ACCOUNT: &str = "resource \"azurerm_storage_account\" \"a\" {\n  name = \"a\"\n}\n";
const CALL: &str = "module \"m\" {\n  source = \"./m\"\n}\nresource \"azurerm_storage_account\" \"a\" {\n  name = \"a\"\n}\n";

fn required(constraint: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    azurerm = {{ source = \"hashicorp/azurerm\", version = \"{constraint}\" }}\n  }}\n}}\n"
    )
}

#[test]
fn what_absence_means_follows_the_version() {
    // Replication to other tenants was on unless said otherwise, until version 4.
    let header = "on = azurerm_storage_account\nforbid = cross_tenant_replication_enabled == true\n";
    let (old, new, between) = (required("~> 3.0"), required("~> 4.0"), required("~> 3.50.0"));
    let (short, wide, before, conflicting) = (required("~> 3"), required(">= 3.0"), required("< 4.0.0"), required("< 3, > 4"));
    type Row<'a> = (&'a [(&'a str, &'a str)], usize, &'a str);
    let rows: [Row<'_>; 14] = [
        (&[("main.tf", ACCOUNT), (".terraform.lock.hcl", LOCK)], 1, "azurerm 3.97.1 lock .terraform.lock.hcl:2"),
        (&[("main.tf", ACCOUNT), ("v.tf", &new)], 0, "azurerm 4.55.0 constraint v.tf:3"),
        (&[("main.tf", ACCOUNT)], 0, "azurerm 4.55.0 newest"),
        (&[("main.tf", CALL), ("m/v.tf", &old)], 1, "azurerm 3.117.1 constraint m/v.tf:3"),
        // A module that nobody calls has no say, and what is locked goes before what is asked for.
        (&[("main.tf", ACCOUNT), ("m/v.tf", &old)], 0, "azurerm 4.55.0 newest"),
        (&[("main.tf", ACCOUNT), (".terraform.lock.hcl", LOCK), ("v.tf", &new)], 1, "azurerm 3.97.1 lock .terraform.lock.hcl:2"),
        // All constraints together, and the one that says most.
        (&[("main.tf", CALL), ("v.tf", &wide), ("m/v.tf", &old)], 1, "azurerm 3.117.1 constraint m/v.tf:3"),
        (&[("main.tf", ACCOUNT), ("v.tf", &short)], 1, "azurerm 3.117.1 constraint v.tf:3"),
        (&[("main.tf", ACCOUNT), ("v.tf", &between)], 1, "azurerm 3.50.0 constraint v.tf:3"),
        (&[("main.tf", ACCOUNT), ("v.tf", &before)], 1, "azurerm 3.117.1 constraint v.tf:3"),
        (&[("main.tf", ACCOUNT), ("v.tf", &wide)], 0, "azurerm 4.55.0 constraint v.tf:3"),
        (&[("main.tf", ACCOUNT), ("v.tf", &conflicting)], 0, "azurerm 4.55.0 newest"),
        // What nobody can read, and an override file that says something else.
        (&[("main.tf", ACCOUNT), ("v.tf", &required("latest"))], 0, "azurerm 4.55.0 newest"),
        (&[("main.tf", ACCOUNT), ("v.tf", &old), ("v_override.tf", &new)], 0, "azurerm 4.55.0 constraint v_override.tf:3"),
    ];
    for (files, expected, version) in rows {
        let mut engine = engine(header, files);
        assert_eq!((findings(&mut engine), versions(&engine)), (expected, vec![version.to_owned()]), "{files:?}");
    }
    // What is written goes before all of that, and so does the rule's own default.
    let written = ACCOUNT.replace("name = \"a\"", "cross_tenant_replication_enabled = false");
    assert_eq!(findings(&mut engine(header, &[("main.tf", &written), (".terraform.lock.hcl", LOCK)])), 0);
    let own = format!("{header}default = {{ cross_tenant_replication_enabled = false }}\n");
    assert_eq!(findings(&mut engine(&own, &[("main.tf", ACCOUNT), (".terraform.lock.hcl", LOCK)])), 0);
}

#[test]
fn an_edit_of_the_lock_or_of_a_constraint_counts() {
    let header = "on = azurerm_storage_account\nforbid = cross_tenant_replication_enabled == true\n";
    let mut engine = engine(header, &[("main.tf", CALL), ("m/v.tf", &required("~> 4.0")), (".terraform.lock.hcl", "")]);
    assert_eq!(findings(&mut engine), 0);
    engine.set(source("m/v.tf", &required("~> 3.0")));
    assert_eq!(findings(&mut engine), 1);
    engine.set(source(".terraform.lock.hcl", &LOCK.replace("3.97.1", "4.1.0")));
    assert_eq!(findings(&mut engine), 0);
    engine.set(source(".terraform.lock.hcl", LOCK));
    assert_eq!(findings(&mut engine), 1);
}

#[test]
fn a_rule_is_for_versions() {
    let rows = [
        ("azurerm = \">= 4\"", "", 1),
        ("azurerm = \">= 4\"", "~> 3.0", 0),
        ("azurerm = \"< 4\"", "~> 3.0", 1),
        ("azurerm = \"< 4\"", "", 0),
        // Of a provider that is not known, a constraint says something only where it says how new it is at most.
        ("other = \">= 5\"", "", 1),
        ("other = \">= 5\"", "~> 4.0", 0),
        ("other = \">= 5\"", ">= 4.0", 1),
        ("terraform = \">= 1.10\"", "", 1),
        ("terraform = \">= 1.10\"", "< 1.10.0", 0),
        ("opentofu = \">= 1.10\"", "~> 1.9.0", 0),
        // These two are not Terraform's providers of the same name.
        ("kubernetes = \">= 1.27\"", "~> 1.1", 1),
        ("docker = \">= 20\"", "~> 3.0", 1),
    ];
    for (of_rule, of_module, expected) in rows {
        let header = format!("on = azurerm_storage_account\nforbid = name == \"a\"\nversions = {{ {of_rule} }}\n");
        let tool = of_rule.split(' ').next().unwrap();
        let settings = match (of_module, tool) {
            ("", _) => String::new(),
            (_, "terraform" | "opentofu") => format!("terraform {{\n  required_version = \"{of_module}\"\n}}\n"),
            _ => required(of_module).replace("azurerm", tool),
        };
        let mut engine = engine(&header, &[("main.tf", ACCOUNT), ("v.tf", &settings)]);
        assert_eq!(findings(&mut engine), expected, "{of_rule}, {of_module}");
    }
}

#[test]
fn resources_of_a_preview_provider_have_the_names_of_the_other() {
    let header = "on = google_folder\nrequire = deletion_protection == true\n";
    let folder = "resource \"google_folder\" \"f\" {\n  provider = google-beta\n}\n";
    let settings = required("~> 5.0").replace("azurerm", "google-beta");
    assert_eq!(findings(&mut engine(header, &[("main.tf", folder), ("v.tf", &settings)])), 1);
    assert_eq!(findings(&mut engine(header, &[("main.tf", folder)])), 0);
}

#[test]
fn versions_that_constraints_name() {
    let rows = [
        (">= 5.30", Some("5.30")),
        ("< 5.31", Some("5.30.0")),
        ("< 5.31.4", Some("5.31.3")),
        ("< 5", None),
        ("< 0.0.0", None),
        ("< 5.x", None),
        ("~> 5.0", Some("5.0")),
        ("latest", None),
    ];
    for (part, expected) in rows {
        assert_eq!(latest_named(part).as_deref(), expected, "{part}");
    }
}
