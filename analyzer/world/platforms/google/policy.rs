//! Network firewall policies: rules by priority, before or after the rules of the network.

use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Value};

use super::firewall::{self, Target};
use crate::filter::{Entry, Sources};
use crate::platforms::clouds::{self, belonging, named};
use crate::platforms::entries::{addresses, flag, number};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

/// A policy with its rules and associations.
struct Family {
    policy: &'static str,
    rule: &'static str,
    association: &'static str,
}

const FAMILIES: &[Family] = &[
    Family {
        policy: "google_compute_network_firewall_policy",
        rule: "google_compute_network_firewall_policy_rule",
        association: "google_compute_network_firewall_policy_association",
    },
    Family {
        policy: "google_compute_region_network_firewall_policy",
        rule: "google_compute_region_network_firewall_policy_rule",
        association: "google_compute_region_network_firewall_policy_association",
    },
];

/// The entries of the policies of a network, and whether they come before its rules.
pub(super) fn entries(resources: &Resources<'_>, network: &str, target: &Target) -> (Vec<Entry>, bool) {
    let Some(network) = resources.at(network).into_iter().next() else { return (Vec::new(), false) };
    let before = firewall::lower(&network.value, "network_firewall_policy_enforcement_order");
    let mut all = Vec::new();
    for family in FAMILIES {
        for association in resources.referring(family.association, "attachment_target", network) {
            let policies = named(resources, field(&association.value, "firewall_policy"), &[family.policy], "name");
            for policy in policies.items {
                let mut numbered: Vec<(i128, Entry)> = Vec::new();
                for rule in belonging(resources, family.rule, "firewall_policy", policy, "name") {
                    numbered.extend(entry(resources, rule, target));
                }
                numbered.sort_by_key(|(priority, _)| *priority);
                all.extend(numbered.into_iter().map(|(_, entry)| entry));
            }
            if let Some(missing) = policies.missing {
                let missing = Missing::new(format!("the rules of {}", missing.what));
                let step = Step::at(association.header, "a rule of the policy may refuse it");
                let anything = || clouds::allow((Ports::all(), None), Sources::everybody(), step.clone());
                all.push(Entry { allows: false, doubt: Some(missing), ..anything() });
            }
        }
    }
    (all, before.is_some_and(|order| order == "before_classic_firewall"))
}

fn entry(resources: &Resources<'_>, rule: &Item, target: &Target) -> Option<(i128, Entry)> {
    let value = &rule.value;
    if firewall::lower(value, "direction").is_some_and(|direction| direction != "ingress")
        || flag(value, "disabled", false) == Ok(true)
    {
        return None;
    }
    let action = firewall::lower(value, "action");
    // What goes to the next rule says nothing by itself.
    if action.as_deref() == Some("goto_next") {
        return None;
    }
    let mut doubt = match firewall::chosen(resources, None, field(value, "target_service_accounts"), target) {
        Ok(true) => None,
        Ok(false) => return None,
        Err(missing) => Some(missing),
    };
    if !values_at(value, &["target_secure_tags"]).is_empty() {
        doubt = Some(Missing::new(format!("the secure tags that {} is for", rule.name)));
    }
    if action.is_none() {
        doubt = doubt.or_else(|| field(value, "action").and_then(Missing::of));
    }
    let matched = blocks(value, "match").first();
    let mut sources = Sources::default();
    match matched.and_then(|matched| field(matched, "src_ip_ranges")) {
        Some(ranges) => addresses(Some(ranges), &mut sources),
        None => sources = Sources::everybody(),
    }
    // Whatever else it asks of the source narrows it down.
    let narrower = ["src_secure_tags", "src_fqdns", "src_region_codes", "src_threat_intelligences", "src_address_groups"];
    let narrow = |key: &&str| matched.is_some_and(|matched| !values_at(matched, &[key]).is_empty());
    if let Some(key) = narrower.iter().copied().find(narrow) {
        doubt = doubt.or_else(|| Some(Missing::new(format!("the {key} of {}", rule.name))));
    }
    let ports = matched.map(|matched| blocks(matched, "layer4_configs")).unwrap_or_default().iter();
    let meant = ports.fold((Ports::default(), None), |(all, maybe), block: &Value| {
        let (ports, more) = clouds::ports(field(block, "ip_protocol"), &[field(block, "ports")]);
        (all.union(&ports), more.or(maybe))
    });
    let allows = action.as_deref() == Some("allow") || action.as_deref() == Some("apply_security_profile_group");
    let verb = if allows { "allows" } else { "refuses" };
    let step = Step::at(rule.header, format!("{} {verb} it", rule.name));
    let order = field(value, "priority").and_then(number).unwrap_or(-1);
    Some((order, Entry { allows, doubt, ..clouds::allow(meant, sources, step) }))
}
