//! Hashes, and what has no value before the run.

use md5::{Digest, Md5};
use plimsoll_syntax::value::Shape;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::Needs::All;
use super::{ANY, Call, Function, Outcome, encoding, file, row};

pub(super) const TABLE: &[Function] = &[
    row("md5", 1, 1, All, Shape::String, |call| hex(call, &Md5::digest(call.text(0)?.as_bytes()))),
    row("sha1", 1, 1, All, Shape::String, |call| hex(call, &Sha1::digest(call.text(0)?.as_bytes()))),
    row("sha256", 1, 1, All, Shape::String, |call| hex(call, &Sha256::digest(call.text(0)?.as_bytes()))),
    row("sha512", 1, 1, All, Shape::String, |call| hex(call, &Sha512::digest(call.text(0)?.as_bytes()))),
    row("base64sha256", 1, 1, All, Shape::String, |call| base64(call, &Sha256::digest(call.text(0)?.as_bytes()))),
    row("base64sha512", 1, 1, All, Shape::String, |call| base64(call, &Sha512::digest(call.text(0)?.as_bytes()))),
    row("filemd5", 1, 1, All, Shape::String, |call| file::with_text(call, |call, text| hex(call, &Md5::digest(text.as_bytes())))),
    row("filesha1", 1, 1, All, Shape::String, |call| {
        file::with_text(call, |call, text| hex(call, &Sha1::digest(text.as_bytes())))
    }),
    row("filesha256", 1, 1, All, Shape::String, |call| {
        file::with_text(call, |call, text| hex(call, &Sha256::digest(text.as_bytes())))
    }),
    row("filesha512", 1, 1, All, Shape::String, |call| {
        file::with_text(call, |call, text| hex(call, &Sha512::digest(text.as_bytes())))
    }),
    row("filebase64sha256", 1, 1, All, Shape::String, |call| {
        file::with_text(call, |call, text| base64(call, &Sha256::digest(text.as_bytes())))
    }),
    row("filebase64sha512", 1, 1, All, Shape::String, |call| {
        file::with_text(call, |call, text| base64(call, &Sha512::digest(text.as_bytes())))
    }),
    row("bcrypt", 1, ANY, All, Shape::String, |call| call.later()),
    row("uuid", 0, 0, All, Shape::String, |call| call.later()),
    row("rsadecrypt", 2, 2, All, Shape::String, |call| call.later()),
    row("uuidv5", 2, 2, All, Shape::String, uuidv5),
];

fn hex(call: &Call<'_, '_>, bytes: &[u8]) -> Outcome {
    call.string(encoding::hex(bytes))
}

fn base64(call: &Call<'_, '_>, bytes: &[u8]) -> Outcome {
    call.string(encoding::base64(bytes))
}

/// The namespaces that have names, <https://www.rfc-editor.org/rfc/rfc9562#section-6.6>.
const NAMESPACES: &[(&str, &str)] = &[
    ("dns", "6ba7b8109dad11d180b400c04fd430c8"),
    ("url", "6ba7b8119dad11d180b400c04fd430c8"),
    ("oid", "6ba7b8129dad11d180b400c04fd430c8"),
    ("x500", "6ba7b8149dad11d180b400c04fd430c8"),
];

fn uuidv5(call: &Call<'_, '_>) -> Outcome {
    let (space, name) = (call.text(0)?, call.text(1)?);
    let digits = NAMESPACES
        .iter()
        .find(|(word, _)| *word == space)
        .map_or_else(|| space.replace('-', ""), |(_, digits)| (*digits).to_owned());
    let number = if digits.len() == 32 { u128::from_str_radix(&digits, 16).ok() } else { None };
    let number = number.ok_or_else(|| format!("{space:?} is no namespace"))?;
    let digest = Sha1::new().chain_update(number.to_be_bytes()).chain_update(name.as_bytes()).finalize();
    let bytes: [u8; 16] = std::array::from_fn(|at| {
        let byte = digest.get(at).copied().unwrap_or(0);
        match at {
            6 => byte & 0x0f | 0x50,
            8 => byte & 0x3f | 0x80,
            _ => byte,
        }
    });
    let text = encoding::hex(&bytes);
    call.string(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}
