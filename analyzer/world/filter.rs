//! Firewalls of all kinds: entries that let in or refuse, in order or as a set, and what holds where none speaks.

use plimsoll_connectivity::Ports;
use plimsoll_syntax::Place;

use crate::address::Range;
use crate::model::Node;
use crate::said::{Missing, Step, shown};

/// What entries say together.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// How people call it: `aws_security_group.web`, `the network ACL of aws_subnet.a`.
    pub name: String,
    /// Its header.
    pub place: Place,
    /// In the order in which they are asked.
    pub entries: Vec<Entry>,
    /// What holds for traffic that no entry speaks of.
    pub otherwise: Otherwise,
    /// There may be entries that let in though they are not here.
    pub more: Option<Missing>,
}

/// What holds where no entry speaks: the closed-world rule of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// Refused.
    Refused,
    /// Let in, as this step says.
    LetIn(Step),
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// It lets in; else it refuses.
    pub allows: bool,
    /// The ports that it surely speaks of.
    pub ports: Ports,
    /// The ports that it may speak of besides, because what it says of them is not known.
    pub maybe_ports: Option<(Ports, Missing)>,
    /// Whose traffic it speaks of.
    pub sources: Sources,
    /// Where it is written, and what it says.
    pub step: Step,
    /// It may not count at all.
    pub doubt: Option<Missing>,
    /// It neither lets in nor refuses: what it speaks of goes on at the entry of this number.
    pub passes_to: Option<usize>,
}

/// Whose traffic an entry speaks of: any of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Addresses.
    pub ranges: Vec<Range>,
    /// What nodes are known by, see [`Node::groups`].
    pub groups: Vec<compact_str::CompactString>,
    /// There may be more.
    pub unknown: Option<Missing>,
    /// Nodes that are known by one of these are not meant, whatever else is said.
    pub except: Vec<compact_str::CompactString>,
    /// Nodes that may not be meant, as this is not known of them.
    pub maybe_except: Option<(Vec<compact_str::CompactString>, Missing)>,
}

impl Sources {
    /// Everybody.
    #[must_use]
    pub fn everybody() -> Self {
        Self { ranges: vec![Range::V4, Range::V6], ..Self::default() }
    }
}

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender<'w> {
    /// An arbitrary address of the internet.
    Internet,
    /// A machine on the local network.
    Lan,
    /// These addresses.
    Range(Range),
    /// A node.
    Node(&'w Node),
}

/// Whether an entry speaks of a sender.
enum Match {
    Yes,
    No,
    Perhaps(Missing),
}

/// What a filter lets through.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) sure: Ports,
    pub(crate) maybe: Ports,
    pub(crate) steps: Vec<Step>,
    pub(crate) missing: Vec<Missing>,
}

/// How many entries a path names for one filter.
const TOLD: usize = 4;

