//! What a workload is open to beyond the pods of the manifests: pods that a policy speaks of though none is there, and any pod.

use std::collections::BTreeMap;

use crate::pod::{Namespaces, Workload};
use crate::policy::{DIRECTIONS, Imagined, Policy, RulePeer, Spaces};
use crate::selector::Selector;

/// Any pod of the cluster, of which nothing is known.
pub(crate) fn any() -> Imagined {
    Imagined { spaces: Spaces::Selected(Selector::default()), pods: Selector::default(), home: None }
}

/// The pods that the policies' rules speak of, once each; without those of whom the manifests have one.
pub(crate) fn imagined(policies: &[Policy], workloads: &[Workload], namespaces: &mut Namespaces) -> Vec<Imagined> {
    let mut found: BTreeMap<(Spaces, Selector), Imagined> = BTreeMap::new();
    let first = policies.iter().filter(|policy| policy.networks.is_none());
    let rules = first.flat_map(|policy| DIRECTIONS.into_iter().flat_map(|direction| policy.rules(direction).unwrap_or_default()));
    for peer in rules.flat_map(|rule| rule.peers.as_deref().unwrap_or_default()) {
        let RulePeer::Pods(spaces, pods) = peer else { continue };
        let spaces = match spaces {
            Spaces::Selected(selector) => match selector.only_name() {
                Some(name) => Spaces::Named(name.clone()),
                None => spaces.clone(),
            },
            Spaces::Named(_) => spaces.clone(),
            // Which namespaces those are depends on who asks.
            Spaces::Same(_) | Spaces::NotSame(_) => continue,
        };
        let home = match &spaces {
            Spaces::Named(name) => Some(namespaces.get(name)),
            _ => None,
        };
        let imagined = Imagined { spaces: spaces.clone(), pods: pods.clone(), home };
        if imagined != any() && !is_there(&imagined, workloads) {
            found.insert((spaces, pods.clone()), imagined);
        }
    }
    found.into_values().collect()
}

/// Whether a pod of the manifests is what is imagined: then the connection with it says all. Where a selector leaves open what
/// else there is, such as any namespace or any pod, one pod does not.
fn is_there(imagined: &Imagined, workloads: &[Workload]) -> bool {
    let exact = match &imagined.spaces {
        Spaces::Selected(selector) => !selector.is_empty() && selector.has_labels_only(),
        _ => true,
    };
    if !exact || imagined.pods.is_empty() || !imagined.pods.has_labels_only() {
        return false;
    }
    let mut pods = workloads.iter().flat_map(|workload| &workload.pods);
    pods.any(|pod| imagined.pods.selects(&pod.labels) && imagined.spaces.has(&pod.namespace, &pod.namespace).yes)
}
