//! Linkerd: who may come, at the proxies of workloads.
//!
//! Closed-world rules, from Linkerd's "Authorization Policy", "Automatic Proxy Injection" and "Proxy Configuration":
//! - A pod has a proxy where its annotation `linkerd.io/inject`, else that of its namespace, asks for one; without a proxy nothing here is
//!   enforced. Pods on the network of their node have none.
//! - What comes in is decided by the default policy of the pod or its namespace, `all-unauthenticated` where neither names one; but at the
//!   ports of a `Server` by what is authorized there, and nothing else.
//! - Workloads with proxies speak mutual TLS to each other by themselves.
//! - The addresses of the cluster (`cluster-…`) count as those of private use. Authorizations of routes are not followed: undecided.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::mesh::{Member, Members, everybody, has_container, listed, told, unseen};
use super::objects::{Objects, Workload, name_of, namespace_of, port, shown};
use super::peer;
use super::rule::Rule;
use super::select::{Expr, Key, Like};
use crate::address::Range;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::resources::field;
use crate::said::{Missing, Step};

const GROUP: &[&str] = &["policy.linkerd.io"];
const INJECT: &str = "linkerd.io/inject";
const INBOUND: &str = "config.linkerd.io/default-inbound-policy";
const SKIPPED: &str = "config.linkerd.io/skip-inbound-ports";
/// Addresses of clusters, unless the installation names others.
const CLUSTER: &[&str] = &["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"];

/// A `Server`: the ports of some pods.
#[derive(Debug)]
struct Server {
    name: CompactString,
    place: Place,
    port: Value,
    /// What is let in without an authorization.
    access: Result<CompactString, Missing>,
    rules: Vec<Rule>,
}

/// What Linkerd says of the workloads of a cluster.
#[derive(Debug)]
pub(super) struct Linkerd {
    members: Members,
    group: (Vec<CompactString>, Vec<CompactString>),
    servers: Vec<Server>,
    /// By workload: its servers by number, and whether they are surely for it.
    of: Vec<Vec<(usize, bool)>>,
    /// The annotations of the namespaces that are declared, with their place.
    spaces: FxHashMap<CompactString, (Option<Value>, Place)>,
}

impl Linkerd {
    pub(super) fn read(objects: &mut Objects<'_>) -> Option<Self> {
        let spaces: FxHashMap<CompactString, (Option<Value>, Place)> = objects
            .of_kind("Namespace")
            .map(|item| (name_of(item), (item.value.at(&["metadata", "annotations"]).cloned(), item.header)))
            .collect();
        let servers: Vec<&Item> = objects.of_group("Server", GROUP).collect();
        let says = |annotations: Option<&Value>| annotations.is_some_and(|value| value.get(INBOUND).is_some());
        let stated = spaces.values().any(|(annotations, _)| says(annotations.as_ref()))
            || objects.workloads.iter().any(|workload| says(field(&workload.item.value, "annotations")));
        if servers.is_empty() && !stated {
            return None;
        }
        let all = objects.workloads.iter().map(|workload| member(workload, &spaces)).collect();
        let mut members = Members::new("mesh of Linkerd", all);
        let group = members.fitting(&Expr::ALWAYS, objects);
        let mut of: Vec<Vec<(usize, bool)>> = objects.workloads.iter().map(|_| Vec::new()).collect();
        let mut found = Vec::new();
        for item in servers {
            let Some(selector) = item.value.at(&["spec", "podSelector"]) else { continue };
            let own = Expr::read(selector, |label| Some(Key::Label(label.into())));
            for (at, sure) in objects.fitting(&own.and(Expr::is(Key::Namespace, namespace_of(item)))) {
                of.get_mut(at).into_iter().for_each(|of| of.push((found.len(), sure)));
            }
            let access = match item.value.at(&["spec", "accessPolicy"]).filter(|value| !value.is_null()) {
                None => Ok("deny".into()),
                Some(value) => value.as_str().map(Into::into).ok_or_else(|| Missing::new(format!("the policy of {}", item.name))),
            };
            found.push(Server {
                name: objects.title(&item.name, item),
                place: item.header,
                port: item.value.at(&["spec", "port"]).cloned().unwrap_or_default(),
                access,
                rules: authorized(item, objects, &mut members),
            });
        }
        Some(Self { members, group, servers: found, of, spaces })
    }