impl Filter {
    /// What it does with traffic of a sender to some ports.
    pub(crate) fn judge(&self, sender: Sender<'_>, ports: &Ports) -> Passed {
        let mut passed = Passed::default();
        let mut left = ports.clone();
        // An entry that may refuse: what is let in after it is no longer sure.
        let mut doubtful = Ports::default();
        let mut doubts: Vec<Missing> = Vec::new();
        // What was passed on, and where it goes on.
        let mut passed_on: Vec<(usize, Ports)> = Vec::new();
        for (number, entry) in self.entries.iter().enumerate() {
            for (_, ports) in passed_on.extract_if(.., |(to, _)| *to <= number) {
                left = left.union(&ports);
            }
            let certain = left.intersection(&entry.ports);
            let possible = entry.maybe_ports.as_ref().map(|(more, _)| left.intersection(more)).unwrap_or_default();
            if certain.is_empty() && possible.is_empty() {
                continue;
            }
            let (sure, missing) = match (entry.sources.speaks_of(sender), &entry.doubt) {
                (Match::No, _) => continue,
                (Match::Yes, None) => (true, None),
                (Match::Yes, Some(doubt)) => (false, Some(doubt.clone())),
                (Match::Perhaps(missing), _) => (false, Some(missing)),
            };
            let open = if sure { certain.minus(&doubtful) } else { Ports::default() };
            let perhaps = certain.union(&possible).minus(&open);
            if let Some(to) = entry.passes_to {
                passed_on.push((to, certain.union(&possible)));
                if sure {
                    left = left.minus(&certain);
                    passed.steps.push(entry.step.clone());
                }
                let unsure = if sure { possible } else { certain.union(&possible) };
                doubtful = doubtful.union(&unsure);
                doubts.extend(missing);
                doubts.extend(entry.maybe_ports.as_ref().map(|(_, missing)| missing.clone()));
            } else if entry.allows {
                let spoken = open.union(&perhaps);
                if !spoken.is_empty() && passed.steps.len() < TOLD {
                    let message = format!("{} on {}", entry.step.message, shown(&spoken));
                    passed.steps.push(Step::at(entry.step.place, message));
                }
                if !perhaps.is_empty() {
                    passed.missing.extend(missing);
                    passed.missing.extend(entry.maybe_ports.as_ref().map(|(_, missing)| missing.clone()));
                    passed.missing.extend(doubts.iter().cloned());
                }
                passed.sure = passed.sure.union(&open);
                passed.maybe = passed.maybe.union(&perhaps);
                left = left.minus(&open);
            } else if sure {
                left = left.minus(&certain);
                doubtful = doubtful.union(&possible);
                doubts.extend(entry.maybe_ports.as_ref().map(|(_, missing)| missing.clone()));
            } else {
                doubtful = doubtful.union(&certain).union(&possible);
                doubts.extend(missing);
            }
        }
        for (_, ports) in passed_on {
            left = left.union(&ports);
        }
        if let Some(missing) = &self.more
            && !left.is_empty()
        {
            passed.maybe = passed.maybe.union(&left);
            passed.missing.push(missing.clone());
        }
        if let Otherwise::LetIn(step) = &self.otherwise
            && !left.is_empty()
        {
            let open = left.minus(&doubtful);
            if !open.is_empty() || passed.steps.is_empty() {
                passed.steps.push(step.clone());
            }
            if open != left {
                passed.missing.extend(doubts);
            }
            passed.maybe = passed.maybe.union(&left);
            passed.sure = passed.sure.union(&open);
        }
        passed.maybe = passed.maybe.minus(&passed.sure);
        passed.missing.sort();
        passed.missing.dedup();
        passed
    }
}

impl Sources {
    fn speaks_of(&self, sender: Sender<'_>) -> Match {
        let groups = match sender {
            Sender::Node(node) => node.groups.as_slice(),
            _ => &[],
        };
        let is_of = |all: &[compact_str::CompactString]| groups.iter().any(|group| all.contains(group));
        if is_of(&self.except) {
            return Match::No;
        }
        let found = self.includes(sender);
        match (&self.maybe_except, found) {
            (Some((all, missing)), Match::Yes) if is_of(all) => Match::Perhaps(missing.clone()),
            (_, found) => found,
        }
    }

    fn includes(&self, sender: Sender<'_>) -> Match {
        let surely = match sender {
            Sender::Internet => self.ranges.iter().any(|range| range.is_internet()),
            Sender::Lan => self.ranges.iter().any(|range| range.holds(Range::V4)),
            Sender::Range(asked) => self.ranges.iter().any(|range| range.holds(asked)),
            Sender::Node(node) => {
                let known = !node.addresses.is_empty();
                node.groups.iter().any(|group| self.groups.contains(group))
                    || self.ranges.iter().any(|range| range.holds(Range::V4))
                    || known && node.addresses.iter().all(|own| self.ranges.iter().any(|range| range.holds(*own)))
            }
        };
        if surely {
            return Match::Yes;
        }
        let perhaps = match sender {
            Sender::Internet => None,
            Sender::Lan => {
                self.ranges.iter().any(|range| range.is_private()).then(|| "the addresses of the local network".into())
            }
            Sender::Range(asked) => {
                self.ranges.iter().any(|range| range.meets(asked)).then(|| "which of the addresses it is".into())
            }
            Sender::Node(node) if node.addresses.is_empty() => {
                (!self.ranges.is_empty()).then(|| format!("the address of {}", node.name))
            }
            Sender::Node(node) => {
                let meets = node.addresses.iter().any(|own| self.ranges.iter().any(|range| range.meets(*own)));
                meets.then(|| format!("which address of its network {} has", node.name))
            }
        };
        match (&self.unknown, perhaps) {
            (Some(missing), _) => Match::Perhaps(missing.clone()),
            (None, Some(what)) => Match::Perhaps(Missing::new(what)),
            (None, None) => Match::No,
        }
    }
}

impl Sender<'_> {
    /// As walls name it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Internet => "the internet".to_owned(),
            Self::Lan => "the local network".to_owned(),
            Self::Range(_) => "this address".to_owned(),
            Self::Node(node) => node.name.to_string(),
        }
    }
}
