//! Istio: mutual TLS and who may come, at the proxies of workloads.
//!
//! Closed-world rules, from Istio's "PeerAuthentication", "AuthorizationPolicy", "Installing the Sidecar" and "Add workloads to an ambient mesh":
//! - A pod has a sidecar where its namespace or itself asks for one by label, and neither refuses; in ambient mode its node's proxy stands
//!   before it. Without either nothing here is enforced. Namespaces without labels give no sidecars, which is how Istio is installed unless
//!   asked otherwise; of those that are not declared nothing is known. Pods on the network of their node have none.
//! - The mode of mutual TLS is that of the workload's own policy, else of its namespace, else of the root namespace (`istio-system`), else
//!   PERMISSIVE. STRICT lets in workloads of the mesh alone, which speak mutual TLS to each other by themselves.
//! - Proxies of gateways ask of senders what the servers of their Gateway say, whatever the mode is.
//! - CUSTOM is asked first, then DENY, then ALLOW; where an ALLOW policy is for a workload, what none allows is refused. A policy without rules
//!   fits nothing, an empty rule fits everything. Of two policies of the same scope the older holds: which one that is, is not known.
//! - Who is not of the mesh has no principal and no namespace. The trust domain is `cluster.local`; others are not known.
//! - Rules that look at requests (methods, paths, hosts) let some requests in, and refuse only some.

use std::cell::RefCell;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::authorization::{self, Authorization};
use super::mesh::{Member, Members, everybody, has_container, listed, told, unseen};
use super::objects::{Objects, Workload, exact, namespace_of};
use super::peer::is_everything;
use super::select::{Expr, Key};
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::resources::field;
use crate::said::{Missing, Step};

/// Where policies are for the whole mesh.
pub(super) const ROOT: &str = "istio-system";
/// What the workloads of the mesh are known by.
pub(super) const MESH: &str = "mesh of Istio";
pub(super) const GROUP: &[&str] = &["security.istio.io"];
const EXCLUDED: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
const INCLUDED: &str = "traffic.sidecar.istio.io/includeInboundPorts";

/// A mode of mutual TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Unset,
    Strict,
    /// Plain text is let in.
    Open,
    Unknown(Missing),
}

/// A PeerAuthentication.
#[derive(Debug)]
struct Peer {
    name: CompactString,
    place: Place,
    mode: Mode,
    ports: Vec<(u16, Mode)>,
}

/// The policies of one scope for a workload, by number, and whether they are surely for it.
type Scope = Vec<(usize, bool)>;

/// What Istio says of the workloads of a cluster.
#[derive(Debug)]
pub(super) struct Istio {
    members: Members,
    peers: Vec<Peer>,
    /// By workload: its own policies, those of its namespace; and those of the mesh.
    own: Vec<Scope>,
    of_space: FxHashMap<CompactString, Scope>,
    of_mesh: Scope,
    group: (Vec<CompactString>, Vec<CompactString>),
    /// Proxies of gateways, which ask of senders what their servers say, by number.
    gateways: Vec<usize>,
    authorization: Authorization,
    known: RefCell<FxHashMap<CompactString, Arc<Filter>>>,
}

impl Istio {
    pub(super) fn read(objects: &mut Objects<'_>) -> Option<Self> {
        let items: Vec<&Item> = objects.of_group("PeerAuthentication", GROUP).collect();
        if items.is_empty() && objects.of_group("AuthorizationPolicy", GROUP).next().is_none() {
            return None;
        }
        let all = objects.workloads.iter().map(|workload| member(workload, objects)).collect();
        let mut members = Members::new(MESH, all);
        let group = members.fitting(&Expr::ALWAYS, objects);
        let (mut peers, mut of_mesh) = (Vec::new(), Scope::new());
        let mut own: Vec<Scope> = objects.workloads.iter().map(|_| Scope::new()).collect();
        let mut of_space: FxHashMap<CompactString, Scope> = FxHashMap::default();
        for item in items {
            let number = peers.len();
            let home = namespace_of(item);
            let selector = item.value.at(&["spec", "selector"]).filter(|value| !value.is_null() && !is_everything(value));
            match selector {
                None if home == ROOT => of_mesh.push((number, true)),
                None => of_space.entry(home).or_default().push((number, true)),
                Some(selector) => {
                    let labels = Expr::read(selector, |label| Some(Key::Label(label.into())));
                    for (at, sure) in objects.fitting(&labels.and(Expr::is(Key::Namespace, home.clone()))) {
                        // What a selector means in the root namespace is not documented.
                        own.get_mut(at).into_iter().for_each(|scope| scope.push((number, sure && home != ROOT)));
                    }
                }
            }
            peers.push(read(item, objects));
        }
        let selectors = objects.of_group("Gateway", &["networking.istio.io"]);
        let selectors: Vec<&Value> = selectors.filter_map(|item| item.value.at(&["spec", "selector"])).collect();
        let of_gateway = |selector: &&Value| Expr::read(&exact(selector), |label| Some(Key::Label(label.into())));
        let gateways = selectors.iter().flat_map(|selector| objects.fitting(&of_gateway(selector)));
        let gateways = gateways.filter(|(_, sure)| *sure).map(|(at, _)| at).collect();
        let authorization = authorization::read(objects, &mut members);
        Some(Self { members, peers, own, of_space, of_mesh, group, gateways, authorization, known: RefCell::default() })
    }

