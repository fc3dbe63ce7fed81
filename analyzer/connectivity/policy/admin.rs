//! `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy`.
//!
//! Source: the network policy API, <https://network-policy-api.sigs.k8s.io/reference/spec/>, v1alpha1.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Value};

use super::{Action, Policy, PortRef, Rule, RulePeer, RulePorts, Spaces, Tier, port_ref, protocol};
use crate::address::{Cidr, cidr};
use crate::intervals::Intervals;
use crate::note::Unread;
use crate::ports::Ports;
use crate::read::{elements, field, required_text};
use crate::selector::Selector;

/// The greatest priority that there is.
const LAST_PRIORITY: u32 = 1000;

/// Reads a policy; `skipped` takes what is left out of it.
pub(super) fn read(item: &Item, skipped: &mut Vec<Unread>) -> Result<Policy, Unread> {
    let spec = field(&item.value, "spec");
    let tier = if item.value.str_at(&["kind"]) == Some("BaselineAdminNetworkPolicy") {
        Tier::Baseline
    } else {
        let written = field(&spec, "priority");
        let priority = written.as_int().and_then(|int| u32::try_from(int).ok()).filter(|int| *int <= LAST_PRIORITY);
        Tier::Admin(priority.ok_or_else(|| Unread::new(written.place, "a priority that is not known"))?)
    };
    let (spaces, pods) = subject(&field(&spec, "subject"))?;
    let mut gress = |key: &str, peers: &str| -> Result<Option<Vec<Rule>>, Unread> {
        let rules: Result<Vec<_>, _> =
            elements(&field(&spec, key))?.iter().map(|value| rule(value, peers, tier, skipped)).collect();
        rules.map(|rules| (!rules.is_empty()).then_some(rules))
    };
    let (ingress, egress) = (gress("ingress", "from")?, gress("egress", "to")?);
    Ok(Policy { name: item.name.clone(), place: item.header, tier, spaces, pods, ingress, egress, networks: None })
}

fn subject(value: &Value) -> Result<(Spaces, Selector), Unread> {
    match selected(value)? {
        Some(RulePeer::Pods(spaces, pods)) => Ok((spaces, pods)),
        _ => Err(Unread::new(value.place, "a subject that is not known")),
    }
}

/// `namespaces` or `pods`.
fn selected(value: &Value) -> Result<Option<RulePeer>, Unread> {
    let written = |key: &str| value.get(key).cloned();
    if let Some(namespaces) = written("namespaces") {
        return Ok(Some(RulePeer::Pods(spaces(&namespaces)?, Selector::default())));
    }
    let Some(pods) = written("pods") else { return Ok(None) };
    // Older versions have `namespaces` where the selector is now.
    let old = field(&pods, "namespaces");
    let namespaces =
        if old.is_null() { Spaces::Selected(Selector::read(&field(&pods, "namespaceSelector"))?) } else { spaces(&old)? };
    Ok(Some(RulePeer::Pods(namespaces, Selector::read(&field(&pods, "podSelector"))?)))
}

/// A selector of namespaces; in older versions also `sameLabels`, `notSameLabels` and `namespaceSelector`.
fn spaces(value: &Value) -> Result<Spaces, Unread> {
    let keys = |list: &Value| -> Result<Vec<CompactString>, Unread> {
        let key = |key: &Value| {
            key.as_str().map(CompactString::from).ok_or_else(|| Unread::new(key.place, "a label's key that is not known"))
        };
        elements(list)?.iter().map(key).collect()
    };
    if let Some(list) = value.get("sameLabels") {
        return Ok(Spaces::Same(keys(list)?));
    }
    if let Some(list) = value.get("notSameLabels") {
        return Ok(Spaces::NotSame(keys(list)?));
    }
    Ok(Spaces::Selected(Selector::read(value.get("namespaceSelector").unwrap_or(value))?))
}

fn rule(value: &Value, peers: &str, tier: Tier, skipped: &mut Vec<Unread>) -> Result<Rule, Unread> {
    let action = match required_text(value, "action")?.as_str() {
        "Allow" => Action::Allow,
        "Deny" => Action::Deny,
        "Pass" if tier != Tier::Baseline => Action::Pass,
        _ => return Err(Unread::new(value.place, "an action that is not known")),
    };
    let mut found = Vec::new();
    for each in elements(&field(value, peers))? {
        if let Some(peer) = selected(each)? {
            found.push(peer);
        } else if let Some(networks) = each.get("networks") {
            found.push(RulePeer::Addresses(addresses(networks, skipped)?));
        } else {
            skipped.push(Unread::new(each.place, "a peer that is neither namespaces, pods nor networks"));
        }
    }
    let mut ports = RulePorts::default();
    let written = field(value, "ports");
    let written = elements(&written)?;
    for each in written {
        port(each, &mut ports)?;
    }
    if written.is_empty() {
        ports = RulePorts::all();
    }
    Ok(Rule { action, peers: Some(found), ports })
}

fn addresses(networks: &Value, skipped: &mut Vec<Unread>) -> Result<Intervals, Unread> {
    let mut parts = Vec::new();
    for each in elements(networks)? {
        match each.as_str().and_then(cidr) {
            Some(Cidr::V4(first, last)) => parts.push((first, last)),
            Some(Cidr::V6) => skipped.push(Unread::new(each.place, "an IPv6 network")),
            None => return Err(Unread::new(each.place, "a network that is not known")),
        }
    }
    Ok(Intervals::from_parts(parts))
}

fn port(value: &Value, ports: &mut RulePorts) -> Result<(), Unread> {
    let number = |value: &Value| match port_ref(value)? {
        PortRef::Number(number) => Ok(number),
        PortRef::Name(_) => Err(Unread::new(value.place, "a port that is no number")),
    };
    let add = if let Some(port) = value.get("portNumber") {
        let first = number(&field(port, "port"))?;
        Ports::range(protocol(&field(port, "protocol"))?, first, first)
    } else if let Some(range) = value.get("portRange") {
        Ports::range(protocol(&field(range, "protocol"))?, number(&field(range, "start"))?, number(&field(range, "end"))?)
    } else {
        ports.names.push((None, required_text(value, "namedPort")?));
        return Ok(());
    };
    ports.numbers = ports.numbers.union(&add);
    Ok(())
}
