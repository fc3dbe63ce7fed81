//! All rules: the pages of this folder, compiled into one table when the crate is built, and the pages that users add.
//!
//! A rule is a Markdown page in one of the folders beside this file; see `rules/language` for what its header may say. This
//! crate must not know how a condition is evaluated, nor who shows the findings.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use compact_str::CompactString;
use plimsoll_rule_language::{Context, Page, Profile, Relations, Rule, Schemas, Severity, compile_page, nearest, rule::sorted};

pub use plimsoll_rule_language::PageError;
pub use plimsoll_rule_language::check::{Check, Violation};

mod object_fields;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The pages of all rules, and what is asked of every rule, one after the other.
static TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/texts.txt"));
/// The compiled headers of all rules.
static HEADERS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/headers.bin"));
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
#[derive(Debug)]
pub struct RuleInfo {
    /// The page's file name: what people select, ignore and allow.
    pub name: CompactString,
    /// Group, aliases, tags, views, title and summary, each on a line of its own: what is asked of every rule is known without reading
    /// its header.
    facts: Stored,
    page: Stored,
    /// The bytes of the page's `rule` block.
    block: (u32, u32),
    /// The compiled header.
    pub rule: Header,
    profile: Profile,
    /// The Rust half.
    pub check: Option<Check>,
}

/// Lines of [`RuleInfo::facts`].
#[derive(Clone, Copy)]
enum Fact {
    Group,
    Aliases,
    Tags,
    Views,
    Title,
    Summary,
}

/// A text. Those of built-in rules are parts of one: a pointer to each would be one more thing to set right whenever the program starts.
#[derive(Debug)]
enum Stored {
    Packed(u32, u32),
    Own(Box<str>),
}

impl Deref for Stored {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Packed(start, end) => TEXTS.get(*start as usize..*end as usize).unwrap_or_default(),
            Self::Own(text) => text,
        }
    }
}

/// A compiled header. That of a built-in rule is read when it is first asked for: most runs need but a part of them.
#[derive(Debug)]
pub struct Header {
    /// Where it lies among all headers.
    bytes: (u32, u32),
    rule: OnceLock<Box<Rule>>,
}

impl Header {
    const fn packed(start: u32, end: u32) -> Self {
        Self { bytes: (start, end), rule: OnceLock::new() }
    }
}

impl Deref for Header {
    type Target = Rule;

    #[expect(clippy::expect_used, reason = "the build script has written these bytes from a rule")]
    fn deref(&self) -> &Rule {
        let (start, end) = (self.bytes.0 as usize, self.bytes.1 as usize);
        self.rule.get_or_init(|| postcard::from_bytes(HEADERS.get(start..end).unwrap_or_default()).expect("a rule"))
    }
}

impl From<Rule> for Header {
    fn from(rule: Rule) -> Self {
        Self { bytes: (0, 0), rule: OnceLock::from(Box::new(rule)) }
    }
}

impl RuleInfo {
    fn fact(&self, fact: Fact) -> &str {
        self.facts.split('\n').nth(fact as usize).unwrap_or_default()
    }

    /// Its folder: `kubernetes/workload`; `custom` for users' own.
    #[must_use]
    pub fn group(&self) -> &str {
        self.fact(Fact::Group)
    }

    /// The page's heading.
    #[must_use]
    pub fn title(&self) -> &str {
        self.fact(Fact::Title)
    }

    /// The first paragraph after the header.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.fact(Fact::Summary)
    }

    /// The page without its `rule` block.
    #[must_use]
    pub fn markdown(&self) -> String {
        let (before, after) = (self.page.get(..self.block.0 as usize), self.page.get(self.block.1 as usize..));
        format!("{}\n\n{}", before.unwrap_or_default().trim_end(), after.unwrap_or_default().trim_start())
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
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        words(self.fact(Fact::Tags))
    }

    /// Whether people once knew it by this name.
    #[must_use]
    pub fn is_alias(&self, name: &str) -> bool {
        words(self.fact(Fact::Aliases)).any(|alias| alias == name)
    }

    /// What it ranges over; sorted.
    pub fn views(&self) -> impl Iterator<Item = &str> {
        words(self.fact(Fact::Views))
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split('\t').filter(|word| !word.is_empty())
}

/// A rule as a set has it: one of this release, of which there is but one, or a user's own.
#[derive(Clone, Debug)]
pub enum Known {
    /// One of this release.
    BuiltIn(&'static RuleInfo),
    /// A user's own.
    Own(Arc<RuleInfo>),
}

impl Deref for Known {
    type Target = RuleInfo;

    fn deref(&self) -> &RuleInfo {
        match self {
            Self::BuiltIn(rule) => rule,
            Self::Own(rule) => rule,
        }
    }
}

/// The rules of a run, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Vec<Known>,
}

impl RuleSet {
    /// The rules of this release.
    #[must_use]
    pub fn builtin() -> Self {
        Self { rules: BUILT_IN.iter().map(Known::BuiltIn).collect() }
    }

    /// One rule alone.
    #[must_use]
    pub fn of_rule(rule: RuleInfo) -> Self {
        Self { rules: vec![Known::Own(Arc::new(rule))] }
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
                    self.rules.push(Known::Own(Arc::new(info)));
                }
                Err(faults) => errors.extend(faults),
            }
        }
        self.rules.sort_by(|a, b| a.name.cmp(&b.name));
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// The rules, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.rules.iter()
    }

    /// The rule of this name, or that once had it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Known> {
        let named = self.rules.binary_search_by(|rule| rule.name.as_str().cmp(name)).ok().map(|at| &self.rules[at]);
        named.or_else(|| self.rules.iter().find(|rule| rule.is_alias(name)))
    }

    /// The nearest name to a misspelt one.
    #[must_use]
    pub fn suggest(&self, misspelt: &str) -> Option<&str> {
        nearest(misspelt, self.rules.iter().map(|rule| rule.name.as_str()))
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
    let name = path.file_stem().unwrap_or("rule");
    let check = BUILT_IN.iter().find(|known| known.name == name).and_then(|known| known.check);
    let info = RuleInfo {
        name: name.into(),
        facts: Stored::Own(rule.facts("custom", &page).into()),
        page: Stored::Own(text.into()),
        block: (page.header_block.start, page.header_block.end),
        profile: rule.profile,
        rule: rule.into(),
        check,
    };
    Ok((page, info))
}
