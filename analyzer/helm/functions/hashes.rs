//! Checksums.

use sha1::Digest as _;

use super::{Function, plain};
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    plain("sha1sum", "s", |call| Ok(hex(&sha1::Sha1::digest(call.str(0))))),
    plain("sha256sum", "s", |call| Ok(hex(&sha2::Sha256::digest(call.str(0))))),
    plain("sha512sum", "s", |call| Ok(hex(&sha2::Sha512::digest(call.str(0))))),
    plain("adler32sum", "s", |call| Ok(adler32(call.str(0).as_bytes()).to_string().into())),
];

fn hex(bytes: &[u8]) -> Value {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}
