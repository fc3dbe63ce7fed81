//! What may be spoken between two peers: protocols with their ports.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use compact_str::CompactString;

use crate::intervals::Intervals;

const LAST_PORT: u32 = 65_535;

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SCTP.
    Sctp,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// All protocols, in the order in which they are written.
pub(crate) const PROTOCOLS: [Protocol; 3] = [Protocol::Sctp, Protocol::Tcp, Protocol::Udp];

impl Protocol {
    /// The protocol that manifests call so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        PROTOCOLS.into_iter().find(|protocol| protocol.name() == name)
    }

    /// As manifests call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sctp => "SCTP",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// Ports of one protocol: numbers, and names where nobody knows what number a pod gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct PortSet {
    numbers: Intervals,
    names: BTreeSet<CompactString>,
}

impl PortSet {
    const NONE: Self = Self { numbers: Intervals::NONE, names: BTreeSet::new() };

    fn all() -> Self {
        Self { numbers: Intervals::of(1, LAST_PORT), names: BTreeSet::new() }
    }

    fn is_all(&self) -> bool {
        self.numbers.covers(1, LAST_PORT)
    }

    fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.names.is_empty()
    }

    /// Every number is in the set, so whatever a name stands for is, too.
    fn normal(mut self) -> Self {
        if self.is_all() {
            self.names.clear();
        }
        self
    }

    fn union(&self, other: &Self) -> Self {
        let names = self.names.union(&other.names).cloned().collect();
        Self { numbers: self.numbers.union(&other.numbers), names }.normal()
    }

    fn intersection(&self, other: &Self) -> Self {
        let kept = |names: &BTreeSet<CompactString>, by: &Self| -> Vec<CompactString> {
            names.iter().filter(|name| by.is_all() || by.names.contains(*name)).cloned().collect()
        };
        let names = kept(&self.names, other).into_iter().chain(kept(&other.names, self)).collect();
        Self { numbers: self.numbers.intersection(&other.numbers), names }
    }

    fn minus(&self, other: &Self) -> Self {
        let names = if other.is_all() { BTreeSet::new() } else { self.names.difference(&other.names).cloned().collect() };
        Self { numbers: self.numbers.minus(&other.numbers), names }
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (first, last) in self.numbers.parts() {
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
            comma = ",";
        }
        for name in &self.names {
            write!(f, "{comma}{name}")?;
            comma = ",";
        }
        Ok(())
    }
}

/// By protocol, in the order of [`PROTOCOLS`].
type Sets = [PortSet; 3];

static NOTHING: Sets = [PortSet::NONE; 3];
static EVERYTHING: LazyLock<Sets> = LazyLock::new(|| PROTOCOLS.map(|_| PortSet::all()));

/// A set of protocols and ports. Written as `All Connections`, `No Connections`, or `TCP 80,443,UDP 53`. A copy costs next to nothing.
#[derive(Clone, Debug, Default)]
pub struct Ports(Held);

/// Most sets of ports are nothing or everything.
#[derive(Clone, Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Everything,
    Some(Arc<Sets>),
}

impl Ports {
    /// Everything.
    #[must_use]
    pub const fn all() -> Self {
        Self(Held::Everything)
    }

    /// Equal sets are held alike.
    fn of(sets: Sets) -> Self {
        Self(match sets {
            sets if sets == NOTHING => Held::Nothing,
            sets if sets == *EVERYTHING => Held::Everything,
            sets => Held::Some(Arc::new(sets)),
        })
    }

    fn sets(&self) -> &Sets {
        match &self.0 {
            Held::Nothing => &NOTHING,
            Held::Everything => &EVERYTHING,
            Held::Some(sets) => sets,
        }
    }

    /// Ports of one protocol.
    #[must_use]
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        Self::one(protocol, PortSet { numbers: Intervals::of(u32::from(first), u32::from(last)), names: BTreeSet::new() })
    }

    /// These ports of every protocol, both ends included.
    #[must_use]
    pub fn every(first: u16, last: u16) -> Self {
        let set = PortSet { numbers: Intervals::of(u32::from(first), u32::from(last)), names: BTreeSet::new() };
        Self::of(PROTOCOLS.map(|_| set.clone()))
    }

    /// All ports of one protocol.
    pub(crate) fn whole(protocol: Protocol) -> Self {
        Self::one(protocol, PortSet::all())
    }

    /// The port of a name, whatever its number.
    pub(crate) fn name(protocol: Protocol, name: &str) -> Self {
        Self::one(protocol, PortSet { numbers: Intervals::default(), names: BTreeSet::from([name.into()]) })
    }

    fn one(protocol: Protocol, set: PortSet) -> Self {
        Self::of(PROTOCOLS.map(|each| if each == protocol { set.clone() } else { PortSet::NONE }))
    }

    /// Whether nothing may be spoken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Held::Nothing)
    }

    /// Whether everything may be spoken.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self.0, Held::Everything) || self.sets().iter().all(PortSet::is_all)
    }

    /// Whether a port of a protocol is among them.
    #[must_use]
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.sets().iter().zip(PROTOCOLS).any(|(set, each)| each == protocol && set.numbers.covers(port.into(), port.into()))
    }

    /// The intervals of a protocol, first and last port of each.
    #[must_use]
    pub fn intervals(&self, protocol: Protocol) -> &[(u32, u32)] {
        self.sets().iter().zip(PROTOCOLS).find(|(_, each)| *each == protocol).map_or(&[], |(set, _)| set.numbers.parts())
    }

    fn each(&self, other: &Self, join: impl Fn(&PortSet, &PortSet) -> PortSet) -> Self {
        let mut result = NOTHING.clone();
        for (to, (left, right)) in result.iter_mut().zip(self.sets().iter().zip(other.sets())) {
            *to = join(left, right);
        }
        Self::of(result)
    }

    /// The ports of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Held::Nothing, _) | (_, Held::Everything) => other.clone(),
            (_, Held::Nothing) | (Held::Everything, _) => self.clone(),
            _ => self.each(other, PortSet::union),
        }
    }

    /// The ports of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Held::Nothing, _) | (_, Held::Everything) => self.clone(),
            (_, Held::Nothing) | (Held::Everything, _) => other.clone(),
            _ => self.each(other, PortSet::intersection),
        }
    }

    /// The ports of this without those of the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Held::Nothing, _) | (_, Held::Nothing) => self.clone(),
            (_, Held::Everything) => Self::default(),
            _ => self.each(other, PortSet::minus),
        }
    }
}

impl PartialEq for Ports {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Held::Nothing, Held::Nothing) | (Held::Everything, Held::Everything) => true,
            (Held::Some(left), Held::Some(right)) => left == right,
            _ => false,
        }
    }
}

impl Eq for Ports {}

impl PartialOrd for Ports {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ports {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sets().cmp(other.sets())
    }
}

impl Hash for Ports {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sets().hash(state);
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("All Connections");
        }
        if self.is_empty() {
            return f.write_str("No Connections");
        }
        let mut comma = "";
        for (set, protocol) in self.sets().iter().zip(PROTOCOLS).filter(|(set, _)| !set.is_empty()) {
            write!(f, "{comma}{} {set}", protocol.name())?;
            comma = ",";
        }
        Ok(())
    }
}
