//! What nodes are for: sensitivity, environment, tenant. From labels and tags that say so, and from what the user states.

use compact_str::CompactString;
use plimsoll_syntax::Place;

use crate::model::{Node, NodeId, World};

/// What the user states about nodes: `[[context]]` in plimsoll.toml.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Context {
    /// A name with `*`, of a node or of a boundary that holds it.
    pub node: CompactString,
    /// What it handles: `pci-dss`, `health`.
    pub sensitivity: Vec<CompactString>,
    /// `production`, `development`, …
    pub environment: Option<CompactString>,
    /// Whose it is.
    pub tenant: Option<CompactString>,
}

/// What is known of a node's purpose, each with the place that says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// What it handles.
    pub sensitivity: Vec<(CompactString, Place)>,
    /// `production`, or another word.
    pub environment: Option<(CompactString, Place)>,
    /// Whose it is.
    pub tenant: Option<(CompactString, Place)>,
}

/// Keys of labels and tags that name an environment; what stands before a `/` does not count, nor do case, `-` and `_`.
const ENVIRONMENT: &[&str] = &["environment", "env", "stage"];
/// Keys that name a tenant.
const TENANT: &[&str] = &["tenant", "tenantid", "customer"];
/// Keys that classify data.
const CLASSIFICATION: &[&str] = &[
    "dataclassification",
    "dataclass",
    "classification",
    "datasensitivity",
    "sensitivity",
    "compliance",
    "compliancescope",
    "datatype",
];
/// Words that a classification has for what must be kept apart, and what they mean.
const SENSITIVE: &[(&str, &str)] = &[
    ("pcidss", "pci-dss"),
    ("pci", "pci-dss"),
    ("cardholder", "pci-dss"),
    ("cardholderdata", "pci-dss"),
    ("hipaa", "health"),
    ("phi", "health"),
    ("health", "health"),
    ("pii", "personal data"),
    ("gdpr", "personal data"),
    ("restricted", "restricted"),
    ("secret", "restricted"),
    ("topsecret", "restricted"),
    ("confidential", "confidential"),
];
/// Values of a label that say no.
const NO: &[&str] = &["false", "no", "none", "0", "outofscope", "notapplicable"];
/// Words for production.
const PRODUCTION: &[&str] = &["production", "prod", "prd", "live"];

/// In lower case, without what stands before a `/`, without `-`, `_`, `.` and blanks.
fn plain(text: &str) -> CompactString {
    let text = text.rsplit('/').next().unwrap_or(text);
    if text.is_ascii() {
        let mut text = CompactString::from(text);
        text.retain(|letter| letter.is_ascii_alphanumeric());
        text.as_mut_str().make_ascii_lowercase();
        return text;
    }
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl World {
    /// What each node is for, in their order.
    #[must_use]
    pub fn purposes(&self, stated: &[Context]) -> Vec<Marks> {
        // Boundaries hold many nodes: what the labels of each say is read once.
        let said: Vec<Marks> = self.nodes.iter().map(said).collect();
        let of_holder = |id: NodeId| said.get(id.0 as usize).cloned().unwrap_or_default();
        self.nodes.iter().zip(&said).map(|(node, own)| self.joined(node, stated, own.clone(), of_holder)).collect()
    }

    /// What a node is for: what is stated of it, what its own labels say, else those of the boundaries that hold it.
    #[must_use]
    pub fn marks(&self, node: &Node, stated: &[Context]) -> Marks {
        self.joined(node, stated, said(node), |id| self.node(id).map(said).unwrap_or_default())
    }

    /// The same with what the labels of the node say, and of each boundary that holds it.
    fn joined(&self, node: &Node, stated: &[Context], own: Marks, of_holder: impl Fn(NodeId) -> Marks) -> Marks {
        let mut marks = Marks::default();
        let holders = || node.inside.iter().filter_map(|id| self.node(*id));
        for context in stated {
            if std::iter::once(node).chain(holders()).any(|node| matches(&context.node, &node.name)) {
                marks.add(Marks {
                    sensitivity: context.sensitivity.iter().map(|word| (word.clone(), Place::NONE)).collect(),
                    environment: context.environment.as_deref().map(|word| (environment(word), Place::NONE)),
                    tenant: context.tenant.clone().map(|word| (word, Place::NONE)),
                });
            }
        }
        marks.add(own);
        node.inside.iter().for_each(|id| marks.add(of_holder(*id)));
        marks
    }
}

impl Marks {
    /// Adds what is not known yet.
    fn add(&mut self, other: Self) {
        if self.sensitivity.is_empty() {
            self.sensitivity = other.sensitivity;
        }
        self.environment = self.environment.take().or(other.environment);
        self.tenant = self.tenant.take().or(other.tenant);
    }
}

/// What a node's own labels say.
fn said(node: &Node) -> Marks {
    let mut marks = Marks::default();
    for (key, value, place) in &node.labels {
        let key = plain(key);
        let word = || plain(value);
        if ENVIRONMENT.contains(&key.as_str()) && !word().is_empty() {
            marks.environment = Some((environment(value), *place));
        } else if TENANT.contains(&key.as_str()) && !word().is_empty() {
            marks.tenant = Some((value.clone(), *place));
        } else if CLASSIFICATION.contains(&key.as_str()) {
            let word = word();
            let sensitive = SENSITIVE.iter().find(|(name, _)| *name == word);
            marks.sensitivity.extend(sensitive.map(|(_, meaning)| ((*meaning).into(), *place)));
        } else if let Some((_, meaning)) = SENSITIVE.iter().take(7).find(|(name, _)| *name == key)
            && !NO.contains(&word().as_str())
        {
            // `pci-dss: "true"`, `pci: in-scope`
            marks.sensitivity.push(((*meaning).into(), *place));
        }
    }
    marks
}

/// One word for production, others as they are.
fn environment(word: &str) -> CompactString {
    if PRODUCTION.contains(&plain(word).as_str()) { "production".into() } else { word.to_lowercase().into() }
}

/// Whether a name is what a pattern with `*` means.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(last) => rest.is_empty() || last.is_empty() || name.ends_with(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        for (pattern, name, expected) in [
            ("aws_lb.edge", "aws_lb.edge", true),
            ("aws_lb.edge", "aws_lb.edge2", false),
            ("aws_lb.*", "aws_lb.edge", true),
            ("*/web", "Deployment/web", true),
            ("*/web", "Deployment/web-2", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn labels_say_what_a_node_is_for() {
        let labelled = |key: &str, value: &str| {
            let mut node = Node::new("x", crate::model::Kind::Workload, "Deployment");
            node.labels.push((key.into(), value.into(), Place::NONE));
            said(&node)
        };
        assert_eq!(labelled("pci-dss", "true").sensitivity[0].0, "pci-dss");
        assert_eq!(labelled("example.com/data-classification", "PCI").sensitivity[0].0, "pci-dss");
        assert!(labelled("pci", "out-of-scope").sensitivity.is_empty());
        assert!(labelled("data-classification", "public").sensitivity.is_empty());
        assert_eq!(labelled("env", "PRD").environment.unwrap().0, "production");
        assert_eq!(labelled("environment", "staging").environment.unwrap().0, "staging");
    }
}
