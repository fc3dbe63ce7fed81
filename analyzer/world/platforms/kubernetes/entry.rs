//! How a Service is entered from outside of its cluster: balancers, node ports, external addresses.

use std::sync::Arc;

use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Value};

use super::objects::annotation;
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::{Gate, NodeId, World};
use crate::platforms::entries::addresses;
use crate::said::{Missing, Step};

/// Annotations that keep a balancer off the internet, with the value that does ("" for any but `false`). From "Service", "Internal load
/// balancer", and the providers' pages.
const BALANCERS: &[(&str, &str)] = &[
    ("service.beta.kubernetes.io/aws-load-balancer-internal", ""),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
    ("networking.gke.io/load-balancer-type", "internal"),
    ("cloud.google.com/load-balancer-type", "internal"),
    ("service.beta.kubernetes.io/openstack-internal-load-balancer", "true"),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", "true"),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private"),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", "intranet"),
    ("service.beta.kubernetes.io/do-loadbalancer-network", "internal"),
    ("service.beta.kubernetes.io/scw-loadbalancer-private", "true"),
    ("load-balancer.hetzner.cloud/disable-public-network", "true"),
];

/// Annotations that name the balancer's address: MetalLB, kube-vip, Cilium.
const ADDRESSES: &[&str] = &[
    "metallb.universe.tf/loadBalancerIPs",
    "metallb.io/loadBalancerIPs",
    "kube-vip.io/loadbalancerIPs",
    "lbipam.cilium.io/ips",
    "io.cilium/lb-ipam-ips",
];

/// Where the AWS Load Balancer Controller takes over, whose balancers are internal unless said otherwise (its guide, "Network Load
/// Balancer", `aws-load-balancer-scheme`).
const AWS_SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const AWS_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
const AWS_TYPES: &[&str] = &["external", "nlb-ip"];
const AWS_CLASSES: &[&str] = &["service.k8s.aws/nlb", "eks.amazonaws.com/nlb"];
const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Ways from the internet and from the local network. What keeps the internet out need not keep the local network out.
pub(super) fn outside(to: NodeId, public: Gate, rest: &[Gate], builder: &mut Builder) {
    let near = match &public {
        Gate::Wall(step) => Gate::Unknown(step.clone(), Missing::new("whether the local network leads to it")),
        other => other.clone(),
    };
    for (from, first) in [(World::INTERNET, public), (World::LAN, near)] {
        let gates = std::iter::once(first).chain(rest.iter().cloned()).collect();
        builder.begins(from, to, gates);
    }
}

/// Whether the balancer of a Service has a public address.
pub(super) fn balancer(item: &Item, title: &str) -> Gate {
    let value = &item.value;
    let internal = |place| Gate::Wall(Step::at(place, format!("the load balancer of {title} is internal")));
    for (key, wanted) in BALANCERS {
        let Some(written) = annotation(value, key) else { continue };
        match written.as_str() {
            Some(text) if wanted.is_empty() && !matches!(text, "false" | "") => return internal(written.place),
            Some(text) if !wanted.is_empty() && text.eq_ignore_ascii_case(wanted) => return internal(written.place),
            Some(_) => {}
            None if written.as_bool() == Some(true) => return internal(written.place),
            None => {
                if let Some(missing) = Missing::of(written) {
                    return Gate::Unknown(
                        Step::at(written.place, format!("the load balancer of {title} may be internal")),
                        missing,
                    );
                }
            }
        }
    }
    let class =
        value.at(&["spec", "loadBalancerClass"]).filter(|class| class.as_str().is_some_and(|class| AWS_CLASSES.contains(&class)));
    let kind = annotation(value, AWS_TYPE).filter(|kind| kind.as_str().is_some_and(|kind| AWS_TYPES.contains(&kind)));
    if let Some(by) = class.or(kind).filter(|_| annotation(value, AWS_SCHEME).is_none()) {
        let message = format!("the load balancer of {title} is internal: its controller makes no other unless asked to");
        return Gate::Wall(Step::at(by.place, message));
    }
    if let Some(place) = private_address(value) {
        return Gate::Wall(Step::at(place, format!("the load balancer of {title} has a private address")));
    }
    let place = value.at(&["spec", "type"]).map_or(item.header, |value| value.place);
    Gate::Open(Step::at(place, format!("the load balancer of {title} has a public address")))
}

fn private_address(value: &Value) -> Option<plimsoll_syntax::Place> {
    let own = value.at(&["spec", "loadBalancerIP"]);
    let mut all = own.into_iter().chain(ADDRESSES.iter().filter_map(|key| annotation(value, key)));
    let private = |written: &&Value| {
        let text = written.as_str().unwrap_or("");
        !text.is_empty() && text.split(',').all(|each| Range::parse(each).is_some_and(Range::is_private))
    };
    all.find(private).map(|written| written.place)
}

/// Who may come through the balancer: everybody unless ranges are named.
pub(super) fn ranges(item: &Item, title: &str) -> Option<Gate> {
    let written = item.value.at(&["spec", "loadBalancerSourceRanges"]).filter(|value| !value.is_null() && !is_empty(value));
    let mut sources = Sources::default();
    let place = match written {
        Some(value) => {
            addresses(Some(value), &mut sources);
            value.place
        }
        None => {
            let value = annotation(&item.value, RANGES)?;
            listed(value, &mut sources);
            value.place
        }
    };
    Some(filter(format!("the load balancer of {title}"), place, sources))
}

/// Adds the addresses of a text with commas.
pub(super) fn listed(value: &Value, sources: &mut Sources) {
    let Some(text) = value.as_str() else {
        sources.unknown = Missing::of(value).or_else(|| Some(Missing::new("the addresses")));
        return;
    };
    for each in text.split(',').map(str::trim).filter(|each| !each.is_empty()) {
        match Range::parse(each) {
            Some(range) => sources.ranges.push(range),
            None => sources.unknown = Some(Missing::new(each)),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none())
}

/// A filter that lets some addresses in on every port.
pub(super) fn filter(name: String, place: plimsoll_syntax::Place, sources: Sources) -> Gate {
    let step = Step::at(place, format!("{name} lets it in"));
    let entry = Entry { allows: true, ports: Ports::all(), maybe_ports: None, sources, step, doubt: None, passes_to: None };
    Gate::Filter(Arc::new(Filter { name, place, entries: vec![entry], otherwise: Otherwise::Refused, more: None }))
}

/// The addresses of `externalIPs`: from the internet, and from the local network ("Service", "External IPs").
pub(super) fn external(item: &Item, title: &str, to: NodeId, rest: &[Gate], builder: &mut Builder) {
    for written in item.value.at(&["spec", "externalIPs"]).map(Value::items).unwrap_or_default() {
        let shown = super::objects::shown(written).unwrap_or_default();
        let step = |message: String| Step::at(written.place, message);
        let gate = match written.as_str().and_then(Range::parse) {
            Some(range) if range.is_private() => {
                let open = Gate::Open(step(format!("nodes answer for {title} at {shown}")));
                let gates = std::iter::once(open).chain(rest.iter().cloned()).collect();
                builder.begins(World::LAN, to, gates);
                Gate::Wall(step(format!("{shown} is a private address")))
            }
            _ => Gate::Unknown(
                step(format!("nodes answer for {title} at {shown}")),
                Missing::new(format!("whether {shown} leads to a node of the cluster")),
            ),
        };
        let gates = std::iter::once(gate).chain(rest.iter().cloned()).collect();
        builder.begins(World::INTERNET, to, gates);
    }
}
