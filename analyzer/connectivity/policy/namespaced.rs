//! `NetworkPolicy`, and `MultiNetworkPolicy`, which says the same of other networks.

use plimsoll_syntax::{Item, Value};

use super::{Action, Policy, PortRef, Rule, RulePeer, RulePorts, Spaces, Tier, port_ref, protocol};
use crate::address::{Cidr, cidr};
use crate::intervals::Intervals;
use crate::note::Unread;
use crate::ports::Ports;
use crate::read::{elements, field, follow, namespace, text_at};
use crate::selector::Selector;

const POLICY_FOR: &str = "k8s.v1.cni.cncf.io/policy-for";

/// Reads a policy; `skipped` takes what is left out of it.
pub(super) fn read(item: &Item, skipped: &mut Vec<Unread>) -> Result<Policy, Unread> {
    let spec = field(&item.value, "spec");
    if spec.as_map().is_none() {
        return Err(Unread::new(spec.place, "a spec that is not known"));
    }
    let home = namespace(&item.value).ok_or_else(|| Unread::new(item.header, "a namespace that is not known"))?;
    let mut gress = |key: &str, peers: &str| -> Result<Vec<Rule>, Unread> {
        elements(&field(&spec, key))?.iter().map(|value| rule(value, peers, &home, skipped)).collect()
    };
    let (ingress, egress) = (gress("ingress", "from")?, gress("egress", "to")?);
    let mut types = Vec::new();
    for each in elements(&field(&spec, "policyTypes"))? {
        types.push(each.as_str().ok_or_else(|| Unread::new(each.place, "a policy type that is not known"))?.to_owned());
    }
    // What a policy is about, when it does not say so: ingress always, egress if it has a rule for it.
    let about = |name: &str, default: bool| if types.is_empty() { default } else { types.iter().any(|each| each == name) };
    let (about_ingress, about_egress) = (about("Ingress", true), about("Egress", !egress.is_empty()));
    let multi = item.value.str_at(&["kind"]) == Some("MultiNetworkPolicy");
    let networks = multi.then(|| text_at(&item.value, &["metadata", "annotations", POLICY_FOR]).unwrap_or_default());
    Ok(Policy {
        name: compact_str::format_compact!("{home}/{}", item.name),
        place: item.header,
        tier: Tier::Developer,
        pods: Selector::read(&field(&spec, "podSelector"))?,
        spaces: Spaces::Named(home),
        ingress: about_ingress.then_some(ingress),
        egress: about_egress.then_some(egress),
        networks,
    })
}

fn rule(value: &Value, peers: &str, home: &str, skipped: &mut Vec<Unread>) -> Result<Rule, Unread> {
    let list = field(value, peers);
    let list = elements(&list)?;
    let mut found = Vec::new();
    for each in list {
        found.extend(peer(each, home, skipped)?);
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
    // Nobody in the list is everybody.
    Ok(Rule { action: Action::Allow, peers: (!list.is_empty()).then_some(found), ports })
}

fn peer(value: &Value, home: &str, skipped: &mut Vec<Unread>) -> Result<Option<RulePeer>, Unread> {
    let block = field(value, "ipBlock");
    if !block.is_null() {
        return addresses(&block, skipped);
    }
    let (spaces, pods) = (field(value, "namespaceSelector"), field(value, "podSelector"));
    if spaces.is_null() && pods.is_null() && value.get("podSelector").is_none() && value.get("namespaceSelector").is_none() {
        skipped.push(Unread::new(value.place, "a peer without a selector"));
        return Ok(None);
    }
    let spaces = if spaces.is_null() { Spaces::Named(home.into()) } else { Spaces::Selected(Selector::read(&spaces)?) };
    Ok(Some(RulePeer::Pods(spaces, Selector::read(&pods)?)))
}

fn addresses(block: &Value, skipped: &mut Vec<Unread>) -> Result<Option<RulePeer>, Unread> {
    let read = |value: &Value| value.as_str().and_then(cidr).ok_or_else(|| Unread::new(value.place, "a CIDR that is not known"));
    let written = follow(block, &["cidr"]);
    let Cidr::V4(first, last) = read(&written)? else {
        skipped.push(Unread::new(written.place, "an IPv6 block"));
        return Ok(None);
    };
    let mut addresses = Intervals::of(first, last);
    for except in elements(&field(block, "except"))? {
        if let Cidr::V4(first, last) = read(except)? {
            addresses = addresses.minus(&Intervals::of(first, last));
        }
    }
    Ok(Some(RulePeer::Addresses(addresses)))
}

fn port(value: &Value, ports: &mut RulePorts) -> Result<(), Unread> {
    let protocol = protocol(&field(value, "protocol"))?;
    let (first, last) = (field(value, "port"), field(value, "endPort"));
    let add = if first.is_null() {
        Ports::whole(protocol)
    } else {
        match (port_ref(&first)?, last.is_null()) {
            (PortRef::Number(number), true) => Ports::range(protocol, number, number),
            (PortRef::Number(number), false) => match port_ref(&last)? {
                PortRef::Number(end) => Ports::range(protocol, number, end),
                PortRef::Name(_) => return Err(Unread::new(last.place, "an end of a range that is no number")),
            },
            (PortRef::Name(name), _) => {
                ports.names.push((Some(protocol), name));
                return Ok(());
            }
        }
    };
    ports.numbers = ports.numbers.union(&add);
    Ok(())
}