    pub(super) fn gates(&self, at: usize, workload: &Workload<'_>, renamed: bool) -> Vec<Gate> {
        let member = self.members.get(at);
        if *member == Member::No {
            return Vec::new();
        }
        let doubt = match member {
            Member::Unknown(missing) => Some(missing),
            _ => None,
        };
        let past = past(workload);
        let strict = if self.gateways.contains(&at) { None } else { self.strict(at, workload, &past, doubt) };
        let allowed = self.authorization.gate(at, workload, renamed, &past, doubt);
        strict.into_iter().chain(allowed).collect()
    }

    /// The filter of mutual TLS; nothing where plain text is let in.
    fn strict(&self, at: usize, workload: &Workload<'_>, past: &Ports, doubt: Option<&Missing>) -> Option<Gate> {
        let own = self.own.get(at).map(Vec::as_slice).unwrap_or_default();
        let of_space = self.of_space.get(&workload.namespace).map(Vec::as_slice).unwrap_or_default();
        let mut base = (Mode::Open, None);
        for scope in [self.of_mesh.as_slice(), of_space, own] {
            match self.mode(scope) {
                (Mode::Unset, _) => {}
                found => base = found,
            }
        }
        let sure = own.iter().filter(|(_, sure)| *sure).filter_map(|(number, _)| self.peers.get(*number));
        let ports = sure.flat_map(|peer| {
            peer.ports.iter().filter(|(_, mode)| *mode != Mode::Unset).map(move |(port, mode)| (*port, mode, peer))
        });
        let (mut strict, mut unknown) = match &base.0 {
            Mode::Strict => (Ports::all(), None),
            Mode::Unknown(missing) => (Ports::default(), Some((Ports::all(), missing.clone()))),
            Mode::Open | Mode::Unset => (Ports::default(), None),
        };
        let mut by = base.1;
        for (port, mode, peer) in ports {
            let one = Ports::every(port, port);
            strict = strict.minus(&one);
            match mode {
                Mode::Strict => {
                    strict = strict.union(&one);
                    by = by.or(Some(peer));
                }
                Mode::Unknown(missing) => unknown = Some((one, missing.clone())),
                Mode::Open | Mode::Unset => {}
            }
        }
        strict = strict.minus(past);
        let by = by.filter(|_| !strict.is_empty() || unknown.is_some())?;
        let plain = doubt.is_none() && unknown.is_none() && strict.is_all();
        if let Some(known) = self.known.borrow().get(&by.name).filter(|_| plain) {
            return Some(Gate::Filter(Arc::clone(known)));
        }
        let spoken = strict.union(&unknown.as_ref().map(|(ports, _)| ports.clone()).unwrap_or_default());
        let mut entries: Vec<Entry> = Vec::new();
        let others = Ports::all().minus(&spoken);
        if !others.is_empty() {
            entries.push(everybody(true, others, Step::at(by.place, format!("{} asks for no certificate", by.name)), None));
        }
        let lets_in = Step::at(by.place, format!("{} lets workloads of the mesh in", by.name));
        let may = Step::at(by.place, format!("{} may let it in", by.name));
        let of_mesh = |groups: &[CompactString], doubt| Entry {
            sources: Sources { groups: groups.to_vec(), ..Sources::default() },
            ..everybody(true, spoken.clone(), lets_in.clone(), doubt)
        };
        entries.push(of_mesh(&self.group.0, None));
        entries.push(of_mesh(&self.group.1, Some(Missing::new("whether the sender is a workload of the mesh"))));
        if let Some((ports, missing)) = unknown {
            entries.push(everybody(true, ports, may.clone(), Some(missing)));
        }
        if let Some(missing) = doubt {
            entries.push(everybody(true, spoken, may, Some(missing.clone())));
        }
        let filter =
            Arc::new(Filter { name: by.name.to_string(), place: by.place, entries, otherwise: Otherwise::Refused, more: None });
        if plain {
            self.known.borrow_mut().insert(by.name.clone(), Arc::clone(&filter));
        }
        Some(Gate::Filter(filter))
    }