    pub(super) fn gates(&self, at: usize, workload: &Workload<'_>, renamed: bool) -> Vec<Gate> {
        let doubt = match self.members.get(at) {
            Member::No => return Vec::new(),
            Member::Unknown(missing) => Some(missing),
            Member::Yes => None,
        };
        let annotation = |key: &str| self.annotation(workload, key);
        let skipped = annotation(SKIPPED).ok().flatten().and_then(|(text, _)| listed(&text)).unwrap_or_default();
        let past = unseen(workload).union(&skipped);
        let mut gates = Vec::new();
        let mut left = Ports::all().minus(&past);
        for (number, sure) in self.of.get(at).into_iter().flatten() {
            let Some(server) = self.servers.get(*number) else { continue };
            let missing = || Missing::new(format!("whether {} selects {}", server.name, workload.name));
            let unsure = doubt.cloned().or_else(|| (!sure).then(missing));
            let ports = match number_of(&server.port, workload) {
                Some(number) => Ports::every(number, number).minus(&past),
                None => {
                    let step = Step::at(server.place, format!("{} may refuse it", server.name));
                    gates.push(Gate::Unknown(step, Missing::new(format!("the port of {}", server.name))));
                    continue;
                }
            };
            if *sure {
                left = left.minus(&ports);
            }
            let rules = server.rules.iter().flat_map(|rule| rule.entries(workload, renamed));
            let mut entries: Vec<Entry> = rules.map(|entry| Entry { ports: ports.clone(), ..entry }).collect();
            match &server.access {
                Ok(word) => entries.extend(self.default(word, &ports, server.place, &server.name, renamed)),
                Err(missing) => {
                    entries.push(everybody(true, ports.clone(), may(server.place, &server.name), Some(missing.clone())));
                }
            }
            gates.push(closing(&server.name, server.place, entries, &ports, unsure));
        }
        match annotation(INBOUND) {
            Ok(None) => {}
            Ok(Some((word, _))) if matches!(word.as_str(), "all-unauthenticated" | "audit") => {}
            Ok(Some((word, place))) => {
                let name = format_compact!("the inbound policy {word} of {}", workload.name);
                let entries = self.default(&word, &left, place, &name, renamed);
                gates.push(closing(&name, place, entries, &left, doubt.cloned()));
            }
            Err(missing) => {
                let step = Step::at(workload.item.header, format!("the inbound policy of {} may refuse it", workload.name));
                gates.push(Gate::Unknown(step, doubt.cloned().unwrap_or(missing)));
            }
        }
        gates
    }

    /// An annotation of a workload, else of its namespace, with its place.
    fn annotation(&self, workload: &Workload<'_>, key: &str) -> Result<Option<(CompactString, Place)>, Missing> {
        let missing = || Missing::new(format!("the annotations of namespace {}", workload.namespace));
        match told(field(&workload.item.value, "annotations"), key) {
            Ok(Some(text)) => return Ok(Some((text, workload.item.header))),
            Ok(None) => {}
            Err(()) => return Err(Missing::new(format!("the annotations of {}", workload.name))),
        }
        let (annotations, place) = self.spaces.get(&workload.namespace).ok_or_else(missing)?;
        let found = told(annotations.as_ref(), key).map_err(|()| missing())?;
        Ok(found.map(|text| (text, *place)))
    }

    /// What one of the policies that Linkerd comes with lets in.
    fn default(&self, word: &str, ports: &Ports, place: Place, name: &str, renamed: bool) -> Vec<Entry> {
        let of = |sources, doubt, told: &str| Entry {
            sources,
            ..everybody(true, ports.clone(), Step::at(place, format!("{name} lets {told} in")), doubt)
        };
        let mesh = |groups: &[CompactString]| Sources { groups: groups.to_vec(), ..Sources::default() };
        match word {
            "all-unauthenticated" | "audit" => vec![of(Sources::everybody(), None, "everybody")],
            "all-authenticated" | "cluster-authenticated" => {
                let unsure = Missing::new("whether the sender is a workload of the mesh");
                vec![
                    of(mesh(&self.group.0), None, "workloads of the mesh"),
                    of(mesh(&self.group.1), Some(unsure), "workloads of the mesh"),
                ]
            }
            "cluster-unauthenticated" => {
                let ranges = CLUSTER.iter().filter_map(|block| Range::parse(block)).collect();
                let mut all = vec![of(Sources { ranges, ..Sources::default() }, None, "addresses of the cluster")];
                if renamed {
                    let missing = Missing::new("whether the pods see the address of the sender or that of a node");
                    all.push(of(Sources::everybody(), Some(missing), "addresses of the cluster"));
                }
                all
            }
            "deny" => Vec::new(),
            _ => vec![of(Sources::everybody(), Some(Missing::new(format!("what {word} means"))), "some")],
        }
    }
}

fn may(place: Place, name: &str) -> Step {
    Step::at(place, format!("{name} may let it in"))
}

/// A filter of some ports: what its entries let in, and all that comes to others.
fn closing(name: &str, place: Place, mut entries: Vec<Entry>, ports: &Ports, unsure: Option<Missing>) -> Gate {
    if let Some(missing) = unsure {
        entries.push(everybody(true, ports.clone(), may(place, name), Some(missing)));
    }
    let others = Ports::all().minus(ports);
    if !others.is_empty() {
        entries.push(everybody(true, others, Step::at(place, format!("{name} does not speak of it")), None));
    }
    Gate::Filter(Arc::new(Filter { name: name.to_owned(), place, entries, otherwise: Otherwise::Refused, more: None }))
}

