//! Ranges of IP addresses, and how they meet a source of traffic.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses of one family, both ends included. IPv4 addresses are numbers below 2³².
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// Of IPv6.
    pub v6: bool,
    /// The lowest address.
    pub first: u128,
    /// The highest address.
    pub last: u128,
}

/// How long a prefix may be for the block to count as the internet: shorter than any block that one organisation holds (a /8
/// of IPv4, a /19 of IPv6 at most: IANA IPv4 address space registry; RIPE-738).
const INTERNET_PREFIX: (u32, u32) = (7, 18);

/// IPv4 blocks of private use: RFC 1918, RFC 6598 (shared), RFC 3927 (link-local), RFC 1122 (loopback).
const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
];

/// IPv6 blocks of private use: RFC 4193 (unique local), RFC 4291 (link-local, loopback).
const PRIVATE_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::LOCALHOST, 128),
];

impl Range {
    /// All of IPv4.
    pub const V4: Self = Self { v6: false, first: 0, last: 0xffff_ffff };
    /// All of IPv6.
    pub const V6: Self = Self { v6: true, first: 0, last: u128::MAX };

    /// Reads an address, a block (`10.0.0.0/8`), or both ends of a range (`10.0.0.4-10.0.0.9`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((first, last)) = text.split_once('-') {
            let (first, last) = (Self::parse(first)?, Self::parse(last)?);
            return (first.v6 == last.v6 && first.first <= last.last).then_some(Self { last: last.last, ..first });
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => Self::block(false, u32::from(address).into(), length.unwrap_or(32)),
            IpAddr::V6(address) => Self::block(true, address.into(), length.unwrap_or(128)),
        }
    }

    fn block(v6: bool, address: u128, length: u32) -> Option<Self> {
        let bits: u32 = if v6 { 128 } else { 32 };
        let host = match bits.checked_sub(length)? {
            128 => u128::MAX,
            free => (1_u128 << free) - 1,
        };
        Some(Self { v6, first: address & !host, last: address | host })
    }

    /// Every address of `other` is in this range.
    #[must_use]
    pub const fn holds(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first <= other.first && other.last <= self.last
    }

    /// Some address is in both.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first <= other.last && other.first <= self.last
    }

    /// So large a part of the internet that anybody may be in it.
    #[must_use]
    pub fn is_internet(self) -> bool {
        let (bits, longest) = if self.v6 { (128, INTERNET_PREFIX.1) } else { (32, INTERNET_PREFIX.0) };
        let size = self.last - self.first;
        size >= (1_u128 << (bits - longest)) - 1 && !self.is_private()
    }

    /// Within a block of private use.
    #[must_use]
    pub fn is_private(self) -> bool {
        let v4 = PRIVATE_V4.iter().filter_map(|&(address, length)| Self::block(false, u32::from(address).into(), length));
        let v6 = PRIVATE_V6.iter().filter_map(|&(address, length)| Self::block(true, address.into(), length));
        v4.chain(v6).any(|block| block.holds(self))
    }
}