    /// The mode that the policies of one scope give, and one of them.
    fn mode(&self, scope: &[(usize, bool)]) -> (Mode, Option<&Peer>) {
        let mut all = scope.iter().filter_map(|(number, sure)| Some((self.peers.get(*number)?, *sure)));
        let Some((first, sure)) = all.next() else { return (Mode::Unset, None) };
        if !sure {
            return (Mode::Unknown(Missing::new(format!("whether {} selects it", first.name))), Some(first));
        }
        match all.find(|(other, sure)| !sure || other.mode != first.mode) {
            Some((other, _)) => {
                (Mode::Unknown(Missing::new(format!("which of {} and {} is older", first.name, other.name))), Some(first))
            }
            None => (first.mode.clone(), Some(first)),
        }
    }
}

fn read(item: &Item, objects: &Objects<'_>) -> Peer {
    let mode = |value: Option<&Value>| match value.map(|value| (value.as_str(), value)) {
        None | Some((Some("UNSET"), _)) => Mode::Unset,
        Some((Some("STRICT"), _)) => Mode::Strict,
        Some((Some("PERMISSIVE" | "DISABLE"), _)) => Mode::Open,
        Some((_, value)) => Mode::Unknown(Missing::of(value).unwrap_or_else(|| Missing::new("the mode of mutual TLS"))),
    };
    let of = |value: &Value| mode(field(value, "mode"));
    let spec = field(&item.value, "spec");
    let ports = spec.and_then(|spec| field(spec, "portLevelMtls")).and_then(Value::as_map);
    let ports = ports.into_iter().flat_map(|map| &map.entries);
    Peer {
        name: objects.title(&item.name, item),
        place: item.header,
        mode: spec.and_then(|spec| field(spec, "mtls")).map_or(Mode::Unset, of),
        ports: ports.filter_map(|entry| Some((entry.key.parse().ok()?, of(&entry.value)))).collect(),
    }
}

/// Whether the pods of a workload have a proxy.
fn member(workload: &Workload<'_>, objects: &Objects<'_>) -> Member {
    if workload.host_network.is_some() {
        return Member::No;
    }
    if has_container(workload, "istio-proxy") {
        return Member::Yes;
    }
    let unknown = |whose: &str| Member::Unknown(Missing::new(format!("whether {} has a sidecar: {whose}", workload.name)));
    let of_space = format!("the labels of namespace {}", workload.namespace);
    let space = objects.space(&workload.namespace);
    let pod = |key: &str| told(Some(&workload.labels), key);
    let annotations = field(&workload.item.value, "annotations");
    let inject = match pod("sidecar.istio.io/inject") {
        Ok(None) => told(annotations, "sidecar.istio.io/inject"),
        found => found,
    };
    let (Ok(inject), Ok(revision), Ok(plane)) = (inject, pod("istio.io/rev"), pod("istio.io/dataplane-mode")) else {
        return unknown("its labels");
    };
    if inject.as_deref() == Some("false") {
        // Ambient mode does not ask for that label.
        return ambient(plane.as_deref(), space).unwrap_or_else(|()| unknown(&of_space));
    }
    let injection = told(space, "istio-injection");
    match injection {
        Ok(Some(word)) if word == "disabled" => ambient(plane.as_deref(), space).unwrap_or_else(|()| unknown(&of_space)),
        Ok(Some(word)) if word == "enabled" => Member::Yes,
        // It may refuse what the pod asks for; hardly anybody does.
        _ if inject.as_deref() == Some("true") || revision.is_some() => Member::Yes,
        Err(()) => unknown(&of_space),
        Ok(_) => match told(space, "istio.io/rev") {
            Ok(Some(_)) => Member::Yes,
            Ok(None) => ambient(plane.as_deref(), space).unwrap_or_else(|()| unknown(&of_space)),
            Err(()) => unknown(&of_space),
        },
    }
}

/// Whether pods without a sidecar are in ambient mode.
fn ambient(own: Option<&str>, space: Option<&Value>) -> Result<Member, ()> {
    let word = match own {
        Some(own) => Some(own.into()),
        None => told(space, "istio.io/dataplane-mode")?,
    };
    Ok(if word.as_deref() == Some("ambient") { Member::Yes } else { Member::No })
}

/// The ports that go past the proxy.
fn past(workload: &Workload<'_>) -> Ports {
    let annotations = field(&workload.item.value, "annotations");
    let excluded = told(annotations, EXCLUDED).ok().flatten().and_then(|text| listed(&text)).unwrap_or_default();
    let included = told(annotations, INCLUDED).ok().flatten().filter(|text| text != "*");
    let others = included.and_then(|text| listed(&text)).map(|ports| Ports::all().minus(&ports)).unwrap_or_default();
    unseen(workload).union(&excluded).union(&others)
}
