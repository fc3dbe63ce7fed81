//! The firewall of Proxmox VE before a machine, as the provider bpg/proxmox sets it.

use std::sync::Arc;

use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Value};

use crate::address::Range;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::platforms::entries::{Protocols, flag, number, protocols, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Macros and the ports that they speak of (administration guide, "Appendix D: Firewall Macro Definitions"); all of them over TCP but
/// DNS, which is over both.
const MACROS: &[(&str, &[u16])] = &[
    ("DNS", &[53]),
    ("FTP", &[21]),
    ("HTTP", &[80]),
    ("HTTPS", &[443]),
    ("LDAP", &[389]),
    ("MySQL", &[3306]),
    ("Ping", &[]),
    ("PostgreSQL", &[5432]),
    ("RDP", &[3389]),
    ("SMB", &[445]),
    ("SMTP", &[25]),
    ("SSH", &[22]),
    ("Telnet", &[23]),
    ("Web", &[80, 443]),
];

/// What stands before a machine's device; nothing where the firewall does not.
pub(super) fn gate(resources: &Resources<'_>, machine: &Item, device: &Value, key: &'static str) -> Option<Gate> {
    let options = settings(resources, "proxmox_virtual_environment_firewall_options", machine, key).into_iter().next()?;
    let mut doubts = Vec::new();
    for (value, name) in [(device, "firewall"), (&options.value, "enabled")] {
        match flag(value, name, false) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(missing) => doubts.push(missing),
        }
    }
    let cluster = ["proxmox_virtual_environment_cluster_firewall", "proxmox_cluster_firewall"];
    match cluster.iter().find_map(|view| resources.of_type(view).next()).map(|item| flag(&item.value, "enabled", false)) {
        Some(Ok(false)) => return None,
        Some(Ok(true)) => {}
        Some(Err(missing)) => doubts.push(missing),
        None => doubts.push(Missing::new("whether the firewall of the cluster is on")),
    }
    let doubt = doubts.into_iter().next();
    let mut entries = Vec::new();
    for rules in settings(resources, "proxmox_virtual_environment_firewall_rules", machine, key) {
        for rule in blocks(&rules.value, "rule") {
            entry(resources, rule, &rules.name, &mut entries, 1);
        }
    }
    if doubt.is_some() {
        entries
            .iter_mut()
            .filter(|entry| !entry.allows)
            .for_each(|entry| entry.doubt = entry.doubt.take().or_else(|| doubt.clone()));
    }
    let policy = field(&options.value, "input_policy");
    let otherwise = match policy.and_then(Value::as_str) {
        Some("ACCEPT") => {
            let place = policy.map_or(options.header, |policy| policy.place);
            Otherwise::LetIn(Step::at(place, format!("{} accepts what no rule speaks of", options.name)))
        }
        _ => Otherwise::Refused,
    };
    let unknown = policy.filter(|policy| policy.as_str().is_none()).and_then(Missing::of);
    let more = doubt.or(unknown);
    let name = format!("the firewall of {}", machine.name);
    Some(Gate::Filter(Arc::new(Filter { name, place: options.header, entries, otherwise, more })))
}

/// The settings of a type that name a machine, by reference or by number.
fn settings<'a>(resources: &Resources<'a>, view: &'static str, machine: &Item, key: &'static str) -> Vec<&'a Item> {
    let mut all = resources.referring(view, key, machine);
    let own = ["vm_id", "id"].iter().find_map(|key| field(&machine.value, key).and_then(number));
    for item in resources.of_type(view) {
        let named = field(&item.value, key).and_then(number);
        if own.is_some() && named == own && !all.iter().any(|known| std::ptr::eq(*known, item)) {
            all.push(item);
        }
    }
    all
}