fn number_of(value: &Value, workload: &Workload<'_>) -> Option<u16> {
    let name = || {
        let name = value.as_str()?;
        workload.ports.iter().find(|port| port.name == name).map(|port| port.number)
    };
    port(value).or_else(name)
}

/// What is authorized at a server.
fn authorized(server: &Item, objects: &mut Objects<'_>, members: &mut Members) -> Vec<Rule> {
    let (home, name) = (namespace_of(server), name_of(server));
    let mut rules = Vec::new();
    for item in objects.of_group("AuthorizationPolicy", GROUP).collect::<Vec<_>>() {
        let target = |key: &str| item.value.str_at(&["spec", "targetRef", key]);
        let fits = match target("kind") {
            Some("Server") => namespace_of(item) == home && target("name") == Some(name.as_str()),
            Some("Namespace") => namespace_of(item) == home && target("name") == Some(home.as_str()),
            // What is authorized on a route comes through its server.
            Some("HTTPRoute" | "GRPCRoute") => namespace_of(item) == home,
            _ => false,
        };
        if fits {
            let title = objects.title(&item.name, item);
            let refs = item.value.at(&["spec", "requiredAuthenticationRefs"]).map(Value::items).unwrap_or_default();
            let mut met = Met::default();
            for each in refs {
                met.reference(each, &namespace_of(item), objects, members);
            }
            if matches!(target("kind"), Some("HTTPRoute" | "GRPCRoute")) {
                met.doubt = Some(Missing::new(format!("which requests {title} authorizes")));
            }
            rules.push(met.rule(&title, item));
        }
    }
    for item in objects.of_group("ServerAuthorization", GROUP).collect::<Vec<_>>() {
        let named = item.value.str_at(&["spec", "server", "name"]);
        let selected = item.value.at(&["spec", "server", "selector"]).filter(|value| !value.is_null());
        let empty = Value::default();
        let labels = server.value.at(&["metadata", "labels"]).unwrap_or(&empty);
        let by_labels = selected.map(|selector| plimsoll_kubernetes::selects(selector, labels));
        if namespace_of(item) == home && (named == Some(name.as_str()) || by_labels.is_some_and(|fits| fits != Some(false))) {
            let title = objects.title(&item.name, item);
            let mut met = Met::default();
            met.client(&item.value, &namespace_of(item), objects, members);
            if by_labels == Some(None) {
                met.doubt = Some(Missing::new(format!("whether {title} is for {}", server.name)));
            }
            rules.push(met.rule(&title, item));
        }
    }
    rules
}

/// What an authorization asks for.
#[derive(Default)]
struct Met {
    /// Nothing but addresses, or nothing at all, where this is empty.
    identities: Vec<Expr>,
    groups: Option<peer::Groups>,
    blocks: Sources,
    asks_address: bool,
    doubt: Option<Missing>,
}

impl Met {
    fn reference(&mut self, each: &Value, home: &str, objects: &mut Objects<'_>, members: &mut Members) {
        let (kind, name) = (each.str_at(&["kind"]).unwrap_or(""), each.str_at(&["name"]).unwrap_or(""));
        let space = each.str_at(&["namespace"]).unwrap_or(home);
        let kind_of = if kind == "NetworkAuthentication" { kind } else { "MeshTLSAuthentication" };
        let fits = |item: &&Item| name_of(item) == name && namespace_of(item) == space;
        let found: Option<&Item> = objects.of_group(kind_of, GROUP).find(fits);
        match (kind, found) {
            ("ServiceAccount", _) => self.identities.push(account(space, name)),
            ("MeshTLSAuthentication", Some(item)) => {
                let list = |key: &str| item.value.at(&["spec", key]).map(Value::items).unwrap_or_default();
                self.identities.extend(list("identities").iter().map(identity));
                for each in list("identityRefs") {
                    let (kind, name) = (each.str_at(&["kind"]).unwrap_or(""), each.str_at(&["name"]).unwrap_or(""));
                    let home = namespace_of(item);
                    let space = each.str_at(&["namespace"]).unwrap_or(&home);
                    self.identities.push(match kind {
                        "ServiceAccount" => account(space, name),
                        "Namespace" if name.is_empty() => Expr::is(Key::Namespace, home.clone()),
                        "Namespace" => Expr::is(Key::Namespace, name),
                        _ => Expr::Unknown(kind.into()),
                    });
                }
            }
            ("NetworkAuthentication", Some(item)) => {
                for block in item.value.at(&["spec", "networks"]).map(Value::items).unwrap_or_default() {
                    peer::addresses(block, &mut self.blocks);
                }
                self.asks_address = true;
            }
            _ => self.doubt = Some(Missing::new(format!("{kind}/{name}"))),
        }
        if !self.identities.is_empty() {
            self.groups = Some(members.fitting(&Expr::Any(self.identities.clone()), objects));
        }
    }

