//! Istio's AuthorizationPolicy; see [`super::istio`] for its closed-world rules.

use std::cell::RefCell;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::istio::{GROUP, ROOT};
use super::mesh::{Members, everybody};
use super::objects::{Objects, Workload, namespace_of, port, shown};
use super::peer::{is_everything, without};
use super::rule::Rule;
use super::select::{Expr, Key, Like};
use crate::address::Range;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::platforms::entries;
use crate::resources::field;
use crate::said::{Missing, Step};

/// What a policy does with what it fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Custom,
    Deny,
    Allow,
}

/// A policy.
#[derive(Debug)]
struct Policy {
    name: CompactString,
    place: Place,
    action: Action,
    rules: Vec<Rule>,
}

/// Filters by the policies that they are made of, and whether senders are renamed.
type Known = FxHashMap<(Vec<(usize, bool)>, bool), Arc<Filter>>;

/// Fields that mean and that spare identities, and how their texts are read.
type Field<'f> = (&'static str, &'static str, &'f dyn Fn(&str) -> Expr);

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Authorization {
    policies: Vec<Policy>,
    /// By workload: its policies by number, and whether they are surely for it.
    of: Vec<Vec<(usize, bool)>>,
    known: RefCell<Known>,
}

/// Reads them, and tells workloads what their rules know them by.
pub(super) fn read(objects: &mut Objects<'_>, members: &mut Members) -> Authorization {
    let mut all = Authorization { of: objects.workloads.iter().map(|_| Vec::new()).collect(), ..Authorization::default() };
    for item in objects.of_group("AuthorizationPolicy", GROUP).collect::<Vec<_>>() {
        let empty = Value::default();
        let spec = field(&item.value, "spec").unwrap_or(&empty);
        let action = match field(spec, "action").map(|value| (value.as_str(), value)) {
            None | Some((Some("ALLOW"), _)) => Ok(Action::Allow),
            Some((Some("DENY"), _)) => Ok(Action::Deny),
            Some((Some("CUSTOM"), _)) => Ok(Action::Custom),
            Some((Some("AUDIT"), _)) => continue,
            Some((_, value)) => Err(Missing::of(value).unwrap_or_else(|| Missing::new("the action of a policy"))),
        };
        let (name, home) = (objects.title(&item.name, item), namespace_of(item));
        let selector = field(spec, "selector").filter(|value| !is_everything(value));
        let labels = selector.map_or(Expr::ALWAYS, |selector| Expr::read(selector, |label| Some(Key::Label(label.into()))));
        let own = if home == ROOT { labels } else { labels.and(Expr::is(Key::Namespace, home.clone())) };
        // What stands at a gateway or a waypoint is not followed to whom it keeps.
        let elsewhere = ["targetRefs", "targetRef"].iter().any(|key| field(spec, key).is_some());
        let number = all.policies.len();
        for (at, sure) in objects.fitting(&own) {
            all.of.get_mut(at).into_iter().for_each(|of| of.push((number, sure && !elsewhere)));
        }
        let rules = rules(spec, item, (&name, &home), action.clone(), objects, members);
        all.policies.push(Policy { name, place: item.header, action: action.unwrap_or(Action::Custom), rules });
    }
    all
}

fn rules(
    spec: &Value,
    item: &Item,
    (name, home): (&str, &str),
    action: Result<Action, Missing>,
    objects: &mut Objects<'_>,
    members: &mut Members,
) -> Vec<Rule> {
    let list = field(spec, "rules");
    let provider = spec.at(&["provider", "name"]).and_then(shown).unwrap_or_default();
    let unsure = match &action {
        Ok(Action::Custom) => Some(Missing::new(format!("what the provider {provider} of {name} lets in"))),
        Ok(_) => None,
        Err(missing) => Some(missing.clone()),
    };
    let reader = Reader { name, home, action: action.unwrap_or(Action::Custom), unsure };
    let mut rules = Vec::new();
    for rule in list.map(Value::items).unwrap_or_default() {
        reader.rule(rule, objects, members, &mut rules);
    }
    if let Some(list) = list.filter(|list| list.as_list().is_none_or(|list| list.tail.is_some())) {
        let missing = Missing::of(list).unwrap_or_else(|| Missing::new(format!("the rules of {name}")));
        rules.push(reader.entry(item.header, Ports::all(), false, Sources::everybody(), None, Some(missing)));
    }
    rules
}

struct Reader<'r> {
    name: &'r str,
    home: &'r str,
    action: Action,
    /// Why nothing that it says is sure.
    unsure: Option<Missing>,
}

/// Fields that look at requests.
const OF_REQUESTS: &[&str] = &["methods", "notMethods", "paths", "notPaths", "hosts", "notHosts"];

