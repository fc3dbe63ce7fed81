//! NetworkPolicies: which pods they are about, and what they deny by default.

use plimsoll_syntax::{Kind, Value};

use crate::selector::{and, or, selects};
use crate::values::{field, follow, is_empty};

/// The directions of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    const fn policy_type(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    const fn rules(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    const fn deny_rules(self) -> &'static str {
        match self {
            Self::Ingress => "ingressDeny",
            Self::Egress => "egressDeny",
        }
    }
}

/// Whether a policy is about pods with these labels. An absent `podSelector` is refused by the API server for `v1`, and was read
/// as an empty one before: it selects every pod.
pub(crate) fn is_about(policy: &Value, labels: &Value) -> Option<bool> {
    let spec = field(policy, "spec");
    // Cilium's policies may have several.
    let several = field(policy, "specs");
    several.items().iter().map(|spec| is_spec_about(spec, labels)).fold(is_spec_about(&spec, labels), or)
}

fn is_spec_about(spec: &Value, labels: &Value) -> Option<bool> {
    if spec.as_map().is_none() {
        return if spec.is_null() { Some(false) } else { None };
    }
    // Cilium's policies have the same selector under another name.
    let selector = match field(spec, "endpointSelector") {
        absent if absent.is_null() => field(spec, "podSelector"),
        selector => selector,
    };
    if selector.is_null() { Some(true) } else { selects(&selector, labels) }
}

/// Whether a policy denies all traffic of one direction to every pod of its namespace, but for what other policies allow.
///
/// Source: the API reference of `NetworkPolicySpec`. Ingress is affected when `policyTypes` is absent; egress then only where
/// there are egress rules.
pub(crate) fn denies_by_default(policy: &Value, direction: Direction) -> Option<bool> {
    let spec = field(policy, "spec");
    let selector = field(&spec, "podSelector");
    let every = match &selector.kind {
        Kind::Null => is_empty(Some(&selector)).filter(|_| spec.as_map().is_some()),
        Kind::Map(_) => {
            let labels = is_empty(Some(&field(&selector, "matchLabels")));
            let expressions = is_empty(Some(&field(&selector, "matchExpressions")));
            and(labels, expressions)
        }
        _ => None,
    };
    let rules = field(&spec, direction.rules());
    let types = field(&spec, "policyTypes");
    let affected = match &types.kind {
        Kind::Null => match direction {
            Direction::Ingress => Some(true),
            Direction::Egress => is_empty(Some(&rules)).map(|empty| !empty),
        },
        Kind::List(list) => {
            let tail = if list.tail.is_some() { None } else { Some(false) };
            let is_it = |item: &Value| item.as_str().map(|text| text == direction.policy_type());
            list.items.iter().map(is_it).fold(tail, or)
        }
        _ => None,
    };
    and(and(every, affected), is_empty(Some(&rules)))
}

/// The same of a policy of Cilium: one with a section for the direction that selects every endpoint turns the default round.
///
/// Source: "Policy Enforcement Modes" of Cilium's documentation.
pub(crate) fn cilium_denies_by_default(policy: &Value, direction: Direction) -> Option<bool> {
    let one = |spec: &Value| {
        let selector = field(spec, "endpointSelector");
        let every = and(is_empty(Some(&field(&selector, "matchLabels"))), is_empty(Some(&field(&selector, "matchExpressions"))));
        let section = [direction.rules(), direction.deny_rules()].iter().any(|key| spec.get(key).is_some());
        and(every, Some(section && selector.as_map().is_some()))
    };
    let several = field(policy, "specs");
    several.items().iter().map(one).fold(one(&field(policy, "spec")), or)
}

/// The ports that a Service or a policy is not about are of no concern here; its type is: `ExternalName` has no pods.
pub(crate) fn has_pods(service: &Value) -> bool {
    follow(service, &["spec", "type"]).as_str() != Some("ExternalName")
}
