//! Ingresses: by whom they are served, and where they lead.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};

use super::cluster::Cluster;
use super::entry;
use super::objects::{Objects, Workload, annotation, name_of, namespace_of, port, says_true, shown, single};
use super::peer::OUTSIDE;
use super::service::Services;
use crate::builder::Builder;
use crate::filter::Sources;
use crate::model::{Gate, Kind, NodeId};
use crate::resources::field;
use crate::said::{Missing, Step};

/// Controllers: the class that they are called by, how the `controller` of their IngressClass begins, parts of their images.
const CONTROLLERS: &[(&str, &str, &[&str])] = &[
    ("nginx", "k8s.io/ingress-nginx", &["ingress-nginx/controller", "nginx-ingress-controller"]),
    ("nginx", "nginx.org/ingress-controller", &["nginx/nginx-ingress", "nginx-ic/nginx-plus-ingress"]),
    ("traefik", "traefik.io/ingress-controller", &["traefik"]),
    ("haproxy", "haproxy", &["haproxytech/kubernetes-ingress", "haproxy-ingress"]),
    ("kong", "ingress-controllers.konghq.com/kong", &["kong:", "kong/kong"]),
    ("contour", "projectcontour.io/", &["envoyproxy/envoy"]),
    ("istio", "istio.io/ingress-controller", &["istio/proxyv2"]),
];

/// Load balancers of clouds by class and by controller.
const CLOUDS: &[(&str, &str, Cloud)] = &[
    ("alb", "ingress.k8s.aws/alb", Cloud::Alb),
    ("alb", "eks.amazonaws.com/alb", Cloud::Alb),
    ("gce", "k8s.io/ingress-gce", Cloud::Google),
    ("gce-internal", "k8s.io/ingress-gce-internal", Cloud::GoogleInternal),
];

#[derive(Clone, Copy)]
enum Cloud {
    /// AWS Load Balancer Controller: internal unless its scheme says otherwise (its guide, "Ingress annotations", `scheme`).
    Alb,
    /// GKE: external (GKE guide, "GKE Ingress for Application Load Balancers").
    Google,
    GoogleInternal,
}

/// Who serves an Ingress.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Cloud,
    Workload,
    /// Nobody who is here.
    Nobody,
}

/// The class of an Ingress.
struct Class<'a> {
    name: Option<&'a str>,
    place: Place,
    /// The IngressClass, where it is here.
    item: Option<&'a Item>,
}

impl<'a> Class<'a> {
    fn of(item: &'a Item, objects: &Objects<'a>) -> Self {
        let written = item.value.at(&["spec", "ingressClassName"]).filter(|value| !value.is_null());
        let written = written.or_else(|| annotation(&item.value, "kubernetes.io/ingress.class"));
        let name = written.and_then(Value::as_str);
        let is_default =
            |class: &&Item| annotation(&class.value, "ingressclass.kubernetes.io/is-default-class").is_some_and(says_true);
        let item_of = match (written, name) {
            (_, Some(name)) => objects.of_kind("IngressClass").find(|class| name_of(class) == name),
            (None, _) => objects.of_kind("IngressClass").find(is_default),
            _ => None,
        };
        let name = name.or_else(|| item_of?.value.str_at(&["metadata", "name"]));
        Self { name, place: written.map_or(item.header, |value| value.place), item: item_of }
    }

    fn controller(&self) -> Option<&'a str> {
        self.item?.value.str_at(&["spec", "controller"])
    }

    fn fits(&self, name: &str, controller: &str) -> bool {
        match (self.controller(), self.name) {
            (Some(own), _) => own.starts_with(controller),
            (None, Some(own)) => own == name,
            (None, None) => false,
        }
    }

    fn cloud(&self) -> Option<Cloud> {
        let by_controller = |own: &str| CLOUDS.iter().find(|(_, controller, _)| *controller == own);
        let by_name = |own: &str| CLOUDS.iter().find(|(name, ..)| *name == own);
        let found = match self.controller() {
            Some(own) => by_controller(own),
            None => by_name(self.name?),
        };
        found.map(|(.., cloud)| *cloud)
    }
}

