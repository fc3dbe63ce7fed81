//! YAML, JSON, TOML and base 64 and 32.

use super::{Answer, Function, picks, plain};
use crate::json::{self, Style};
use crate::print;
use crate::run::Call;
use crate::text::Text;
use crate::value::{Data, Dict, List, Origin, Value};
use crate::yaml;

const COMPACT: Style = Style { pretty: false, escape_html: true };
const PRETTY: Style = Style { pretty: true, escape_html: true };
const RAW: Style = Style { pretty: false, escape_html: false };

pub(super) const TABLE: &[Function] = &[
    picks("toYaml", "a", to_yaml),
    picks("toYamlPretty", "a", |call| Ok(without_end(&yaml::write_pretty(&call.value(0))))),
    picks("fromYaml", "s", |call| Ok(from_yaml(call, true))),
    picks("fromYamlArray", "s", |call| Ok(from_yaml(call, false))),
    picks("toJson", "a", |call| Ok(json::write(&call.value(0), COMPACT).into())),
    picks("mustToJson", "a", |call| Ok(json::write(&call.value(0), COMPACT).into())),
    picks("toPrettyJson", "a", |call| Ok(json::write(&call.value(0), PRETTY).into())),
    picks("mustToPrettyJson", "a", |call| Ok(json::write(&call.value(0), PRETTY).into())),
    picks("toRawJson", "a", |call| Ok(json::write(&call.value(0), RAW).into())),
    picks("mustToRawJson", "a", |call| Ok(json::write(&call.value(0), RAW).into())),
    picks("fromJson", "s", |call| Ok(from_json(call, true))),
    picks("fromJsonArray", "s", |call| Ok(from_json(call, false))),
    picks("mustFromJson", "s", |call| yaml::read(&call.text(0))),
    picks("toToml", "a", |call| Ok(to_toml(&call.value(0)).into())),
    picks("fromToml", "s", |call| Ok(from_toml(call))),
    plain("b64enc", "s", |call| Ok(base64(call.str(0)).into())),
    plain("b64dec", "s", |call| Ok(from_base64(call.str(0)).unwrap_or_else(|error| error).into())),
    plain("b32enc", "s", |call| Ok(base32(call.str(0)).into())),
    plain("b32dec", "s", |call| Ok(from_base32(call.str(0)).into())),
];

fn to_yaml(call: &mut Call<'_>) -> Answer {
    Ok(without_end(&yaml::write(&call.value(0))))
}

fn without_end(text: &Text) -> Value {
    text.part(|text| text.strip_suffix('\n').unwrap_or(text)).into()
}

/// A map, or a list; what is neither becomes an error in its place.
fn from_yaml(call: &Call<'_>, map: bool) -> Value {
    typed(yaml::read(&call.text(0)), map, "error unmarshaling JSON: while decoding JSON: ")
}

/// The same for JSON, which our reader takes for YAML.
fn from_json(call: &Call<'_>, map: bool) -> Value {
    let text = call.str(0).trim_start();
    let read = match text.chars().next() {
        None => Err("unexpected end of JSON input".to_owned()),
        Some(first)
            if first.is_ascii_digit()
                || "{[\"-".contains(first)
                || ["true", "false", "null"].iter().any(|word| text.starts_with(word)) =>
        {
            yaml::read(&call.text(0))
        }
        Some(first) => Err(format!("invalid character {first:?} looking for beginning of value")),
    };
    typed(read, map, "")
}

fn typed(read: Result<Value, String>, map: bool, prefix: &str) -> Value {
    let read = read.and_then(|value| match (&value.data, map) {
        (Data::Map(_), true) | (Data::List(_), false) => Ok(value),
        (Data::Nil, true) => Ok(Dict::default().into()),
        (Data::Nil, false) => Ok(Value::list(Vec::new())),
        _ => {
            let got = match &value.data {
                Data::Map(_) => "object",
                Data::List(_) => "array",
                Data::Str(_) => "string",
                Data::Bool(_) => "bool",
                _ => "number",
            };
            let wanted = if map { "map[string]interface {}" } else { "[]interface {}" };
            Err(format!("{prefix}json: cannot unmarshal {got} into Go value of type {wanted}"))
        }
    });
    match read {
        Ok(value) => value,
        Err(error) if map => {
            let dict = Dict::default();
            dict.set("Error", error);
            dict.into()
        }
        Err(error) => Value::list(vec![error.into()]),
    }
}

/// A map; what is no TOML becomes an error in its place. Its values come from the text's.
fn from_toml(call: &Call<'_>) -> Value {
    let origin = call.value(0).traced();
    match call.str(0).parse::<toml::Table>() {
        Ok(table) => of_toml(&toml::Value::Table(table), origin),
        Err(error) => {
            let dict = Dict::default();
            dict.set("Error", format!("toml: {}", error.message()));
            dict.into()
        }
    }
}

