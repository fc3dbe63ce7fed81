//! Firewall rules of networks: by priority, for the instances that they choose.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::network::{self, Key};
use super::policy;
use crate::address::Range;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::platforms::clouds;
use crate::platforms::entries::{Meant, addresses, flag, number, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// The directions of rules.
const INGRESS: &str = "INGRESS";
const EGRESS: &str = "EGRESS";

/// The priority of a rule that writes none.
const PRIORITY: i128 = 1000;

/// The rules that the default network comes with ("VPC firewall rules", pre-populated rules): name, protocol and port, source.
const PREPOPULATED: &[(&str, Option<u16>, &str)] = &[
    ("default-allow-internal", None, "10.128.0.0/9"),
    ("default-allow-ssh", Some(22), "0.0.0.0/0"),
    ("default-allow-rdp", Some(3389), "0.0.0.0/0"),
];

/// What instances are chosen by.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    pub(super) tags: Vec<CompactString>,
    /// Service accounts, by the addresses of their resources, else by their mail addresses.
    pub(super) accounts: Vec<CompactString>,
    /// There may be more.
    pub(super) unknown: Option<Missing>,
}

/// All rules, by their network.
pub(super) struct Rules<'a> {
    by_network: FxHashMap<CompactString, Vec<&'a Item>>,
    /// Rules of a network that is not known.
    stray: Vec<(&'a Item, Missing)>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(resources: &Resources<'a>) -> Self {
        let mut rules = Self { by_network: FxHashMap::default(), stray: Vec::new() };
        for item in resources.of_type("google_compute_firewall") {
            let key = network::key(resources, field(&item.value, "network"));
            if let Key::Elsewhere(missing) = &key
                && field(&item.value, "network").and_then(Missing::of).is_some()
            {
                rules.stray.push((item, missing.clone()));
            }
            rules.by_network.entry(key.name()).or_default().push(item);
        }
        rules
    }

    /// What a network lets out of a target; nothing where no rule is about that, and everything gets out.
    pub(super) fn outbound(&self, resources: &Resources<'_>, key: &Key, target: &Target) -> Option<Arc<Filter>> {
        let mut numbered: Vec<((i128, bool), Entry)> = Vec::new();
        for rule in self.by_network.get(&key.name()).into_iter().flatten() {
            entries(resources, rule, (key, EGRESS), target, None, &mut numbered);
        }
        numbered.sort_by_key(|(order, _)| *order);
        let entries: Vec<Entry> = numbered.into_iter().map(|(_, entry)| entry).collect();
        let place = entries.first()?.step.place;
        let name = format!("the firewall of {}", key.name());
        let otherwise = Otherwise::LetIn(Step::at(Place::NONE, "the implied rule lets everything out"));
        Some(Arc::new(Filter { name, place, entries, otherwise, more: None }))
    }

    /// What a network lets in to a target.
    pub(super) fn filter(&self, resources: &Resources<'_>, key: &Key, target: &Target) -> Gate {
        let mut numbered: Vec<((i128, bool), Entry)> = Vec::new();
        for rule in self.by_network.get(&key.name()).into_iter().flatten() {
            entries(resources, rule, (key, INGRESS), target, None, &mut numbered);
        }
        for (rule, missing) in self.stray.iter().filter(|(_, missing)| missing.what != key.name()) {
            entries(resources, rule, (key, INGRESS), target, Some(missing), &mut numbered);
        }
        if *key == Key::Default {
            numbered.extend(PREPOPULATED.iter().map(prepopulated));
        }
        numbered.sort_by_key(|(order, _)| *order);
        let own = numbered.into_iter().map(|(_, entry)| entry).collect();
        let (mut entries, before) = match key {
            Key::Known(name) => policy::entries(resources, name, target),
            _ => (Vec::new(), false),
        };
        let mut all: Vec<Entry> = own;
        if before {
            entries.append(&mut all);
            all = entries;
        } else {
            all.append(&mut entries);
        }
        let mut more = None;
        let mut place = Place::NONE;
        match key {
            Key::Known(name) => place = resources.at(name).first().map(|network| network.header).unwrap_or_default(),
            Key::Default => {}
            Key::Elsewhere(missing) => {
                // Rules that are not here may let in, and may refuse first.
                let others = Missing::new(format!("the other firewall rules of {}", missing.what));
                let step = Step::at(Place::NONE, "another rule may refuse it");
                let doubt = Some(others.clone());
                all.insert(0, Entry { allows: false, doubt, ..clouds::allow((Ports::all(), None), Sources::everybody(), step) });
                more = Some(others);
            }
        }
        let name = format!("the firewall of {}", key.name());
        Gate::Filter(Arc::new(Filter { name, place, entries: all, otherwise: Otherwise::Refused, more }))
    }
}