/// Adds the Ingresses.
pub(super) fn build(objects: &Objects<'_>, services: &Services, cluster: &Cluster, builder: &mut Builder) {
    let controllers = controllers(objects);
    for item in objects.of_group("Ingress", &["networking.k8s.io", "extensions"]) {
        let title = objects.title(&item.name, item);
        let mut node = Builder::describe(item, Kind::Proxy);
        node.name.clone_from(&title);
        node.platform = "Ingress".into();
        node.inside = cluster.inside(&namespace_of(item));
        node.labels = Builder::labels(item.value.at(&["metadata", "labels"]));
        let id = builder.node(node);
        let class = Class::of(item, objects);
        let known = match class.cloud() {
            Some(Cloud::Alb) => alb(item, &title, &class, objects, id, builder),
            Some(Cloud::Google) => google(item, &title, id, builder),
            Some(Cloud::GoogleInternal) => {
                let wall = Gate::Wall(Step::at(class.place, format!("the load balancer of {title} is internal")));
                entry::outside(id, wall, &[], builder);
                By::Cloud
            }
            None => served(item, &title, &class, &controllers, id, builder),
        };
        if known == By::Nobody {
            // Whoever serves it is a pod that is not here.
            if let Some(node) = builder.get(id) {
                node.groups.push(OUTSIDE.into());
            }
        }
        let front = Front { route: item, title: &title, from: id, renews: known != By::Workload, before: None };
        backends(objects, &front, services, builder);
    }
}

/// Adds the Routes of OpenShift, which its routers serve: whether those have a public address is not known ("Configuring ingress cluster
/// traffic").
pub(super) fn routes(objects: &Objects<'_>, services: &Services, cluster: &Cluster, builder: &mut Builder) {
    for item in objects.of_group("Route", &["route.openshift.io"]) {
        let title = objects.title(&item.name, item);
        let mut node = Builder::describe(item, Kind::Proxy);
        node.name.clone_from(&title);
        node.platform = "Route".into();
        node.inside = cluster.inside(&namespace_of(item));
        node.groups.push(OUTSIDE.into());
        let id = builder.node(node);
        let gate = Gate::Unknown(
            Step::at(item.header, format!("a router of the cluster serves {title}")),
            Missing::new("whether the routers of the cluster have a public address"),
        );
        let rest: Vec<Gate> = listens(&[80, 443], item.header, &title).into_iter().collect();
        entry::outside(id, gate, &rest, builder);
        let others = item.value.at(&["spec", "alternateBackends"]).map(Value::items).unwrap_or_default();
        let port = item.value.at(&["spec", "port", "targetPort"]);
        for backend in item.value.at(&["spec", "to"]).into_iter().chain(others) {
            let name = field(backend, "name").and_then(shown).unwrap_or_default();
            let Some(service) = services.named(&namespace_of(item), &name) else { continue };
            let step = Step::at(backend.place, format!("{title} leads to {}", service.title));
            builder.forwards(
                id,
                service.node,
                std::iter::once(service.target(port, step)).chain(service.nowhere.clone()).collect(),
            );
        }
    }
}

/// What leads to Services.
pub(super) struct Front<'r> {
    /// The Ingress or route.
    pub(super) route: &'r Item,
    pub(super) title: &'r str,
    pub(super) from: NodeId,
    /// It speaks for itself; where a workload here serves it, that does.
    pub(super) renews: bool,
    /// What stands before all of its backends.
    pub(super) before: Option<Gate>,
}

/// The ways from an Ingress or a gateway to the Services that it leads to.
pub(super) fn backends(objects: &Objects<'_>, front: &Front<'_>, services: &Services, builder: &mut Builder) {
    let (route, title) = (front.route, front.title);
    let mut told: Vec<(NodeId, Option<&Value>)> = Vec::new();
    for backend in objects.backends(route) {
        let name = field(&backend.value, "service_name").and_then(shown).unwrap_or_default();
        let space = field(&backend.value, "service_namespace").and_then(shown).unwrap_or_else(|| namespace_of(route));
        let Some(service) = services.named(&space, &name) else { continue };
        let wanted = field(&backend.value, "port");
        if told.iter().any(|(known, port)| *known == service.node && port.map(|port| &port.kind) == wanted.map(|port| &port.kind))
        {
            continue;
        }
        told.push((service.node, wanted));
        let at: String = ["host", "path"].iter().filter_map(|key| shown(field(&backend.value, key)?)).map(String::from).collect();
        let at = if at.is_empty() { "everything".to_owned() } else { at };
        let step = Step::at(backend.header, format!("{title} leads {at} to {}", service.title));
        let refused = refused(objects, route, title, &space, backend);
        let gates = [front.before.clone(), refused, Some(service.gate(wanted, step)), service.nowhere.clone()];
        let gates = gates.into_iter().flatten().collect();
        if front.renews {
            builder.forwards(front.from, service.node, gates);
        } else {
            builder.passes_on(front.from, service.node, gates);
        }
    }
}

