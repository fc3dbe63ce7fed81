//! Built-in objects: structures with fixed fields, a chart's files, API versions, times and versions.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::files::Files;
use crate::functions::semver::Version;
use crate::value::{Data, Dict, Value};

/// A built-in object.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Struct(Rc<Struct>),
    Files(Rc<Files>),
    /// `.Capabilities.APIVersions`
    ApiVersions(Rc<Vec<Rc<str>>>),
    /// A moment of the installation.
    Time,
    Version(Rc<Version>),
}

/// A Go structure.
#[derive(Debug)]
pub(crate) struct Struct {
    pub type_name: &'static str,
    pub fields: BTreeMap<&'static str, Value>,
    /// What it prints as.
    pub text: Option<Rc<str>>,
}

impl Object {
    pub(crate) fn structure(
        type_name: &'static str,
        fields: impl IntoIterator<Item = (&'static str, Value)>,
        text: Option<Rc<str>>,
    ) -> Value {
        let fields = fields.into_iter().map(|(name, value)| (name, value.stored())).collect();
        Value::new(Data::Object(Self::Struct(Rc::new(Struct { type_name, fields, text }))))
    }

    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Files(files) => !files.is_empty(),
            Self::ApiVersions(versions) => !versions.is_empty(),
            Self::Struct(_) | Self::Time | Self::Version(_) => true,
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Struct(structure) => structure.type_name,
            Self::Files(_) => "engine.files",
            Self::ApiVersions(_) => "chartutil.VersionSet",
            Self::Time => "time.Time",
            Self::Version(_) => "*semver.Version",
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Struct(_) | Self::Time => "struct",
            Self::Files(_) => "map",
            Self::ApiVersions(_) => "slice",
            Self::Version(_) => "ptr",
        }
    }

    /// As YAML and JSON write it.
    pub(crate) fn as_data(&self) -> Value {
        match self {
            Self::Struct(structure) => {
                let dict = Dict::default();
                // Only the chart's own data have names of their own in JSON, and leave out what is empty.
                let is_chart = structure.type_name == "chart.Metadata";
                for (name, value) in &structure.fields {
                    let name = match *name {
                        "APIVersion" if is_chart => "apiVersion".to_owned(),
                        _ if is_chart => {
                            format!("{}{}", name.get(..1).unwrap_or("").to_ascii_lowercase(), name.get(1..).unwrap_or(""))
                        }
                        _ => (*name).to_owned(),
                    };
                    if !is_chart || value.truth() {
                        dict.set(name, value.clone());
                    }
                }
                dict.into()
            }
            Self::Files(files) => {
                let dict = Dict::default();
                for (name, text) in files.elements() {
                    dict.set(name.as_str().unwrap_or(""), crate::functions::encoding::base64(text.as_str().unwrap_or("")));
                }
                dict.into()
            }
            Self::ApiVersions(versions) => Value::list(versions.iter().map(|version| Value::string(&**version)).collect()),
            Self::Time | Self::Version(_) => Value::string(self.text()),
        }
    }

    /// What it prints as.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Struct(structure) => match &structure.text {
                Some(text) => text.to_string(),
                None => format!("{{{}}}", structure.fields.values().map(crate::print::plain).collect::<Vec<_>>().join(" ")),
            },
            Self::Files(files) => format!("map[{}]", files.names().collect::<Vec<_>>().join(" ")),
            Self::ApiVersions(versions) => {
                format!("[{}]", versions.iter().map(|version| &**version).collect::<Vec<_>>().join(" "))
            }
            Self::Time => TIME.to_owned(),
            Self::Version(version) => version.to_string(),
        }
    }
}

/// Stands for the moment of installation.
pub(crate) const TIME: &str = "2026-01-01 00:00:00 +0000 UTC";
