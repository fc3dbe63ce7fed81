//! What selectors that reach over namespaces lead to: the peers of a NetworkPolicy, the Services of a ServiceMonitor.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{Item, Place, Value};

use super::{Cluster, Related, slice};
use crate::namespace::{labels, namespace_of};
use crate::selector::{and, or, selects};
use crate::values::{field, follow, is_open, shown};

/// The label that the API server gives every namespace.
const NAME: &str = "kubernetes.io/metadata.name";

impl Cluster {
    /// The workloads that a peer of a NetworkPolicy selects; an address range selects none.
    pub(super) fn peers(&self, peer: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        let (pods, namespaces) = (field(&peer.value, "podSelector"), field(&peer.value, "namespaceSelector"));
        if pods.is_null() && namespaces.is_null() {
            return related;
        }
        let home = namespace_of(peer).unwrap_or_default();
        self.look(slice::WORKLOADS, None);
        for workload in self.held.workloads() {
            let namespace = namespace_of(workload).unwrap_or_default();
            let here = match namespaces.is_null() {
                true => Some(namespace == home),
                false => selects(&namespaces, &self.namespace_labels(&namespace)),
            };
            let selected = || if pods.is_null() { Some(true) } else { selects(&pods, &labels(workload)) };
            related.add(workload, if here == Some(false) { here } else { and(here, selected()) });
        }
        related
    }

    /// The labels of a namespace: all of them where it is declared.
    fn namespace_labels(&self, name: &str) -> Value {
        let own = Value::string(name, Place::NONE);
        let declared = self.objects_of("Namespace").find(|object| object.value.str_at(&["metadata", "name"]) == Some(name));
        let mut map = match declared.map(|object| follow(&object.value, &["metadata", "labels"])) {
            Some(labels) if is_open(&labels) => return labels,
            Some(labels) => labels.as_map().cloned().unwrap_or_default(),
            None => Map { tail: Some(Arc::new(Unknown::new(Reason::Rendered, CompactString::from(name)))), ..Map::default() },
        };
        map.set(NAME, own);
        Value::map(map, Place::NONE)
    }

    /// The Services that a ServiceMonitor scrapes.
    pub(super) fn monitored(&self, monitor: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        let spec = field(&monitor.value, "spec");
        let (selector, among) = (field(&spec, "selector"), field(&spec, "namespaceSelector"));
        let any = among.at(&["any"]).and_then(Value::as_bool) == Some(true);
        let names = field(&among, "matchNames");
        let home = namespace_of(monitor).unwrap_or_default();
        for service in self.objects_of("Service") {
            let namespace = namespace_of(service).unwrap_or_default();
            let named = |name: &Value| shown(name).map(|name| name == namespace);
            let here = match names.items() {
                _ if any => Some(true),
                [] if names.is_null() || names.as_list().is_some() => Some(namespace == home),
                [] => None,
                names => names.iter().map(named).fold(Some(false), or),
            };
            let selected = if selector.is_null() {
                Some(true)
            } else {
                selects(&selector, &follow(&service.value, &["metadata", "labels"]))
            };
            related.add(service, and(here, selected));
        }
        related
    }
}
