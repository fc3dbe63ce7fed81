//! All rules: the pages of this folder, compiled into one table when the crate is built, and the pages that users add.
//!
//! A rule is a Markdown page in one of the folders beside this file; see `rules/language` for what its header may say. This
//! crate must not know how a condition is evaluated, nor who shows the findings.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_rule_language::{Context, Page, Profile, Relations, Rule, Schemas, Severity, compile_page, nearest, rule::sorted};

pub use plimsoll_rule_language::PageError;
pub use plimsoll_rule_language::check::{Check, Violation};

#[derive(Debug)]
struct BuiltIn {
    name: &'static str,
    group: &'static str,
    title: &'static str,
    summary: &'static str,
    page: &'static str,
    block: (usize, usize),
    rule: &'static [u8],
    profile: Profile,
    aliases: &'static [&'static str],
    tags: &'static [&'static str],
    views: &'static [&'static str],
    check: Option<Check>,
}

mod object_fields;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

static SCHEMAS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schemas.bin"));
static RELATIONS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/relations.bin"));

/// The schemas of providers, Kubernetes and views.
pub fn schemas() -> &'static Schemas {
    static LOADED: OnceLock<Schemas> = OnceLock::new();
    LOADED.get_or_init(|| Schemas::from_static(SCHEMAS))
}

/// The relations between views.
pub fn relations() -> &'static Relations {
    static LOADED: OnceLock<Relations> = OnceLock::new();
    LOADED.get_or_init(|| postcard::from_bytes(RELATIONS).unwrap_or_default())
}

/// A rule with its page.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// The page's file name: what people select, ignore and allow.
    pub name: Arc<str>,
    /// Its folder: `kubernetes/workload`; `custom` for users' own.
    pub group: Cow<'static, str>,
    /// The page's heading.
    pub title: Cow<'static, str>,
    /// The first paragraph after the header.
    pub summary: Cow<'static, str>,
    /// The page before and behind its `rule` block.
    page: (Cow<'static, str>, Cow<'static, str>),
    /// The compiled header.
    pub rule: Header,
    profile: Profile,
    /// Where it is built in: what is asked of every rule is known there without reading its header.
    built_in: Option<&'static BuiltIn>,
    /// The Rust half.
    pub check: Option<Check>,
}

/// A compiled header. That of a built-in rule is read when it is first asked for: most runs need but a part of them.
#[derive(Clone, Debug)]
pub struct Header(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    bytes: &'static [u8],
    rule: OnceLock<Rule>,
}

impl Deref for Header {
    type Target = Rule;

    #[expect(clippy::expect_used, reason = "the build script has written these bytes from a rule")]
    fn deref(&self) -> &Rule {
        self.0.rule.get_or_init(|| postcard::from_bytes(self.0.bytes).expect("a rule"))
    }
}

impl From<Rule> for Header {
    fn from(rule: Rule) -> Self {
        Self(Arc::new(Compiled { bytes: &[], rule: OnceLock::from(rule) }))
    }
}

impl RuleInfo {
    /// The page without its `rule` block.
    #[must_use]
    pub fn markdown(&self) -> String {
        format!("{}\n\n{}", self.page.0.trim_end(), self.page.1.trim_start())
    }

    /// The severity of most of its findings.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// The smallest profile that has it.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The same check in other analyzers, those of single rows included; sorted.
    #[must_use]
    pub fn peers(&self) -> Vec<&str> {
        let rows = self.rule.rows.iter().flat_map(|row| &row.peers);
        sorted(self.rule.peers.iter().chain(rows).map(|peer| peer.as_str()))
    }

    /// The same check in other analyzers, as far as one row is concerned; sorted.
    #[must_use]
    pub fn row_peers(&self, row: usize) -> Vec<&str> {
        let own = self.rule.rows.get(row).into_iter().flat_map(|row| &row.peers);
        sorted(self.rule.peers.iter().chain(own).map(|peer| peer.as_str()))
    }

    /// Standards, those of single rows included; sorted.
    #[must_use]
    pub fn tags(&self) -> Vec<&str> {
        self.built_in.map_or_else(|| self.rule.all_tags(), |built_in| built_in.tags.to_vec())
    }

