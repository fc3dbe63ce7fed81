//! Sets of whole numbers as intervals: ports and addresses.

/// Disjoint intervals in order, none touching the next; both ends belong to an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Intervals(Vec<(u32, u32)>);

impl Intervals {
    /// None.
    pub(crate) const NONE: Self = Self(Vec::new());

    /// One interval; empty when the ends are the wrong way round.
    pub(crate) fn of(first: u32, last: u32) -> Self {
        Self::from_parts(vec![(first, last)])
    }

    /// The union of intervals in any order.
    pub(crate) fn from_parts(mut parts: Vec<(u32, u32)>) -> Self {
        parts.retain(|(first, last)| first <= last);
        parts.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(parts.len());
        for (first, last) in parts {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    pub(crate) fn parts(&self) -> &[(u32, u32)] {
        &self.0
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of the interval is in the set.
    pub(crate) fn covers(&self, first: u32, last: u32) -> bool {
        let behind = self.0.partition_point(|part| part.0 <= first);
        behind.checked_sub(1).and_then(|index| self.0.get(index)).is_some_and(|part| last <= part.1)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Self::from_parts(self.0.iter().chain(&other.0).copied().collect())
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = Vec::new();
        while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
            common.push((a.0.max(b.0), a.1.min(b.1)));
            if a.1 < b.1 {
                left.next();
            } else {
                right.next();
            }
        }
        Self::from_parts(common)
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        for &(first, last) in &self.0 {
            let mut start = Some(first);
            for &(from, to) in &other.0 {
                let Some(first) = start.filter(|first| *first <= to && from <= last) else { continue };
                if let Some(before) = from.checked_sub(1).filter(|before| first <= *before) {
                    rest.push((first, before));
                }
                start = to.checked_add(1).filter(|next| *next <= last);
            }
            rest.extend(start.map(|first| (first, last)));
        }
        Self::from_parts(rest)
    }
}