fn of_toml(value: &toml::Value, origin: Origin) -> Value {
    let data = match value {
        toml::Value::String(text) => Data::Str(text.as_str().into()),
        toml::Value::Integer(int) => Data::Long(*int),
        toml::Value::Float(float) => Data::Float(*float),
        toml::Value::Boolean(flag) => Data::Bool(*flag),
        toml::Value::Datetime(moment) => Data::Str(moment.to_string().as_str().into()),
        toml::Value::Array(items) => Data::List(List::new(items.iter().map(|item| of_toml(item, origin)).collect())),
        toml::Value::Table(table) => {
            let dict = Dict::default();
            table.iter().for_each(|(key, item)| dict.set(key.as_str(), of_toml(item, origin)));
            Data::Map(dict)
        }
    };
    Value { data, origin }
}

/// Tables of scalars, lists and tables.
fn to_toml(value: &Value) -> String {
    let mut out = String::new();
    if let Data::Map(dict) = &value.data {
        table(&mut out, dict, "", 0);
    }
    out
}

fn table(out: &mut String, dict: &Dict, path: &str, depth: usize) {
    let entries = dict.entries();
    let bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let name = |key: &str| if bare(key) { key.to_owned() } else { print::quoted(key) };
    for (key, slot) in &entries {
        if !matches!(slot.value.data, Data::Map(_) | Data::Nil) {
            out.push_str(&format!("{} = {}\n", name(key), json::write(&slot.value, RAW).as_str()));
        }
    }
    for (key, slot) in &entries {
        if let Data::Map(inner) = &slot.value.data
            && depth < 32
        {
            let path = if path.is_empty() { name(key) } else { format!("{path}.{}", name(key)) };
            out.push_str(&format!("\n[{path}]\n"));
            table(out, inner, &path, depth + 1);
        }
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn base64(text: &str) -> String {
    encoded(text.as_bytes(), 6, 4, LETTERS)
}

pub(super) fn from_base64(text: &str) -> Result<String, String> {
    let clean: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let letters = clean.trim_end_matches('=');
    let wrong = |at: usize| format!("illegal base64 data at input byte {at}");
    if !clean.len().is_multiple_of(4) || clean.len() - letters.len() > 2 {
        return Err(wrong(clean.len()));
    }
    decoded(letters, 6, LETTERS).map_err(wrong).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

const LETTERS_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(text: &str) -> String {
    encoded(text.as_bytes(), 5, 8, LETTERS_32)
}

fn from_base32(text: &str) -> String {
    match decoded(text.trim_end_matches('='), 5, LETTERS_32) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(at) => format!("illegal base32 data at input byte {at}"),
    }
}

/// `bits` a letter, filled up to groups of `group` letters.
fn encoded(bytes: &[u8], bits: u32, group: usize, letters: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    let (mut buffer, mut held) = (0_u32, 0);
    let letter = |code: u32| letters.get(code as usize & (letters.len() - 1)).map_or('=', |letter| char::from(*letter));
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        held += 8;
        while held >= bits {
            held -= bits;
            out.push(letter(buffer >> held));
        }
        buffer &= (1 << held) - 1;
    }
    if held > 0 {
        out.push(letter(buffer << (bits - held)));
    }
    while !out.len().is_multiple_of(group) {
        out.push('=');
    }
    out
}

fn decoded(text: &str, bits: u32, letters: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len());
    let (mut buffer, mut held) = (0_u32, 0);
    for (at, letter) in text.bytes().enumerate() {
        let code = letters.iter().position(|known| *known == letter).ok_or(at)?;
        buffer = buffer << bits | u32::try_from(code).unwrap_or(0);
        held += bits;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(buffer >> held & 0xff).unwrap_or(0));
        }
        buffer &= (1 << held) - 1;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_is_read() {
        let value = of_toml(&"a = [1, 'x']\nb.c = 2.5\nd = 1979-05-27".parse::<toml::Table>().unwrap().into(), Origin::default());
        assert_eq!(json::write(&value, RAW).as_str(), "{\"a\":[1,\"x\"],\"b\":{\"c\":2.5},\"d\":\"1979-05-27\"}");
    }

    #[test]
    fn encodings() {
        for (text, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("é~?", "w6l+Pw==")] {
            assert_eq!(base64(text), expected);
            assert_eq!(from_base64(expected).as_deref(), Ok(text));
        }
        assert_eq!(base32("foob"), "MZXW6YQ=");
        assert_eq!(from_base32("MZXW6YQ="), "foob");
        assert!(from_base64("a*==").is_err());
    }
}
