//! The keys of a header and of its rows, and the simple values that some of them hold.

use std::str::FromStr;

use compact_str::CompactString;
use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{Block, Body, ExprId, ExprKind};

use super::Compiler;
use crate::error::Fault;
use crate::nearest;
use crate::rule::NotAllowed;

/// Which expression each key has.
#[derive(Clone, Copy, Default)]
pub(super) struct Keys {
    pub(super) severity: Option<ExprId>,
    pub(super) profile: Option<ExprId>,
    pub(super) on: Option<ExprId>,
    pub(super) versions: Option<ExprId>,
    pub(super) params: Option<ExprId>,
    pub(super) each: Option<ExprId>,
    pub(super) value: Option<ExprId>,
    pub(super) when: Option<ExprId>,
    pub(super) unless: Option<ExprId>,
    pub(super) require: Option<ExprId>,
    pub(super) forbid: Option<ExprId>,
    pub(super) default: Option<ExprId>,
    pub(super) at: Option<ExprId>,
    pub(super) message: Option<ExprId>,
    pub(super) fix: Option<ExprId>,
    pub(super) safe: Option<ExprId>,
    pub(super) peers: Option<ExprId>,
    pub(super) tags: Option<ExprId>,
    pub(super) aliases: Option<ExprId>,
    pub(super) check: Option<ExprId>,
}

/// Every key in the order in which headers have them, and whether a row may set it.
pub(crate) const KEYS: &[(&str, bool)] = &[
    ("severity", true),
    ("profile", false),
    ("on", false),
    ("versions", true),
    ("params", false),
    ("each", true),
    ("value", true),
    ("when", true),
    ("unless", true),
    ("require", true),
    ("forbid", true),
    ("default", true),
    ("at", true),
    ("message", true),
    ("fix", true),
    ("safe", true),
    ("peers", true),
    ("tags", true),
    ("aliases", false),
    ("check", false),
];

/// The analyzers that `peers` may name.
pub(crate) const SUITES: &[&str] = &[
    "trivy",
    "checkov",
    "kics",
    "kube-linter",
    "kubescape",
    "polaris",
    "kube-score",
    "hadolint",
    "semgrep",
    "regula",
    "terrascan",
    "tflint",
    "gatekeeper",
    "kyverno",
    "sonar-iac",
    "buildkit",
    "tfsec",
    "snyk",
    "dockle",
    "compose-lint",
    "dclint",
    "docker-bench",
    "prowler",
    "datree",
    "kubeaudit",
];

impl Keys {
    fn slot(&mut self, name: &str) -> Option<&mut Option<ExprId>> {
        Some(match name {
            "severity" => &mut self.severity,
            "profile" => &mut self.profile,
            "on" => &mut self.on,
            "versions" => &mut self.versions,
            "params" => &mut self.params,
            "each" => &mut self.each,
            "value" => &mut self.value,
            "when" => &mut self.when,
            "unless" => &mut self.unless,
            "require" => &mut self.require,
            "forbid" => &mut self.forbid,
            "default" => &mut self.default,
            "at" => &mut self.at,
            "message" => &mut self.message,
            "fix" => &mut self.fix,
            "safe" => &mut self.safe,
            "peers" => &mut self.peers,
            "tags" => &mut self.tags,
            "aliases" => &mut self.aliases,
            "check" => &mut self.check,
            _ => return None,
        })
    }

    /// A row's keys, and the header's where the row has none. A row's `require` also replaces a `forbid`, and the other way round.
    pub(super) fn over(mut self, header: &Self) -> Self {
        let mut header = *header;
        if self.require.is_some() || self.forbid.is_some() {
            header.require = None;
            header.forbid = None;
        }
        for (name, _) in KEYS {
            let inherited = header.slot(name).and_then(|slot| *slot);
            if let Some(slot) = self.slot(name) {
                *slot = slot.or(inherited);
            }
        }
        self
    }
}