fn prepopulated((name, port, source): &(&str, Option<u16>, &str)) -> ((i128, bool), Entry) {
    let ports = port.map_or_else(Ports::all, |port| Ports::range(Protocol::Tcp, port, port));
    let sources = Sources { ranges: Range::parse(source).into_iter().collect(), ..Sources::default() };
    let step = Step::at(Place::NONE, format!("{name}, which the default network comes with, allows it"));
    ((65_534, true), clouds::allow((ports, None), sources, step))
}

/// Adds what a rule says, if it is about traffic of this direction to or from the target.
fn entries(
    resources: &Resources<'_>,
    rule: &Item,
    (key, direction): (&Key, &str),
    target: &Target,
    stray: Option<&Missing>,
    out: &mut Vec<((i128, bool), Entry)>,
) {
    let value = &rule.value;
    let mut doubt = stray.cloned();
    match field(value, "direction").map(|value| (value.as_str(), value)) {
        None if direction == INGRESS => {}
        None => return,
        Some((Some(text), _)) if text.eq_ignore_ascii_case(direction) => {}
        Some((Some(_), _)) => return,
        Some((None, value)) => doubt = doubt.or_else(|| Missing::of(value)),
    }
    match flag(value, "disabled", false) {
        Ok(true) => return,
        Ok(false) => {}
        Err(missing) => doubt = doubt.or(Some(missing)),
    }
    let tags = field(value, "target_tags");
    let accounts = field(value, "target_service_accounts");
    match chosen(resources, tags, accounts, target) {
        Ok(true) => {}
        Ok(false) => return,
        Err(missing) => doubt = doubt.or(Some(missing)),
    }
    if let Some(ranges) = written(value, "destination_ranges").filter(|_| direction == INGRESS) {
        doubt =
            doubt.or_else(|| Missing::of(ranges)).or_else(|| Some(Missing::new("whether its address is among the destinations")));
    }
    let sources = if direction == INGRESS { sources(resources, value, key) } else { destinations(value) };
    let priority = field(value, "priority");
    let order = priority.map_or(Some(PRIORITY), number);
    if order.is_none() {
        doubt = doubt.or_else(|| priority.and_then(Missing::of));
    }
    for (verb, allows) in [("deny", false), ("allow", true)] {
        let mut entry = |meant: Meant, doubt: Option<Missing>| {
            let told = if allows { "allows" } else { "refuses" };
            let step = Step::at(rule.header, format!("{} {told} it", rule.name));
            out.push(((order.unwrap_or(-1), allows), Entry { allows, doubt, ..clouds::allow(meant, sources.clone(), step) }));
        };
        for block in blocks(value, verb) {
            let doubt = doubt.clone().or_else(|| clouds::doubt(value, verb, block));
            entry(clouds::ports(field(block, "protocol"), &[field(block, "ports")]), doubt);
        }
        // Blocks that are made from something that is not known.
        let tail = field(value, verb).filter(|value| value.as_map().is_none());
        if let Some(missing) = tail.filter(|value| value.as_list().is_none_or(|list| list.tail.is_some())).and_then(Missing::of) {
            entry((Ports::all(), None), doubt.clone().or(Some(missing)));
        }
    }
}