    /// Whether people once knew it by this name.
    #[must_use]
    pub fn is_alias(&self, name: &str) -> bool {
        match self.built_in {
            Some(built_in) => built_in.aliases.contains(&name),
            None => self.rule.aliases.iter().any(|alias| alias == name),
        }
    }

    /// What it ranges over; sorted.
    #[must_use]
    pub fn views(&self) -> Vec<&str> {
        self.built_in.map_or_else(|| self.rule.views(), |built_in| built_in.views.to_vec())
    }
}

/// The rules of a run, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Vec<Arc<RuleInfo>>,
}

impl RuleSet {
    /// The rules of this release.
    #[must_use]
    pub fn builtin() -> Self {
        let mut rules: Vec<Arc<RuleInfo>> = BUILT_IN.iter().map(info).map(Arc::new).collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        Self { rules }
    }

    /// One rule alone.
    #[must_use]
    pub fn of_rule(rule: RuleInfo) -> Self {
        Self { rules: vec![Arc::new(rule)] }
    }

    /// With users' own pages; one that has the name of a built-in rule replaces it.
    ///
    /// # Errors
    /// Everything that is wrong with the pages.
    pub fn with_pages(mut self, pages: &[(Utf8PathBuf, String)]) -> Result<Self, Vec<PageError>> {
        let mut errors = Vec::new();
        for (path, text) in pages {
            match load(path, text) {
                Ok((_, info)) => {
                    self.rules.retain(|known| known.name != info.name);
                    self.rules.push(Arc::new(info));
                }
                Err(faults) => errors.extend(faults),
            }
        }
        self.rules.sort_by(|a, b| a.name.cmp(&b.name));
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// The rules, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<RuleInfo>> {
        self.rules.iter()
    }

    /// The rule of this name, or that once had it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<RuleInfo>> {
        let named = self.rules.binary_search_by(|rule| (*rule.name).cmp(name)).ok().map(|at| &self.rules[at]);
        named.or_else(|| self.rules.iter().find(|rule| rule.rule.aliases.iter().any(|alias| alias == name)))
    }

    /// The nearest name to a misspelt one.
    #[must_use]
    pub fn suggest(&self, misspelt: &str) -> Option<&str> {
        nearest(misspelt, self.rules.iter().map(|rule| &*rule.name))
    }
}

/// Reads and compiles one page; a user's own rule is always on.
///
/// # Errors
/// Everything that is wrong with the page.
pub fn load(path: &Utf8Path, text: &str) -> Result<(Page, RuleInfo), Vec<PageError>> {
    let context = Context { schemas: schemas(), relations: relations() };
    let (page, mut rule) = compile_page(path.as_str(), text, context)?;
    rule.profile = Profile::Recommended;
    let name: Arc<str> = path.file_stem().unwrap_or("rule").into();
    let check = BUILT_IN.iter().find(|known| *known.name == *name).and_then(|known| known.check);
    let info = RuleInfo {
        name,
        group: "custom".into(),
        title: page.title.clone().into(),
        summary: page.summary.clone().into(),
        page: (
            text.get(..page.header_block.start as usize).unwrap_or_default().to_owned().into(),
            text.get(page.header_block.end as usize..).unwrap_or_default().to_owned().into(),
        ),
        profile: rule.profile,
        built_in: None,
        rule: rule.into(),
        check,
    };
    Ok((page, info))
}

fn info(built_in: &'static BuiltIn) -> RuleInfo {
    let (before, after) = (built_in.page.get(..built_in.block.0), built_in.page.get(built_in.block.1..));
    RuleInfo {
        name: built_in.name.into(),
        group: built_in.group.into(),
        title: built_in.title.into(),
        summary: built_in.summary.into(),
        page: (before.unwrap_or_default().into(), after.unwrap_or_default().into()),
        rule: Header(Arc::new(Compiled { bytes: built_in.rule, rule: OnceLock::new() })),
        profile: built_in.profile,
        built_in: Some(built_in),
        check: built_in.check,
    }
}