/// An Application Load Balancer of AWS.
fn alb(item: &Item, title: &str, class: &Class<'_>, objects: &Objects<'_>, id: NodeId, builder: &mut Builder) -> By {
    let value = &item.value;
    let internal =
        |place: Place, why: &str| Gate::Wall(Step::at(place, format!("the load balancer of {title} is internal{why}")));
    let public = |place: Place| Gate::Open(Step::at(place, format!("the load balancer of {title} faces the internet")));
    let of = |scheme: &Value| match scheme.as_str() {
        Some("internet-facing") => public(scheme.place),
        Some(_) => internal(scheme.place, ""),
        None => {
            let missing = Missing::of(scheme).unwrap_or_else(|| Missing::new("the scheme of the load balancer"));
            Gate::Unknown(Step::at(scheme.place, format!("the load balancer of {title} may face the internet")), missing)
        }
    };
    let parameters = class.item.and_then(|class| class.value.at(&["spec", "parameters", "name"]));
    let given = parameters.and_then(|name| {
        let found = objects.of_kind("IngressClassParams").find(|params| Some(name_of(params).as_str()) == name.as_str());
        found.map(|params| params.value.at(&["spec", "scheme"]).filter(|value| !value.is_null()))
    });
    let own = annotation(value, "alb.ingress.kubernetes.io/scheme");
    let gate = match (given, parameters, own) {
        // The class overrides the annotation.
        (Some(Some(scheme)), ..) => of(scheme),
        (None, Some(name), _) => {
            let missing = Missing::new(format!("IngressClassParams/{}", shown(name).unwrap_or_default()));
            Gate::Unknown(Step::at(name.place, format!("the load balancer of {title} may face the internet")), missing)
        }
        (.., Some(scheme)) => of(scheme),
        (.., None) => internal(class.place, ": without a scheme it always is"),
    };
    let mut rest = Vec::new();
    if let Some(groups) = annotation(value, "alb.ingress.kubernetes.io/security-groups") {
        let missing = Missing::new(format!("the rules of {}", shown(groups).unwrap_or_default()));
        rest.push(Gate::Unknown(Step::at(groups.place, format!("the load balancer of {title} has security groups")), missing));
    } else if let Some(blocks) = annotation(value, "alb.ingress.kubernetes.io/inbound-cidrs") {
        let mut sources = Sources::default();
        entry::listed(blocks, &mut sources);
        rest.push(entry::filter(format!("the load balancer of {title}"), blocks.place, sources));
    }
    let written = annotation(value, "alb.ingress.kubernetes.io/listen-ports");
    let certificate = annotation(value, "alb.ingress.kubernetes.io/certificate-arn").is_some();
    let ports: Vec<u16> = match written.and_then(Value::as_str) {
        Some(text) => text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect(),
        None if written.is_some() => Vec::new(),
        None => vec![if certificate { 443 } else { 80 }],
    };
    rest.extend(listens(&ports, written.map_or(item.header, |value| value.place), title));
    entry::outside(id, gate, &rest, builder);
    By::Cloud
}

/// An Application Load Balancer of Google.
fn google(item: &Item, title: &str, id: NodeId, builder: &mut Builder) -> By {
    let value = &item.value;
    let mut ports = Vec::new();
    if annotation(value, "kubernetes.io/ingress.allow-http").and_then(Value::as_str) != Some("false") {
        ports.push(80);
    }
    let certificates = ["networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert"];
    if value.at(&["spec", "tls"]).is_some() || certificates.iter().any(|key| annotation(value, key).is_some()) {
        ports.push(443);
    }
    let rest: Vec<Gate> = listens(&ports, item.header, title).into_iter().collect();
    let gate = Gate::Open(Step::at(item.header, format!("the load balancer of {title} has a public address")));
    entry::outside(id, gate, &rest, builder);
    By::Cloud
}

