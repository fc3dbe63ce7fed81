//! What plimsoll.toml states about the world: `[assume]`, `[[context]]`, `[[intended]]`.

use camino::Utf8PathBuf;
use plimsoll_syntax::Span;
use plimsoll_world::{Assume, Context, Stand, matches};
use serde::Deserialize;
use toml::Spanned;

/// What the user states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stated {
    /// Facts that code cannot show.
    pub assume: Assume,
    /// What nodes are for.
    pub contexts: Vec<Context>,
    /// Exposures that are meant.
    pub intended: Vec<Intended>,
    /// The file that states it, relative to the workspace; nothing where it lies outside.
    pub path: Option<Utf8PathBuf>,
}

/// An exposure that is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Intended {
    /// A name with `*`.
    pub node: String,
    /// On this port; every one when nothing is said.
    pub port: Option<u16>,
    /// From there; the internet when nothing is said.
    pub from: Option<String>,
    /// Why.
    pub reason: String,
    /// Year, month and day of the last day on which it holds.
    pub until: Option<(u16, u8, u8)>,
    /// The table in the file.
    pub span: Span,
}

/// What is wrong with it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misstated {
    /// In one sentence without a full stop.
    pub message: String,
    /// In the file.
    pub span: Span,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    assume: Assumptions,
    #[serde(default)]
    context: Vec<Purpose>,
    #[serde(default)]
    intended: Vec<Spanned<Meant>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Assumptions {
    hosts: Option<Hosts>,
    network_policies: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Hosts {
    Public,
    BehindNat,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Purpose {
    node: String,
    #[serde(default)]
    sensitivity: Vec<String>,
    environment: Option<String>,
    tenant: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meant {
    node: String,
    port: Option<u16>,
    from: Option<String>,
    reason: String,
    until: Option<toml::value::Datetime>,
}

impl Stated {
    /// Reads the three tables; other keys are left to others.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, Misstated> {
        let document: Document = toml::from_str(text).map_err(|error| Misstated {
            message: error.message().to_owned(),
            span: error.span().map(|span| Span::of(span.start, span.end)).unwrap_or_default(),
        })?;
        let hosts = document.assume.hosts.map(|hosts| match hosts {
            Hosts::Public => Stand::Public,
            Hosts::BehindNat => Stand::BehindNat,
        });
        let contexts = document.context.into_iter().map(|purpose| Context {
            node: purpose.node.into(),
            sensitivity: purpose.sensitivity.into_iter().map(Into::into).collect(),
            environment: purpose.environment.map(Into::into),
            tenant: purpose.tenant.map(Into::into),
        });
        let mut intended = Vec::new();
        for meant in document.intended {
            let span = Span::of(meant.span().start, meant.span().end);
            let meant = meant.into_inner();
            let until = match meant.until {
                None => None,
                Some(toml::value::Datetime { date: Some(date), .. }) => Some((date.year, date.month, date.day)),
                Some(_) => return Err(Misstated { message: "`until` is a date: until = 2027-01-31".to_owned(), span }),
            };
            intended.push(Intended { node: meant.node, port: meant.port, from: meant.from, reason: meant.reason, until, span });
        }
        let assume = Assume { hosts, policies_enforced: document.assume.network_policies };
        Ok(Self { assume, contexts: contexts.collect(), intended, path: None })
    }
}

impl Intended {
    /// Whether it speaks of what is exposed there, on whatever port.
    pub(super) fn speaks_of(&self, node: &str, from: &str) -> bool {
        matches(&self.node, node) && self.from.as_deref().unwrap_or("internet") == from
    }

    /// Whether its last day is over.
    pub(super) fn has_expired(&self, today: Option<(u16, u8, u8)>) -> bool {
        self.until.is_some_and(|until| today.is_some_and(|today| today > until))
    }

    /// Its last day, as it is written.
    pub(super) fn until_text(&self) -> Option<String> {
        self.until.map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_tables_are_read() {
        let stated = Stated::parse(
            "select = [\"all\"]\n[assume]\nhosts = \"behind-nat\"\n[[context]]\nnode = \"namespace/pay\"\nsensitivity = [\"pci-dss\"]\n\
             [[intended]]\nnode = \"aws_lb.*\"\nport = 443\nreason = \"the shop\"\nuntil = 2027-01-31\n",
        )
        .unwrap();
        assert_eq!(stated.assume.hosts, Some(Stand::BehindNat));
        assert_eq!(stated.contexts[0].sensitivity[0], "pci-dss");
        assert!(
            stated.intended[0].speaks_of("aws_lb.edge", "internet")
                && !stated.intended[0].speaks_of("aws_lb.edge", "local network")
        );
        assert!(stated.intended[0].has_expired(Some((2027, 2, 1))) && !stated.intended[0].has_expired(Some((2027, 1, 31))));
        assert!(Stated::parse("[assume]\nhost = 1\n").unwrap_err().message.contains("host"));
    }
}