impl Compiler<'_> {
    pub(super) fn keys(&mut self, body: &Body, row: bool) -> Keys {
        let mut keys = Keys::default();
        for attribute in body.attributes() {
            let name = self.tree.text(attribute.name);
            let known = KEYS.iter().find(|(key, _)| *key == name);
            let Some((_, in_row)) = known else {
                let fault = Fault::new(attribute.name, format!("a rule has no key `{name}`"));
                let near = nearest(name, KEYS.iter().map(|key| key.0));
                self.fault(match near {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault.hint(format!("the keys are {}", KEYS.iter().map(|key| key.0).collect::<Vec<_>>().join(", "))),
                });
                continue;
            };
            if row && !in_row {
                self.fault(Fault::new(attribute.name, format!("a row cannot set `{name}`")).hint("set it in the header"));
                continue;
            }
            match keys.slot(name) {
                Some(slot) if slot.is_none() => *slot = Some(attribute.expr),
                _ => self.fault(Fault::new(attribute.name, format!("`{name}` is set twice"))),
            }
        }
        keys
    }

    pub(super) fn row_view(&mut self, block: &Block) -> Option<CompactString> {
        if self.tree.text(block.kind) != "on" || block.labels.len() != 1 {
            self.fault(Fault::new(block.header(), "a block in a header is a row: `on VIEW { … }`"));
            return None;
        }
        if let Some(inner) = block.body.blocks().next() {
            self.fault(Fault::new(inner.header(), "a row has no rows"));
        }
        Some(CompactString::from(self.tree.label(block.labels[0])))
    }

    /// `on = view`, `on = [view, other.view]`
    pub(super) fn views(&mut self, expr: ExprId) -> Vec<(CompactString, Span)> {
        let exprs = match self.expr(expr).kind {
            ExprKind::Tuple(list) => self.tree.list(list).to_vec(),
            _ => vec![expr],
        };
        let mut out = Vec::new();
        for expr in exprs {
            let name = self.tree.plain_string(expr).unwrap_or_else(|| CompactString::from(self.text(expr)));
            out.push((name, self.expr(expr).span));
        }
        out
    }

    /// A bare word of a closed set.
    pub(super) fn word<T: FromStr<Err = NotAllowed>>(&mut self, expr: Option<ExprId>, otherwise: T) -> T {
        let Some(expr) = expr else { return otherwise };
        let word = self.tree.plain_string(expr).unwrap_or_else(|| CompactString::from(self.text(expr)));
        match word.parse() {
            Ok(value) => value,
            Err(error) => {
                self.fault(Fault::new(self.expr(expr).span, error.to_string()));
                otherwise
            }
        }
    }

    pub(super) fn strings(&mut self, expr: Option<ExprId>) -> Vec<CompactString> {
        let Some(expr) = expr else { return Vec::new() };
        let ExprKind::Tuple(list) = self.expr(expr).kind else {
            self.fault(Fault::new(self.expr(expr).span, "this key holds a list of strings").hint("write [\"…\"]"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for &element in self.tree.list(list) {
            match self.tree.plain_string(element) {
                Some(text) => out.push(text),
                None => self.fault(Fault::new(self.expr(element).span, "this key holds a list of strings")),
            }
        }
        out
    }

    pub(super) fn peers(&mut self, expr: Option<ExprId>) -> Vec<CompactString> {
        let peers = self.strings(expr);
        for peer in &peers {
            let suite = peer.split_once(':').map(|(suite, _)| suite);
            if !suite.is_some_and(|suite| SUITES.contains(&suite)) {
                let span = expr.map_or(Span::default(), |expr| self.expr(expr).span);
                let hint = format!("write \"suite:id\"; the suites are {}", SUITES.join(", "));
                self.fault(Fault::new(span, format!("`{peer}` does not name a check of a known analyzer")).hint(hint));
            }
        }
        peers
    }

    pub(super) fn string_pairs(&mut self, expr: ExprId) -> Vec<(CompactString, CompactString)> {
        let ExprKind::Object(items) = self.expr(expr).kind else {
            self.fault(Fault::new(self.expr(expr).span, "`versions` is `{ name = \"constraint\" }`"));
            return Vec::new();
        };
        let pairs = self.tree.items(items).iter();
        pairs.filter_map(|item| Some((CompactString::from(self.text(item.key)), self.tree.plain_string(item.value)?))).collect()
    }
}
