//! IPv4 addresses outside the cluster.

use std::fmt;
use std::net::Ipv4Addr;

/// A range of IPv4 addresses; both ends belong to it. Written as `10.0.0.0-10.255.255.255`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The lowest address.
    pub first: Ipv4Addr,
    /// The highest address.
    pub last: Ipv4Addr,
}

impl Range {
    /// Every IPv4 address.
    pub const ALL: Self = Self { first: Ipv4Addr::UNSPECIFIED, last: Ipv4Addr::BROADCAST };

    pub(crate) fn bits(self) -> (u32, u32) {
        (self.first.into(), self.last.into())
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// What a text says about a block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cidr {
    V4(u32, u32),
    /// IPv6, which nothing is said about here.
    V6,
}

/// Reads `10.0.0.0/8`; bits behind the prefix do not count.
pub(crate) fn cidr(text: &str) -> Option<Cidr> {
    let (address, length) = text.trim().split_once('/')?;
    let length: u32 = length.parse().ok()?;
    if address.contains(':') {
        return address.parse::<std::net::Ipv6Addr>().ok().filter(|_| length <= 128).map(|_| Cidr::V6);
    }
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    if length > 32 {
        return None;
    }
    let host = u32::MAX.checked_shr(length).unwrap_or(0);
    Some(Cidr::V4(address & !host, address | host))
}

/// Cuts the whole IPv4 space wherever one of the blocks begins or ends.
pub(crate) fn partition<'a>(blocks: impl IntoIterator<Item = &'a (u32, u32)>) -> Vec<Range> {
    let mut starts = vec![0];
    for &(first, last) in blocks {
        starts.push(first);
        starts.extend(last.checked_add(1));
    }
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|start| start.saturating_sub(1)).chain([u32::MAX]);
    starts.iter().zip(ends).map(|(first, last)| Range { first: (*first).into(), last: last.into() }).collect()
}
