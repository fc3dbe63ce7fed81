//! Label selectors: what they select, and when one selects all that another does.

use std::collections::BTreeMap;
use std::fmt;

use compact_str::CompactString;
use plimsoll_syntax::Value;

use crate::note::Unread;
use crate::read::{elements, entries, field, required_text, text};

/// Labels by key.
pub(crate) type Labels = BTreeMap<CompactString, CompactString>;

/// The label that every namespace has, with its name.
pub(crate) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A selector: all requirements must hold. Without any it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Requirement {
    Label(CompactString, CompactString),
    In(CompactString, Vec<CompactString>),
    NotIn(CompactString, Vec<CompactString>),
    Exists(CompactString),
    DoesNotExist(CompactString),
}

impl Selector {
    /// Reads `matchLabels` and `matchExpressions`; nothing written is an empty selector.
    pub(crate) fn read(value: &Value) -> Result<Self, Unread> {
        if !value.is_null() && value.as_map().is_none() {
            return Err(Unread::new(value.place, "a selector that is not known"));
        }
        let mut requirements = Vec::new();
        for (key, value) in entries(&field(value, "matchLabels"))? {
            let wanted = text(value).ok_or_else(|| Unread::new(value.place, "a label's value that is not known"))?;
            requirements.push(Requirement::Label(key.clone(), wanted));
        }
        for expression in elements(&field(value, "matchExpressions"))? {
            requirements.push(Self::expression(expression)?);
        }
        requirements.sort();
        requirements.dedup();
        Ok(Self(requirements))
    }

    /// Reads a bare map of labels, as a Service has it.
    pub(crate) fn exact(value: &Value) -> Result<Self, Unread> {
        let labels = entries(value)?.map(|(key, value)| Some(Requirement::Label(key.clone(), text(value)?)));
        let labels: Option<Vec<_>> = labels.collect();
        labels.map(Self).ok_or_else(|| Unread::new(value.place, "a label's value that is not known"))
    }

    fn expression(value: &Value) -> Result<Requirement, Unread> {
        let key = required_text(value, "key")?;
        let mut values = Vec::new();
        for each in elements(&field(value, "values"))? {
            values.push(text(each).ok_or_else(|| Unread::new(each.place, "a label's value that is not known"))?);
        }
        values.sort();
        match required_text(value, "operator")?.as_str() {
            "In" => Ok(Requirement::In(key, values)),
            "NotIn" => Ok(Requirement::NotIn(key, values)),
            "Exists" => Ok(Requirement::Exists(key)),
            "DoesNotExist" => Ok(Requirement::DoesNotExist(key)),
            _ => Err(Unread::new(value.place, "an operator that selectors do not have")),
        }
    }

    /// Whether it selects everything.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn selects(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }

    /// A label that everything has that it selects, if it names one.
    pub(crate) fn first_label(&self) -> Option<(&CompactString, &CompactString)> {
        self.0.iter().find_map(|requirement| match requirement {
            Requirement::Label(key, value) => Some((key, value)),
            _ => None,
        })
    }

    /// Whether it asks for nothing but a namespace's name.
    pub(crate) fn asks_for_names_only(&self) -> bool {
        self.0.iter().all(|requirement| requirement.key() == NAME_LABEL)
    }

    /// Whether what it asks of names, if anything, holds.
    pub(crate) fn name_fits(&self, labels: &Labels) -> bool {
        self.0.iter().filter(|requirement| requirement.key() == NAME_LABEL).all(|requirement| requirement.holds(labels))
    }

    /// The namespace that it names, when that is all it does.
    pub(crate) fn only_name(&self) -> Option<&CompactString> {
        match self.0.as_slice() {
            [Requirement::Label(key, name)] if key == NAME_LABEL => Some(name),
            _ => None,
        }
    }

    /// Whether it is written with `matchLabels` alone.
    pub(crate) fn has_labels_only(&self) -> bool {
        self.0.iter().all(|requirement| matches!(requirement, Requirement::Label(..)))
    }

    /// Whether all that this selects is selected by `wider`, too.
    pub(crate) fn implies(&self, wider: &Self) -> bool {
        wider.0.iter().all(|wanted| self.0.iter().any(|given| given.implies(wanted)))
    }
}

impl Requirement {
    const fn key(&self) -> &CompactString {
        match self {
            Self::Label(key, _) | Self::In(key, _) | Self::NotIn(key, _) | Self::Exists(key) | Self::DoesNotExist(key) => key,
        }
    }

    fn holds(&self, labels: &Labels) -> bool {
        let label = labels.get(self.key());
        match self {
            Self::Label(_, value) => label == Some(value),
            Self::In(_, values) => label.is_some_and(|label| values.contains(label)),
            // A label that is not there is in no list.
            Self::NotIn(_, values) => label.is_none_or(|label| !values.contains(label)),
            Self::Exists(_) => label.is_some(),
            Self::DoesNotExist(_) => label.is_none(),
        }
    }

    /// The values that it leaves, when it lists them.
    fn listed(&self) -> Option<&[CompactString]> {
        match self {
            Self::Label(_, value) => Some(std::slice::from_ref(value)),
            Self::In(_, values) => Some(values),
            _ => None,
        }
    }

    fn implies(&self, wanted: &Self) -> bool {
        if self.key() != wanted.key() {
            return false;
        }
        match wanted {
            Self::Label(_, value) => self.listed().is_some_and(|listed| listed.iter().all(|each| each == value)),
            Self::In(_, values) => self.listed().is_some_and(|listed| listed.iter().all(|each| values.contains(each))),
            Self::NotIn(_, values) => match self {
                Self::NotIn(_, own) => values.iter().all(|value| own.contains(value)),
                Self::DoesNotExist(_) => true,
                _ => self.listed().is_some_and(|listed| listed.iter().all(|each| !values.contains(each))),
            },
            Self::Exists(_) => matches!(self, Self::Exists(_)) || self.listed().is_some(),
            Self::DoesNotExist(_) => matches!(self, Self::DoesNotExist(_)),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "{{{}}}", written.join(","))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, operator, values): (_, _, &[CompactString]) = match self {
            Self::Label(key, value) => return write!(f, "{key}={value}"),
            Self::In(key, values) => (key, "In", values),
            Self::NotIn(key, values) => (key, "NotIn", values),
            Self::Exists(key) => (key, "Exists", &[]),
            Self::DoesNotExist(key) => (key, "DoesNotExist", &[]),
        };
        write!(f, "{{Key:{key},Operator:{operator},Values:[{}],}}", values.join(" "))
    }
}
