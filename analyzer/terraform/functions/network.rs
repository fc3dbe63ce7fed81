//! Address blocks: <https://opentofu.org/docs/language/functions/cidrsubnet/>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use plimsoll_syntax::value::Shape;

use super::Needs::All;
use super::{ANY, Call, Function, Outcome, row};

pub(super) const TABLE: &[Function] = &[
    row("cidrhost", 2, 2, All, Shape::String, cidrhost),
    row("cidrnetmask", 1, 1, All, Shape::String, cidrnetmask),
    row("cidrsubnet", 3, 3, All, Shape::String, cidrsubnet),
    row("cidrsubnets", 1, ANY, All, Shape::List, cidrsubnets),
    row("cidrcontains", 2, 2, All, Shape::Bool, cidrcontains),
];

/// A block of addresses; `first` has no bits beyond the prefix.
#[derive(Clone, Copy)]
struct Block {
    first: u128,
    length: u32,
    /// 32 or 128.
    bits: u32,
}

impl Block {
    fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is no address block");
        let (address, length) = text.split_once('/').ok_or_else(refused)?;
        let (address, bits) = address_of(address).ok_or_else(refused)?;
        let plain = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: u32 = if plain { length.parse().map_err(|_| refused())? } else { return Err(refused()) };
        if length > bits {
            return Err(refused());
        }
        Ok(Self { first: address & mask(length, bits), length, bits })
    }

    fn size(self) -> u32 {
        self.bits - self.length
    }

    /// The subnet `number` of those with `more` bits of prefix.
    fn subnet(self, more: u32, number: u128) -> Self {
        let length = self.length + more;
        Self { first: self.first | shifted(number, self.bits - length), length, ..self }
    }

    fn text(self) -> String {
        format!("{}/{}", text_of(self.first, self.bits), self.length)
    }
}

const fn shifted(number: u128, by: u32) -> u128 {
    if by >= 128 { 0 } else { number << by }
}

const fn mask(length: u32, bits: u32) -> u128 {
    let all = if bits == 32 { u32::MAX as u128 } else { u128::MAX };
    all & !low(bits - length)
}

/// So many low bits.
const fn low(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}

/// An address and its size in bits. Octets of IPv4 may have leading zeros, and are decimal all the same.
fn address_of(text: &str) -> Option<(u128, u32)> {
    let octets: Vec<&str> = text.split('.').collect();
    if octets.len() == 4 && !text.contains(':') {
        let mut address = 0_u128;
        for octet in octets {
            if octet.is_empty() || !octet.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            address = address << 8
                | u128::from(
                    octet
                        .trim_start_matches('0')
                        .parse::<u8>()
                        .or(if octet.bytes().all(|byte| byte == b'0') { Ok(0) } else { Err(()) })
                        .ok()?,
                );
        }
        return Some((address, 32));
    }
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V6(address) => Some((address.to_bits(), 128)),
        IpAddr::V4(_) => None,
    }
}

fn text_of(address: u128, bits: u32) -> String {
    match u32::try_from(address) {
        Ok(short) if bits == 32 => Ipv4Addr::from_bits(short).to_string(),
        _ => Ipv6Addr::from_bits(address).to_string(),
    }
}

fn cidrhost(call: &Call<'_, '_>) -> Outcome {
    let (block, number) = (Block::parse(&call.text(0)?)?, call.int(1)?);
    let most = low(block.size());
    let host = if number < 0 {
        u128::try_from(-(number + 1)).ok().filter(|back| *back <= most).map(|back| most - back)
    } else {
        u128::try_from(number).ok().filter(|host| *host <= most)
    };
    let host = host.ok_or_else(|| format!("a prefix of {} has no host {number}", block.length))?;
    call.string(text_of(block.first | host, block.bits))
}

fn cidrnetmask(call: &Call<'_, '_>) -> Outcome {
    let block = Block::parse(&call.text(0)?)?;
    if block.bits != 32 {
        return Err("IPv6 has no netmask".to_owned());
    }
    call.string(text_of(mask(block.length, 32), 32))
}

/// Bits by which the prefix grows.
fn more_bits(block: Block, more: i128) -> Result<u32, String> {
    u32::try_from(more)
        .ok()
        .filter(|more| *more <= block.size())
        .ok_or_else(|| format!("{more} more bits do not fit behind a prefix of {}", block.length))
}

fn cidrsubnet(call: &Call<'_, '_>) -> Outcome {
    let block = Block::parse(&call.text(0)?)?;
    let (more, number) = (more_bits(block, call.int(1)?)?, call.int(2)?);
    let number = u128::try_from(number).ok().filter(|number| *number <= low(more));
    let number = number.ok_or_else(|| format!("{more} more bits do not hold that subnet number"))?;
    call.string(block.subnet(more, number).text())
}

fn cidrsubnets(call: &Call<'_, '_>) -> Outcome {
    let block = Block::parse(&call.text(0)?)?;
    let mut made = Vec::new();
    let mut next = Some(block.first);
    for at in 1..call.args.len() {
        let more = call.int(at)?;
        if !(1..=32).contains(&more) {
            return Err("a prefix grows by 1 to 32 bits".to_owned());
        }
        let length = block.length + more_bits(block, more)?;
        let size = low(block.bits - length);
        // The next one begins where its own size allows it.
        let start = next.and_then(|next| if next & size == 0 { Some(next) } else { (next | size).checked_add(1) });
        let start = start
            .filter(|start| start & mask(block.length, block.bits) == block.first)
            .ok_or("there is no room for that many subnets")?;
        made.push(Block { first: start, length, ..block }.text());
        next = (start | size).checked_add(1);
    }
    call.strings(made)
}

fn cidrcontains(call: &Call<'_, '_>) -> Outcome {
    let (block, inner) = (Block::parse(&call.text(0)?)?, call.text(1)?);
    let (first, bits, last) = if inner.contains('/') {
        let inner = Block::parse(&inner)?;
        (inner.first, inner.bits, inner.first | low(inner.size()))
    } else {
        let (address, bits) = address_of(&inner).ok_or_else(|| format!("{inner:?} is no address"))?;
        (address, bits, address)
    };
    if bits != block.bits {
        return Err("both must be of one address family".to_owned());
    }
    let held = |address: u128| address & mask(block.length, bits) == block.first;
    call.truth(held(first) && held(last))
}
