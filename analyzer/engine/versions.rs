//! The versions of tools and providers: which this release knows, and which one a root module gets.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::Place;
use plimsoll_terraform::{Locked, Requirement};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domains::version::{self, Constraint, Version};

/// The newest version of each tool and provider that the schemas describe, and the last one of each major version before.
const KNOWN: &[(&str, &[&str])] = &[
    ("aws", &["6.25.0", "5.100.0", "4.67.0", "3.76.1", "2.70.4"]),
    ("azurerm", &["4.55.0", "3.117.1", "2.99.0", "1.44.0"]),
    ("google", &["6.50.0", "5.45.2", "4.85.0", "3.90.1", "2.20.3"]),
    ("google-beta", &["6.50.0", "5.45.2", "4.85.0", "3.90.1", "2.20.3"]),
    ("docker", &["29.0.0"]),
    ("kubernetes", &["1.37.0"]),
    ("terraform", &["1.14.0", "0.15.5", "0.14.11", "0.13.7", "0.12.31"]),
    ("opentofu", &["1.12.6"]),
];

/// Tools that are no matter of a root module: in a rule's header these names mean what Terraform's providers of the same name speak
/// to.
const ELSEWHERE: &[&str] = &["docker", "kubernetes"];

/// More constraints on one provider than these say nothing new.
const CONSTRAINTS: usize = 64;

/// Newer than any release.
const ENDLESS: &str = "999999.0.0";

/// The newest known version of a tool; empty for one that is not known.
pub(crate) fn newest(tool: &str) -> &'static str {
    known(tool).first().copied().unwrap_or_default()
}

fn known(tool: &str) -> &'static [&'static str] {
    KNOWN.iter().find(|(name, _)| *name == tool).map_or(&[], |(_, versions)| versions)
}

/// The minor version of Kubernetes 1 that is meant by `1.31`; the newest known where nothing is said.
pub(crate) fn kubernetes_minor(version: Option<&str>) -> u32 {
    let minor = |version: &str| version.split('.').nth(1)?.parse().ok();
    version.and_then(minor).or_else(|| minor(newest("kubernetes"))).unwrap_or_default()
}

/// Whether the constraints of a rule hold wherever it looks, for the version of Kubernetes that manifests are for: those that each root
/// module answers for itself are left to [`Chosen::hold`]. One about a tool that is not known holds.
pub(crate) fn hold_elsewhere(constraints: &[(CompactString, CompactString)], kubernetes: &str) -> bool {
    constraints.iter().filter(|(tool, _)| ELSEWHERE.contains(&tool.as_str())).all(|(tool, constraint)| {
        let version = if tool == "kubernetes" { kubernetes } else { newest(tool) };
        satisfies(version, constraint)
    })
}

/// What is not known is no reason to leave out a rule.
fn satisfies(version: &str, constraint: &str) -> bool {
    version.is_empty() || version::satisfies(version, constraint).unwrap_or(true)
}

/// Why a version is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Locked,
    /// The newest that all constraints allow, as `init` would choose it.
    Allowed,
    /// The newest known.
    Newest,
}

impl Why {
    /// In a word, as `inspect` says it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Locked => "lock",
            Self::Allowed => "constraint",
            Self::Newest => "newest",
        }
    }
}

/// The version of a provider, or of Terraform itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) name: CompactString,
    pub(crate) version: CompactString,
    pub(crate) why: Why,
    /// The locked version, or the constraint.
    pub(crate) place: Place,
}

/// The versions that a root module gets; the newest known of all that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen(pub(crate) Vec<Choice>);

impl Chosen {
    /// Those that are locked; of the others the newest known that the root module and all that it calls allow.
    pub(crate) fn new(locked: &Locked, requirements: &[Requirement]) -> Self {
        let locked = locked.iter().filter_map(|(address, version)| {
            Some(Choice {
                name: provider(address).into(),
                version: version.as_str()?.into(),
                why: Why::Locked,
                place: version.place,
            })
        });
        let mut all: Vec<Choice> = locked.collect();
        let known: FxHashSet<CompactString> = all.iter().map(|choice| choice.name.clone()).collect();
        let asked = by_name(requirements);
        let asked = asked.into_iter().filter(|(name, _)| !known.contains(*name));
        all.extend(asked.filter_map(|(name, requirements)| allowed(name, &requirements)));
        Self(all)
    }

    fn version(&self, name: &str) -> &str {
        let find = |name: &str| self.0.iter().find(|choice| choice.name == name).map(|choice| choice.version.as_str());
        // The resources of both have the same names, and where only one is asked for, they are of that one.
        let beta = || if name == "google" { find("google-beta") } else { None };
        find(name).or_else(beta).unwrap_or_else(|| newest(name))
    }