/// A list that is not empty.
fn written<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    field(value, key).filter(|value| value.as_list().is_none_or(|list| !list.items.is_empty() || list.tail.is_some()))
}

/// Whom a rule for egress is about.
fn destinations(value: &Value) -> Sources {
    let Some(ranges) = written(value, "destination_ranges") else { return Sources::everybody() };
    let mut sources = Sources::default();
    addresses(Some(ranges), &mut sources);
    sources
}

fn sources(resources: &Resources<'_>, value: &Value, key: &Key) -> Sources {
    let mut sources = Sources::default();
    let keys = ["source_ranges", "source_tags", "source_service_accounts"];
    if keys.iter().all(|key| written(value, key).is_none()) {
        return Sources::everybody();
    }
    addresses(written(value, "source_ranges"), &mut sources);
    let (tags, unknown) = texts(written(value, "source_tags"));
    sources.groups.extend(tags.iter().map(|tag| tag_of(key, tag)));
    sources.unknown = sources.unknown.take().or(unknown);
    let (accounts, unknown) = accounts(resources, written(value, "source_service_accounts"));
    sources.groups.extend(accounts.iter().map(|account| account_of(account)));
    sources.unknown = sources.unknown.take().or(unknown);
    sources
}

/// What a tag of a network is known by: tags of different networks have nothing in common.
pub(super) fn tag_of(key: &Key, tag: &str) -> CompactString {
    format!("tag {tag} of {}", key.name()).into()
}

/// What a service account is known by.
pub(super) fn account_of(account: &str) -> CompactString {
    format!("service account {account}").into()
}

/// Whether a rule chooses the target: any of the tags or accounts, or everything where none is written.
pub(super) fn chosen(
    resources: &Resources<'_>,
    tags: Option<&Value>,
    written_accounts: Option<&Value>,
    target: &Target,
) -> Result<bool, Missing> {
    let (tags, more_tags) = texts(tags);
    let (accounts, more_accounts) = accounts(resources, written_accounts);
    let unknown = more_tags.or(more_accounts);
    if tags.is_empty() && accounts.is_empty() && unknown.is_none() {
        return Ok(true);
    }
    if tags.iter().any(|tag| target.tags.contains(tag)) || accounts.iter().any(|account| target.accounts.contains(account)) {
        return Ok(true);
    }
    match unknown.or_else(|| target.unknown.clone()) {
        Some(missing) => Err(missing),
        None => Ok(false),
    }
}

/// The texts of a list, and what of it is not known.
pub(super) fn texts(value: Option<&Value>) -> (Vec<CompactString>, Option<Missing>) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Default::default() };
    let all = value.items().iter().chain(std::slice::from_ref(value)).filter_map(Value::as_str);
    (all.map(CompactString::from).collect(), Missing::of(value))
}

/// The service accounts of a value: by the addresses of their resources, else as they are written.
pub(super) fn accounts(resources: &Resources<'_>, value: Option<&Value>) -> (Vec<CompactString>, Option<Missing>) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Default::default() };
    let referred = resources.referred(value);
    let mut all: Vec<CompactString> = referred
        .items
        .iter()
        .filter(|item| item.views.iter().any(|view| view.contains("service_account")))
        .map(|item| item.name.clone())
        .collect();
    let (texts, unknown) = texts(Some(value));
    all.extend(texts);
    let missing = if all.is_empty() { referred.missing.or(unknown) } else { None };
    (all, missing)
}

/// What an instance, or a template of instances, is chosen by.
pub(super) fn target(resources: &Resources<'_>, value: &Value) -> Target {
    let (tags, more_tags) = texts(field(value, "tags"));
    let email = blocks(value, "service_account").first().and_then(|account| field(account, "email"));
    let (accounts, more_accounts) = accounts(resources, email);
    Target { tags, accounts, unknown: more_tags.or(more_accounts) }
}

/// The text of a field in lower case.
pub(super) fn lower(value: &Value, key: &str) -> Option<String> {
    says(value, key).map(str::to_ascii_lowercase)
}
