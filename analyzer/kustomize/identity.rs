//! What objects are called: group, version, kind, name and namespace.

use compact_str::CompactString;
use plimsoll_syntax::Value;

use crate::tree::{loose_text, text_at};

/// Group, version and kind; as a selector, an empty part selects anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gvk {
    pub(crate) group: CompactString,
    pub(crate) version: CompactString,
    pub(crate) kind: CompactString,
}

/// The name of an object in full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    pub(crate) gvk: Gvk,
    pub(crate) name: CompactString,
    pub(crate) namespace: CompactString,
}

/// The kinds without a namespace, by group. A kind that is not known has one: also those that are younger than the schema that
/// Kustomize 5 brings along.
const CLUSTER_WIDE: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    ("admissionregistration.k8s.io", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    ("extensions", &["PodSecurityPolicy"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("networking.k8s.io", &["IngressClass"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
];

impl Gvk {
    /// As an object says it.
    pub(crate) fn of(object: &Value) -> Self {
        Self::parse(&text_at(object, &["apiVersion"]), &text_at(object, &["kind"]))
    }

    /// From `group/version` and a kind.
    pub(crate) fn parse(version: &str, kind: &str) -> Self {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// From the fields `group`, `version`, `kind` (or `apiVersion`) of a configuration.
    pub(crate) fn selector(value: &Value) -> Self {
        let written = Self::parse(&loose_text(value, "apiVersion"), &loose_text(value, "kind"));
        let or = |text: CompactString, other| if text.is_empty() { other } else { text };
        Self {
            group: or(loose_text(value, "group"), written.group),
            version: or(loose_text(value, "version"), written.version),
            kind: written.kind,
        }
    }

    /// Whether the selector selects this.
    pub(crate) fn is_selected_by(&self, selector: &Self) -> bool {
        let fits = |selector: &str, own: &str| selector.is_empty() || selector == own;
        fits(&selector.group, &self.group) && fits(&selector.version, &self.version) && fits(&selector.kind, &self.kind)
    }

    /// Whether objects of this kind are known to have no namespace.
    pub(crate) fn is_cluster_wide(&self) -> bool {
        CLUSTER_WIDE.iter().any(|(group, kinds)| *group == self.group && kinds.contains(&self.kind.as_str()))
    }
}

impl Id {
    /// The namespace that counts.
    pub(crate) fn effective_namespace(&self) -> &str {
        match self.namespace.as_str() {
            _ if self.gvk.is_cluster_wide() => "_",
            "" => "default",
            namespace => namespace,
        }
    }

    /// Whether both name the same object.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.gvk == other.gvk && self.name == other.name && self.effective_namespace() == other.effective_namespace()
    }

    /// Whether both lie in the same namespace.
    pub(crate) fn shares_namespace_with(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// Whether a selector (empty parts select anything) selects this.
    pub(crate) fn is_selected_by(&self, selector: &Self) -> bool {
        (selector.namespace.is_empty() || selector.effective_namespace() == self.effective_namespace())
            && (selector.name.is_empty() || selector.name == self.name)
            && self.gvk.is_selected_by(&selector.gvk)
    }

    /// From the fields of a configuration.
    pub(crate) fn selector(value: &Value) -> Self {
        Self { gvk: Gvk::selector(value), name: loose_text(value, "name"), namespace: loose_text(value, "namespace") }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.gvk.kind, self.name)?;
        if self.namespace.is_empty() { Ok(()) } else { write!(f, " in {}", self.namespace) }
    }
}