/// The workloads that run a controller, with its number in `CONTROLLERS`.
fn controllers<'o>(objects: &'o Objects<'_>) -> Vec<(usize, &'o Workload<'o>)> {
    let runs = |workload: &Workload<'_>, images: &[&str]| {
        let containers = workload.item.value.get("containers").map(Value::items).unwrap_or_default();
        let mut own = containers.iter().filter_map(|container| field(container, "image")?.as_str());
        own.any(|image| images.iter().any(|part| image.contains(part)))
    };
    let all = objects.workloads.iter().flat_map(|workload| {
        let fits = CONTROLLERS.iter().enumerate().filter(move |(_, (.., images))| runs(workload, images));
        fits.map(move |(at, _)| (at, workload))
    });
    all.collect()
}

/// A program in the cluster: one that is here, or one of which nothing is known.
fn served(
    item: &Item,
    title: &str,
    class: &Class<'_>,
    controllers: &[(usize, &Workload<'_>)],
    id: NodeId,
    builder: &mut Builder,
) -> By {
    let fits =
        |at: usize| CONTROLLERS.get(at).is_some_and(|(name, controller, _)| class.name.is_none() || class.fits(name, controller));
    let mut servers: Vec<&Workload<'_>> = Vec::new();
    for (_, workload) in controllers.iter().filter(|(at, _)| fits(*at)) {
        if !servers.last().is_some_and(|known| std::ptr::eq(*known, *workload)) {
            servers.push(workload);
        }
    }
    for workload in &servers {
        let step = Step::at(item.header, format!("{} serves {title}", workload.name));
        builder.forwards(workload.node, id, vec![Gate::Open(step)]);
    }
    let found = !servers.is_empty();
    if !found {
        let of = class.name.map(|name| format!(" of class {name}")).unwrap_or_default();
        let missing = Missing::new(format!("whether the ingress controller{of} has a public address"));
        let gate = Gate::Unknown(Step::at(class.place, format!("the ingress controller{of} serves {title}")), missing);
        let rest: Vec<Gate> = listens(&[80, 443], item.header, title).into_iter().collect();
        entry::outside(id, gate, &rest, builder);
    }
    if found { By::Workload } else { By::Nobody }
}

/// The wall before a Service of another namespace, which must be granted to a route ("ReferenceGrant"); an Ingress has no such thing.
fn refused(objects: &Objects<'_>, route: &Item, title: &str, space: &str, backend: &Item) -> Option<Gate> {
    let (home, kind) = (namespace_of(route), route.value.str_at(&["kind"])?);
    if space == home {
        return None;
    }
    let mut grants = objects.of_kind("ReferenceGrant").filter(|grant| namespace_of(grant) == space);
    let granted = grants.any(|grant| {
        let list = |key: &str| grant.value.at(&["spec", key]).map(Value::items).unwrap_or_default();
        let from =
            |each: &Value| each.str_at(&["kind"]) == Some(kind) && each.str_at(&["namespace"]).is_none_or(|own| own == home);
        let to = |each: &Value| each.str_at(&["kind"]) == Some("Service");
        list("from").iter().any(from) && list("to").iter().any(to)
    });
    let message = format!("no ReferenceGrant of namespace {space} lets {title} lead there");
    (!granted).then(|| Gate::Wall(Step::at(backend.header, message)))
}

/// The ports that a proxy listens on.
pub(super) fn listens(ports: &[u16], place: Place, title: &str) -> Option<Gate> {
    let all = ports.iter().fold(Ports::default(), |all, port| all.union(&single(Protocol::Tcp, *port)));
    (!ports.is_empty()).then(|| Gate::Only(all, Step::at(place, format!("{title} answers there"))))
}

/// A port that is written as a number.
pub(super) fn number(value: Option<&Value>) -> Option<u16> {
    value.and_then(port)
}
