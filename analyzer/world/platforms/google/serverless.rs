//! Cloud Run and functions: ingress, invokers, and what isolates them.

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::firewall;
use super::network::Networks;
use crate::builder::Builder;
use crate::filter::{Entry, Sources};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, belonging};
use crate::resources::{Resources, field, values_at};
use crate::said::{Missing, Step};

/// A kind of service: where it says what.
struct Dialect {
    kind: &'static str,
    node: Kind,
    /// Where its ingress is written.
    ingress: &'static [&'static str],
    /// Where its execution environment is written.
    environment: &'static [&'static str],
    images: &'static [&'static str],
    /// The types that name who may invoke it: member, binding, policy; and the attribute that names the service.
    invokers: &'static [(&'static str, &'static str)],
}

const DIALECTS: &[Dialect] = &[
    Dialect {
        kind: "google_cloud_run_v2_service",
        node: Kind::Task,
        ingress: &["ingress"],
        environment: &["template", "execution_environment"],
        images: &["template", "containers", "image"],
        invokers: &[
            ("google_cloud_run_v2_service_iam_member", "name"),
            ("google_cloud_run_v2_service_iam_binding", "name"),
            ("google_cloud_run_v2_service_iam_policy", "name"),
            ("google_cloud_run_service_iam_member", "service"),
            ("google_cloud_run_service_iam_binding", "service"),
            ("google_cloud_run_service_iam_policy", "service"),
        ],
    },
    Dialect {
        kind: "google_cloud_run_service",
        node: Kind::Task,
        ingress: &["metadata", "annotations", "run.googleapis.com/ingress"],
        environment: &["template", "metadata", "annotations", "run.googleapis.com/execution-environment"],
        images: &["template", "spec", "containers", "image"],
        invokers: &[
            ("google_cloud_run_service_iam_member", "service"),
            ("google_cloud_run_service_iam_binding", "service"),
            ("google_cloud_run_service_iam_policy", "service"),
        ],
    },
    Dialect {
        kind: "google_cloudfunctions_function",
        node: Kind::Function,
        ingress: &["ingress_settings"],
        environment: &[],
        images: &[],
        invokers: &[
            ("google_cloudfunctions_function_iam_member", "cloud_function"),
            ("google_cloudfunctions_function_iam_binding", "cloud_function"),
            ("google_cloudfunctions_function_iam_policy", "cloud_function"),
        ],
    },
    Dialect {
        kind: "google_cloudfunctions2_function",
        node: Kind::Function,
        ingress: &["service_config", "ingress_settings"],
        environment: &[],
        images: &[],
        invokers: &[
            ("google_cloudfunctions2_function_iam_member", "cloud_function"),
            ("google_cloudfunctions2_function_iam_binding", "cloud_function"),
            ("google_cloudfunctions2_function_iam_policy", "cloud_function"),
            ("google_cloud_run_service_iam_member", "service"),
            ("google_cloud_run_service_iam_binding", "service"),
            ("google_cloud_run_v2_service_iam_member", "name"),
            ("google_cloud_run_v2_service_iam_binding", "name"),
        ],
    },
];

/// A service that load balancers and networks lead to.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) id: NodeId,
    pub(super) name: CompactString,
    /// Its name on the platform.
    pub(super) text: Option<CompactString>,
    /// What stands before it, for who comes by a load balancer.
    pub(super) balanced: Vec<Gate>,
    /// The same for who comes from a network.
    within: Vec<Gate>,
}

/// Whence a service takes traffic.
enum Ingress {
    All,
    Internal,
    Balancer,
    Unknown(Missing),
}

pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) -> Vec<Service> {
    let all = DIALECTS.iter().flat_map(|dialect| resources.of_type(dialect.kind).map(move |item| (dialect, item)));
    all.map(|(dialect, item)| one(resources, dialect, item, builder)).collect()
}

/// From within networks, services are reached as far as their invokers go.
pub(super) fn within(networks: &Networks<'_>, services: &[Service], builder: &mut Builder) {
    for network in &networks.all {
        for service in services {
            builder.passes_on(*network, service.id, service.within.clone());
        }
    }
}

fn one(resources: &Resources<'_>, dialect: &Dialect, item: &Item, builder: &mut Builder) -> Service {
    let name = &item.name;
    let id = builder.node_of(item, dialect.node);
    let written = values_at(&item.value, dialect.ingress).first().copied();
    let place = written.map_or(item.header, |value| value.place);
    let ingress = match written.map(|value| (value.as_str().map(str::to_ascii_lowercase), value)) {
        None => Ingress::All,
        Some((Some(text), _)) if text.contains("balanc") || text.contains("gclb") => Ingress::Balancer,
        Some((Some(text), _)) if text.contains("internal") => Ingress::Internal,
        Some((Some(_), _)) => Ingress::All,
        Some((None, value)) => {
            Ingress::Unknown(Missing::of(value).unwrap_or_else(|| Missing::new(format!("the ingress of {name}"))))
        }
    };
    let open = || Gate::Open(Step::at(place, format!("{name} takes traffic from everywhere")));
    let wall = || Gate::Wall(Step::at(place, format!("{name} takes no traffic from the internet")));
    let maybe =
        |missing: &Missing| Gate::Unknown(Step::at(place, format!("{name} may take traffic from the internet")), missing.clone());
    let (direct, balanced) = match &ingress {
        Ingress::All => (open(), open()),
        Ingress::Internal => (wall(), wall()),
        Ingress::Balancer => (wall(), Gate::Open(Step::at(place, format!("{name} takes traffic from load balancers")))),
        Ingress::Unknown(missing) => (maybe(missing), maybe(missing)),
    };
    let invokers = invokers(resources, dialect, item);
    let answers = Gate::Only(https(), Step::at(item.header, format!("{name} answers on port 443")));
    // A function of the first generation that has no HTTP trigger has no address.
    let unheard = dialect.kind == "google_cloudfunctions_function" && field(&item.value, "trigger_http").is_none();
    let deaf = unheard.then(|| Gate::Wall(Step::at(item.header, format!("{name} has no HTTP trigger"))));
    let gates = |first: Option<Gate>| {
        let all = deaf.iter().cloned().chain(first).chain([answers.clone(), invokers.clone()]);
        all.collect::<Vec<_>>()
    };
    builder.begins(World::INTERNET, id, gates(Some(direct)));
    let (rung, step) = ladder(dialect, item);
    if let Some(node) = builder.get(id) {
        node.evidence.push(Evidence { rung, step });
        node.labels = Builder::labels(field(&item.value, "labels"));
        let images = values_at(&item.value, dialect.images).into_iter();
        node.images = images.filter_map(|image| Some((image.as_str()?.into(), image.place))).collect();
    }
    let text = field(&item.value, "name").and_then(Value::as_str).map(Into::into);
    Service { id, name: name.clone(), text, balanced: gates(Some(balanced)), within: gates(None) }
}