fn entry(resources: &Resources<'_>, rule: &Value, name: &str, out: &mut Vec<Entry>, depth: usize) {
    let doubt = match flag(rule, "enabled", true) {
        Ok(false) => return,
        Ok(true) => None,
        Err(missing) => Some(missing),
    };
    let kind = says(rule, "type").unwrap_or("in");
    if let Some(group) = field(rule, "security_group").filter(|group| group.as_str() != Some("")) {
        let view = "proxmox_virtual_environment_cluster_firewall_security_group";
        let referred = resources.referred(group).items.into_iter().find(|item| Resources::is_of(item, view));
        let found = referred.or_else(|| {
            let name = group.as_str()?;
            resources.of_type(view).find(|item| says(&item.value, "name") == Some(name))
        });
        match found {
            Some(found) if depth > 0 => {
                blocks(&found.value, "rule").iter().for_each(|rule| entry(resources, rule, &found.name, out, depth - 1))
            }
            _ => {
                let missing = Missing::new(format!("the security group {}", group.as_str().unwrap_or("of a rule")));
                let step = Step::at(rule.place, format!("{name} uses a security group"));
                out.push(Entry {
                    allows: true,
                    ports: Ports::all(),
                    maybe_ports: None,
                    sources: Sources::everybody(),
                    step,
                    doubt: Some(missing),
                    passes_to: None,
                });
            }
        }
        return;
    }
    if !kind.eq_ignore_ascii_case("in") {
        return;
    }
    let action = field(rule, "action");
    let doubt = doubt.or_else(|| action.and_then(Missing::of));
    let allows = action.and_then(Value::as_str).is_none_or(|action| action.eq_ignore_ascii_case("ACCEPT"));
    let (ports, maybe_ports) = ports(rule);
    let verb = if allows { "accepts it" } else { "refuses it" };
    let step = Step::at(rule.place, format!("a rule of {name} {verb}"));
    out.push(Entry { allows, ports, maybe_ports, sources: sources(rule), step, doubt, passes_to: None });
}

fn ports(rule: &Value) -> (Ports, Option<(Ports, Missing)>) {
    if let Some(name) = field(rule, "macro").filter(|name| name.as_str() != Some("")) {
        let known = name.as_str().and_then(|name| MACROS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)));
        return match known {
            Some((_, ports)) => (ports.iter().fold(Ports::default(), |all, port| all.union(&Ports::every(*port, *port))), None),
            None => {
                let what = name.as_str().map_or_else(|| "a macro".to_owned(), |name| format!("the macro {name}"));
                (Ports::default(), Some((Ports::all(), Missing::of(name).unwrap_or_else(|| Missing::new(what)))))
            }
        };
    }
    let written = protocols(field(rule, "proto").filter(|value| value.as_str() != Some("")));
    let only = |ports: &Ports| match &written {
        Protocols::One(protocol) => ports.intersection(&Ports::range(*protocol, 1, u16::MAX)),
        Protocols::WithoutPorts => Ports::default(),
        Protocols::All | Protocols::Unknown(_) => ports.clone(),
    };
    let (known, mut doubt) = match field(rule, "dport").filter(|value| value.as_str() != Some("")) {
        None => (Ports::all(), None),
        Some(value) => match value.as_str().map(ToOwned::to_owned).or_else(|| number(value).map(|port| port.to_string())) {
            Some(text) => listed(&text),
            None => (Ports::default(), Missing::of(value)),
        },
    };
    if let Protocols::Unknown(missing) = &written {
        return (Ports::default(), Some((known, missing.clone())));
    }
    (only(&known), doubt.take().map(|missing| (only(&Ports::all()), missing)))
}

/// `22`, `80,443`, `8000:8100`; names of services are not known.
fn listed(text: &str) -> (Ports, Option<Missing>) {
    let (mut all, mut doubt) = (Ports::default(), None);
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once([':', '-']).unwrap_or((part, part));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => all = all.union(&Ports::every(first, last)),
            _ => doubt = Some(Missing::new(format!("the port {part}"))),
        }
    }
    (all, doubt)
}

fn sources(rule: &Value) -> Sources {
    let Some(source) = field(rule, "source").filter(|source| source.as_str() != Some("")) else { return Sources::everybody() };
    let mut sources = Sources::default();
    match source.as_str() {
        None => sources.unknown = Missing::of(source).or_else(|| Some(Missing::new("the source"))),
        Some(text) => {
            for part in text.split(',').map(str::trim) {
                match Range::parse(part) {
                    Some(range) => sources.ranges.push(range),
                    // A set of addresses, or an alias.
                    None => sources.unknown = Some(Missing::new(format!("the addresses of {part}"))),
                }
            }
        }
    }
    sources
}