impl Reader<'_> {
    fn rule(&self, rule: &Value, objects: &mut Objects<'_>, members: &mut Members, out: &mut Vec<Rule>) {
        let conditions = Missing::new(format!("which requests meet the conditions of {}", self.name));
        let mut doubt = field(rule, "when").filter(|list| !list.items().is_empty()).map(|_| conditions.clone());
        let (mut ports, mut some) = (Ports::all(), false);
        if let Some(to) = field(rule, "to").filter(|list| !list.items().is_empty()) {
            let (mut all, mut whole) = (Ports::default(), Ports::default());
            for each in to.items() {
                let empty = Value::default();
                let operation = field(each, "operation").unwrap_or(&empty);
                match of_operation(operation) {
                    Ok(own) if OF_REQUESTS.iter().any(|key| field(operation, key).is_some()) => all = all.union(&own),
                    Ok(own) => whole = whole.union(&own),
                    Err(missing) => doubt = Some(missing),
                }
            }
            // A denial of some requests keeps nobody out.
            some = !all.is_empty() && self.action == Action::Allow;
            ports = if self.action == Action::Deny { whole } else { all.union(&whole) };
            if ports.is_empty() && doubt.is_none() {
                return;
            }
        }
        let place = rule.place;
        let Some(from) = field(rule, "from").filter(|list| !list.items().is_empty()) else {
            out.push(self.entry(place, ports, some, Sources::everybody(), None, doubt));
            return;
        };
        for each in from.items() {
            let empty = Value::default();
            let source = field(each, "source").unwrap_or(&empty);
            let asks = ["requestPrincipals", "notRequestPrincipals"].iter().any(|key| field(source, key).is_some());
            let forwarded = ["remoteIpBlocks", "notRemoteIpBlocks"].iter().any(|key| field(source, key).is_some());
            let (sources, perhaps, unclear) = self.source(source, objects, members);
            let forwarded = forwarded.then(|| Missing::new(format!("the address that proxies tell {} of the sender", self.name)));
            let doubt = doubt.clone().or(unclear).or_else(|| asks.then(|| conditions.clone())).or(forwarded);
            let perhaps = (!perhaps.is_empty())
                .then(|| (perhaps, Missing::new(format!("whether the sender is among those that {} speaks of", self.name))));
            out.push(self.entry(place, ports.clone(), some, sources, perhaps, doubt));
        }
    }

    fn entry(
        &self,
        place: Place,
        ports: Ports,
        some: bool,
        sources: Sources,
        perhaps: Option<(Vec<CompactString>, Missing)>,
        doubt: Option<Missing>,
    ) -> Rule {
        let verb = match (self.action, some) {
            (Action::Allow, false) => "allows it",
            (Action::Allow, true) => "allows some of its requests",
            (Action::Deny, _) => "refuses it",
            (Action::Custom, _) => "may refuse it",
        };
        let private = sources.ranges.iter().any(|range| range.is_private());
        let entry = Entry {
            allows: self.action == Action::Allow,
            ports,
            maybe_ports: None,
            sources,
            step: Step::at(place, format!("{} {verb}", self.name)),
            doubt: self.unsure.clone().or(doubt),
            passes_to: None,
        };
        Rule { entry, names: Vec::new(), perhaps, private, passes: false }
    }

    /// Whom a source means, whom perhaps, and why that is not known.
    fn source(
        &self,
        source: &Value,
        objects: &mut Objects<'_>,
        members: &mut Members,
    ) -> (Sources, Vec<CompactString>, Option<Missing>) {
        let of = |key: &str, make: &dyn Fn(&str) -> Expr| {
            let list = field(source, key)?;
            let one = |value: &Value| match value.as_str() {
                Some(text) => make(text),
                None => Expr::Unknown(shown(value).unwrap_or_default()),
            };
            let mut all: Vec<Expr> = list.items().iter().map(one).collect();
            if list.as_list().is_none_or(|list| list.tail.is_some()) {
                all.push(Expr::Unknown(key.into()));
            }
            Some(Expr::Any(all))
        };
        let account = |text: &str| {
            let (space, name) = text.split_once('/').unwrap_or((self.home, text));
            like(Key::Namespace, space).and(like(Key::Account, name))
        };
        let space = |text: &str| like(Key::Namespace, text);
        let kinds: [Field<'_>; 3] = [
            ("principals", "notPrincipals", &principal),
            ("namespaces", "notNamespaces", &space),
            ("serviceAccounts", "notServiceAccounts", &account),
        ];
        let meant: Vec<Expr> = kinds.iter().filter_map(|(yes, _, make)| of(yes, make)).collect();
        let others: Vec<Expr> = kinds.iter().filter_map(|(_, no, make)| of(no, make)).collect();
        let mut sources = Sources::default();
        let blocks = ["ipBlocks", "notIpBlocks"].iter().any(|key| field(source, key).is_some());
        if let Some(list) = field(source, "ipBlocks") {
            entries::addresses(Some(list), &mut sources);
        } else {
            sources = Sources::everybody();
        }
        let mut holes = Sources::default();
        entries::addresses(field(source, "notIpBlocks"), &mut holes);
        for hole in holes.ranges {
            let ranges: Vec<Range> = std::mem::take(&mut sources.ranges);
            sources.ranges = ranges.into_iter().flat_map(|range| without(range, hole)).collect();
        }
        sources.unknown = sources.unknown.take().or(holes.unknown);
        if meant.is_empty() {
            if !others.is_empty() {
                let (sure, perhaps) = members.fitting(&Expr::Any(others), objects);
                let missing = Missing::new(format!("whether the sender is among those that {} speaks of", self.name));
                (sources.except, sources.maybe_except) = (sure, Some((perhaps, missing)));
            }
            return (sources, Vec::new(), None);
        }
        let mut all = meant;
        all.extend(others.into_iter().map(|expr| Expr::Not(Box::new(expr))));
        let (sure, perhaps) = members.fitting(&Expr::All(all), objects);
        let unclear = blocks.then(|| Missing::new(format!("whether the address is among those of {}", self.name)));
        (Sources { groups: sure, ..Sources::default() }, perhaps, unclear)
    }
}