fn https() -> Ports {
    Ports::range(Protocol::Tcp, 443, 443)
}

/// Who may invoke a service: whoever is not named is refused, and `allUsers` is everybody.
fn invokers(resources: &Resources<'_>, dialect: &Dialect, item: &Item) -> Gate {
    let mut entries: Vec<Entry> = Vec::new();
    if let Some(value) = field(&item.value, "invoker_iam_disabled").filter(|value| value.as_bool() == Some(true)) {
        let step = Step::at(value.place, format!("{} does not ask who invokes it", item.name));
        entries.push(clouds::allow((Ports::all(), None), Sources::everybody(), step));
    }
    for (kind, attribute) in dialect.invokers {
        for grant in belonging(resources, kind, attribute, item, "name") {
            if kind.ends_with("_policy") {
                let policies =
                    field(&grant.value, "policy_data").map(|value| resources.referred(value).items).unwrap_or_default();
                let bindings = policies.iter().flat_map(|policy| values_at(&policy.value, &["binding"]));
                let mut any = false;
                for binding in bindings.flat_map(|value| value.items().iter().chain(std::slice::from_ref(value))) {
                    any = true;
                    entries.extend(granted(resources, binding, grant));
                }
                if !any {
                    let missing = field(&grant.value, "policy_data")
                        .and_then(Missing::of)
                        .unwrap_or_else(|| Missing::new(grant.name.clone()));
                    let sources = Sources { unknown: Some(missing), ..Sources::default() };
                    entries.push(clouds::allow(
                        (Ports::all(), None),
                        sources,
                        Step::at(grant.header, format!("{} may let it in", grant.name)),
                    ));
                }
            } else {
                entries.extend(granted(resources, &grant.value, grant));
            }
        }
    }
    clouds::allowlist(format!("the invoker role of {}", item.name), item.header, entries, None)
}

fn granted(resources: &Resources<'_>, value: &Value, grant: &Item) -> Option<Entry> {
    let role = field(value, "role")?;
    if role.as_str().is_some_and(|role| {
        !role.ends_with(".invoker") && !role.ends_with(".admin") && role != "roles/owner" && role != "roles/editor"
    }) {
        return None;
    }
    let mut sources = Sources::default();
    for key in ["member", "members"] {
        let Some(members) = field(value, key) else { continue };
        let (texts, unknown) = firewall::texts(Some(members));
        for text in texts {
            if text == "allUsers" {
                sources.ranges.extend(Sources::everybody().ranges);
            } else if let Some(account) = text.strip_prefix("serviceAccount:") {
                sources.groups.push(firewall::account_of(account));
            }
        }
        let referred = resources.referred(members);
        let accounts: Vec<&Item> =
            referred.items.into_iter().filter(|item| item.views.iter().any(|view| view.contains("service_account"))).collect();
        sources.groups.extend(accounts.iter().map(|account| firewall::account_of(&account.name)));
        // The mail address of an account is not known, but whose it is.
        if accounts.is_empty() {
            sources.unknown = sources.unknown.take().or(unknown);
        }
    }
    let step = Step::at(grant.header, format!("{} lets it in", grant.name));
    let doubt = role.as_str().is_none().then(|| Missing::of(role)).flatten();
    Some(Entry { doubt, ..clouds::allow((Ports::all(), None), sources, step) })
}

/// The first generation runs in gVisor, the second in a virtual machine ("About execution environments"); without a word the platform
/// chooses, and the lower is what is sure.
fn ladder(dialect: &Dialect, item: &Item) -> (Rung, Step) {
    let written =
        if dialect.environment.is_empty() { None } else { values_at(&item.value, dialect.environment).first().copied() };
    let text = written.and_then(Value::as_str).map(str::to_ascii_lowercase).unwrap_or_default();
    let place = written.map_or(item.header, |value| value.place);
    if text.ends_with("gen2") {
        return (Rung::OwnKernel, Step::at(place, "the second generation has a kernel of its own"));
    }
    if text.ends_with("gen1") || dialect.kind == "google_cloudfunctions_function" {
        return (Rung::Sandboxed, Step::at(place, "the first generation runs in gVisor"));
    }
    (Rung::Sandboxed, Step::at(place, "the platform runs it in gVisor or in a virtual machine"))
}