    /// Whether the version of a provider is older than another one.
    pub(crate) fn precedes(&self, provider: &str, other: &str) -> bool {
        version::precedes(self.version(provider), other).unwrap_or(false)
    }

    /// Whether those constraints of a rule hold that are about what a root module chooses. One about a provider that is not known
    /// holds.
    pub(crate) fn hold(&self, constraints: &[(CompactString, CompactString)]) -> bool {
        let own = constraints.iter().filter(|(tool, _)| !ELSEWHERE.contains(&tool.as_str()));
        own.into_iter().all(|(tool, constraint)| satisfies(self.version(tool), constraint))
    }
}

/// What is asked of each provider, and of Terraform and OpenTofu, each constraint once: modules mostly repeat each other's.
fn by_name(requirements: &[Requirement]) -> Vec<(&str, Vec<&Requirement>)> {
    let mut all: Vec<(&str, Vec<&Requirement>)> = Vec::new();
    let mut numbers: FxHashMap<&str, usize> = FxHashMap::default();
    for requirement in requirements {
        let names = match &requirement.provider {
            Some(address) => [Some(provider(address)), None],
            None => [Some("terraform"), Some("opentofu")],
        };
        for name in names.into_iter().flatten() {
            let number = *numbers.entry(name).or_insert(all.len());
            if number == all.len() {
                all.push((name, Vec::new()));
            }
            let Some((_, asked)) = all.get_mut(number) else { continue };
            if asked.len() < CONSTRAINTS && asked.iter().all(|known| known.constraint != requirement.constraint) {
                asked.push(requirement);
            }
        }
    }
    all
}

/// Forks and mirrors of a provider have its resources.
fn provider(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}

/// The newest version that all constraints allow. Releases between the known ones are known only as far as a constraint names them.
/// `None`: nothing is known of the provider, and no constraint says how new it may be at most.
fn allowed<'r>(name: &str, requirements: &[&'r Requirement]) -> Option<Choice> {
    let read = |requirement: &&'r Requirement| {
        let text = written_out(requirement);
        Some((*requirement, Constraint::read(&text)?, text))
    };
    let readable: Vec<(&Requirement, Constraint, CompactString)> = requirements.iter().filter_map(read).collect();
    let allows = |version: &Version| readable.iter().all(|(_, constraint, _)| constraint.allows(version));
    let named = readable.iter().flat_map(|(_, _, text)| text.split(',')).filter_map(latest_named);
    let candidates = named.chain(known(name).iter().map(|version| CompactString::from(*version)));
    let best = candidates
        .filter_map(|text| Some((Version::read(&text)?, text)))
        .filter(|(version, _)| allows(version))
        .reduce(|best, other| if best.0.precedes(&other.0) { other } else { best });
    let newest = newest(name);
    let latest = Version::read(if newest.is_empty() { ENDLESS } else { newest });
    let narrows =
        |constraint: &Constraint| !newest.is_empty() && latest.as_ref().is_some_and(|latest| !constraint.allows(latest));
    let narrowest = readable.iter().find(|(_, constraint, _)| narrows(constraint)).or(readable.first());
    match (best, narrowest) {
        (Some((_, version)), Some((narrowest, ..))) if !newest.is_empty() || !latest.is_some_and(|endless| allows(&endless)) => {
            Some(Choice { name: name.into(), version, why: Why::Allowed, place: narrowest.place })
        }
        // Nobody can read the constraints, or they contradict each other and `init` chooses nothing.
        _ if !newest.is_empty() => {
            Some(Choice { name: name.into(), version: newest.into(), why: Why::Newest, place: Place::NONE })
        }
        _ => None,
    }
}

/// A constraint as [`version::satisfies`] reads it: of a provider, `~> 4` is `~> 4.0`, though not of Terraform itself.
fn written_out(requirement: &Requirement) -> CompactString {
    let part = |part: &str| {
        let is_major = part.trim().strip_prefix("~>").is_some_and(|version| !version.contains('.'));
        if is_major && requirement.provider.is_some() { format!("{}.0", part.trim()) } else { part.to_owned() }
    };
    requirement.constraint.split(',').map(part).collect::<Vec<_>>().join(",").into()
}

/// The version that a part of a constraint names, and for `< 5.31` the one before.
fn latest_named(part: &str) -> Option<CompactString> {
    let part = part.trim();
    let (operator, version) = part.split_at(part.find(|c: char| c.is_ascii_digit())?);
    if operator.trim() != "<" {
        return Some(version.into());
    }
    let mut numbers: Vec<u64> = version.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.resize(3, 0);
    let last = numbers.iter().rposition(|number| *number > 0).filter(|last| *last > 0)?;
    numbers[last] -= 1;
    Some(format_compact!("{}.{}.{}", numbers[0], numbers[1], numbers[2]))
}

#[cfg(test)]
mod tests;