/// A text with `*` at its start or end; alone it is any.
fn like(key: Key, text: &str) -> Expr {
    match text {
        "*" => Expr::Has(key),
        _ if text.contains('*') => Expr::Like(key, Like::Pattern, text.into()),
        _ => Expr::is(key, text),
    }
}

/// `cluster.local/ns/shop/sa/web`, or a pattern of it.
fn principal(text: &str) -> Expr {
    if text == "*" {
        return Expr::ALWAYS;
    }
    if !text.starts_with("cluster.local/") && !text.starts_with('*') && !"cluster.local/".starts_with(text.trim_end_matches('*'))
    {
        return Expr::Unknown(text.into());
    }
    let space = text.split_once("/ns/").and_then(|(_, rest)| rest.split_once('/')).map(|(space, _)| space);
    let whole = like(Key::Principal, text);
    match space.filter(|space| !space.contains('*')) {
        Some(space) => Expr::is(Key::Namespace, space).and(whole),
        None => whole,
    }
}

/// The ports of an operation.
fn of_operation(operation: &Value) -> Result<Ports, Missing> {
    let list = |key: &str| -> Result<Option<Ports>, Missing> {
        let Some(list) = field(operation, key) else { return Ok(None) };
        let mut all = Ports::default();
        for each in list.items() {
            let number = port(each).ok_or_else(|| Missing::of(each).unwrap_or_else(|| Missing::new("a port")))?;
            all = all.union(&Ports::every(number, number));
        }
        Ok(Some(all))
    };
    let ports = list("ports")?.unwrap_or_else(Ports::all);
    Ok(ports.minus(&list("notPorts")?.unwrap_or_default()))
}

impl Authorization {
    /// What they let in to a workload; nothing where none is for it. `past`: ports that go past the proxy; `member`: what is missing to
    /// know that there is one.
    pub(super) fn gate(
        &self,
        at: usize,
        workload: &Workload<'_>,
        renamed: bool,
        past: &Ports,
        member: Option<&Missing>,
    ) -> Option<Gate> {
        let of = self.of.get(at).filter(|of| !of.is_empty())?;
        let plain = past.is_empty() && member.is_none();
        let key = (of.clone(), renamed);
        if let Some(known) = self.known.borrow().get(&key).filter(|_| plain) {
            return Some(Gate::Filter(Arc::clone(known)));
        }
        let mut all: Vec<(&Policy, bool)> =
            of.iter().filter_map(|(number, sure)| Some((self.policies.get(*number)?, *sure))).collect();
        all.sort_by_key(|(policy, _)| policy.action);
        let (first, _) = all.first()?;
        let names: Vec<&str> = all.iter().map(|(policy, _)| policy.name.as_str()).collect();
        let name = names.join(" and ");
        let place = first.place;
        let mut entries = Vec::new();
        if !past.is_empty() {
            entries.push(everybody(true, past.clone(), Step::at(place, "its proxy does not look at it"), None));
        }
        if let Some(missing) = member {
            entries.push(everybody(true, Ports::all(), Step::at(place, format!("{name} may let it in")), Some(missing.clone())));
        }
        let mut perhaps = None;
        for (policy, sure) in &all {
            let missing = || Missing::new(format!("whether {} is for {}", policy.name, workload.name));
            for entry in policy.rules.iter().flat_map(|rule| rule.entries(workload, renamed)) {
                let doubt = if *sure { entry.doubt.clone() } else { Some(missing()) };
                entries.push(Entry { doubt, ..entry });
            }
            if !sure && policy.action == Action::Allow {
                perhaps = Some(missing());
            }
        }
        let closed = all.iter().any(|(policy, sure)| *sure && policy.action == Action::Allow);
        if let Some(missing) = perhaps.filter(|_| !closed) {
            entries.push(everybody(false, Ports::all(), Step::at(place, format!("{name} may refuse it")), Some(missing)));
        }
        let otherwise = match closed {
            true => Otherwise::Refused,
            false => Otherwise::LetIn(Step::at(place, format!("{name} refuses nothing else"))),
        };
        let filter = Arc::new(Filter { name, place, entries, otherwise, more: None });
        if plain {
            self.known.borrow_mut().insert(key, Arc::clone(&filter));
        }
        Some(Gate::Filter(filter))
    }
}