    /// The older kind: `client` of a ServerAuthorization.
    fn client(&mut self, value: &Value, home: &str, objects: &mut Objects<'_>, members: &mut Members) {
        let at = |path: &[&str]| value.at(&[&["spec", "client"], path].concat()).filter(|value| !value.is_null());
        if let Some(networks) = at(&["networks"]) {
            for block in networks.items() {
                peer::addresses(block, &mut self.blocks);
            }
            self.asks_address = true;
        }
        if at(&["unauthenticated"]).and_then(Value::as_bool) == Some(true) {
            return;
        }
        if at(&["meshTLS", "unauthenticatedTLS"]).and_then(Value::as_bool) == Some(true) {
            self.identities.push(Expr::ALWAYS);
        }
        self.identities.extend(at(&["meshTLS", "identities"]).map(Value::items).unwrap_or_default().iter().map(identity));
        for each in at(&["meshTLS", "serviceAccounts"]).map(Value::items).unwrap_or_default() {
            let name = field(each, "name").and_then(shown).unwrap_or_default();
            self.identities.push(account(each.str_at(&["namespace"]).unwrap_or(home), &name));
        }
        self.groups = Some(members.fitting(&Expr::Any(self.identities.clone()), objects));
    }

    fn rule(self, title: &str, item: &Item) -> Rule {
        let mut doubt = self.doubt;
        let private = self.blocks.ranges.iter().any(|range| range.is_private());
        let unclear = || Missing::new(format!("whether the address is among those of {title}"));
        let (sources, perhaps) = match self.groups {
            Some((sure, perhaps)) => {
                if self.asks_address {
                    doubt = doubt.or_else(|| Some(unclear()));
                }
                let missing = Missing::new(format!("whether the sender is among those that {title} authorizes"));
                (Sources { groups: sure, ..Sources::default() }, Some((perhaps, missing)))
            }
            None if self.asks_address => (self.blocks, None),
            None => (Sources::everybody(), None),
        };
        let step = Step::at(item.header, format!("{title} lets it in"));
        let entry = Entry { sources, ..everybody(true, Ports::all(), step, doubt) };
        Rule { entry, names: Vec::new(), perhaps, private, passes: false }
    }
}

fn account(space: &str, name: &str) -> Expr {
    Expr::is(Key::Namespace, space).and(Expr::is(Key::Account, name))
}

/// `web.shop.serviceaccount.identity.linkerd.cluster.local`, where `*` may stand for the first parts.
fn identity(value: &Value) -> Expr {
    let Some(text) = value.as_str() else { return Expr::Unknown(shown(value).unwrap_or_default()) };
    if text == "*" {
        return Expr::ALWAYS;
    }
    let whose = text.split_once(".serviceaccount.identity.").map(|(whose, _)| whose);
    let one = |key: Key, text: &str| match text {
        "*" => Expr::Has(key),
        _ if text.contains('*') => Expr::Like(key, Like::Pattern, text.into()),
        _ => Expr::is(key, text),
    };
    match whose.and_then(|whose| whose.split_once('.')) {
        Some((name, space)) => one(Key::Namespace, space).and(one(Key::Account, name)),
        None if text.starts_with("*.serviceaccount.identity.") => Expr::ALWAYS,
        None => Expr::Unknown(text.into()),
    }
}

/// Whether the pods of a workload have a proxy.
fn member(workload: &Workload<'_>, spaces: &FxHashMap<CompactString, (Option<Value>, Place)>) -> Member {
    if workload.host_network.is_some() {
        return Member::No;
    }
    if has_container(workload, "linkerd-proxy") {
        return Member::Yes;
    }
    let of = |word: &str| if matches!(word, "enabled" | "ingress") { Member::Yes } else { Member::No };
    let unknown =
        |whose: String| Member::Unknown(Missing::new(format!("whether {} has a proxy of Linkerd: {whose}", workload.name)));
    match told(field(&workload.item.value, "annotations"), INJECT) {
        Ok(Some(word)) => return of(&word),
        Ok(None) => {}
        Err(()) => return unknown("its annotations".to_owned()),
    }
    let whose = || format!("the annotations of namespace {}", workload.namespace);
    let Some((annotations, _)) = spaces.get(&workload.namespace) else { return unknown(whose()) };
    match told(annotations.as_ref(), INJECT) {
        Ok(word) => of(word.as_deref().unwrap_or("")),
        Err(()) => unknown(whose()),
    }
}
