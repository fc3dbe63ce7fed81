//! cloud-init: what a machine does when it starts for the first time.
//!
//! Source: <https://cloudinit.readthedocs.io/en/latest/reference/modules.html>.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Item, Kind, Span, Value, views};

use crate::compose::values::{Holed, bool, each, field, listed, object, set_at, text};
use crate::{embedded, script, shell};

/// Keys by which a document without its first line is known.
pub(crate) const KEYS: &[&str] = &[
    "apt",
    "bootcmd",
    "chpasswd",
    "disable_root",
    "fqdn",
    "groups",
    "hostname",
    "package_update",
    "package_upgrade",
    "packages",
    "password",
    "runcmd",
    "ssh_authorized_keys",
    "ssh_pwauth",
    "users",
    "write_files",
];
/// Lists of commands.
const COMMANDS: &[&str] = &["runcmd", "bootcmd"];
/// Switches, which are also written as words.
const SWITCHES: &[&str] = &["disable_root", "package_update", "package_upgrade", "package_reboot_if_required", "ssh_deletekeys"];
/// Lists of texts, also written as one text.
const LISTS: &[&str] = &["sudo", "groups", "ssh_authorized_keys", "ssh_import_id"];

/// The items of a `#cloud-config` file.
#[must_use]
pub fn items(text: &str, file: FileId) -> Vec<Item> {
    let tree = yaml::parse(&Arc::from(text));
    let Some(document) = tree.documents.first() else { return Vec::new() };
    value_items(&yaml::to_value(&tree, document.root, file, Dialect::Core), Some(text), None)
}

/// The items of a `#cloud-config` document; `source` is the text of the file that it is written in.
pub(crate) fn value_items(written: &Value, source: Option<&str>, owner: Option<&Owner>) -> Vec<Item> {
    let Kind::Map(top) = &written.kind else { return Vec::new() };
    let header = top.entries.first().map_or(written.place, |entry| entry.key_place);
    let item = Item {
        views: views!["cloud_init".into()],
        name: "cloud-config".into(),
        header,
        range: written.place.span,
        value: Value::map(normal(top, header.span), header),
        owner: owner.cloned(),
        index: 0,
    };
    let mut out = Vec::new();
    for key in COMMANDS {
        for command in field(written, key).items() {
            let context = shell::Context { site: "cloud_init", owner, ..shell::Context::default() };
            match command.kind {
                Kind::List(_) => {
                    let commands = shell::argv_items(command, source, &context);
                    out.extend(script::engine_items(&commands, owner));
                    out.extend(commands);
                }
                _ => out.extend(script::value_items(command, source, "cloud_init", owner)),
            }
        }
    }
    for file in field(&item.value, "write_files").items() {
        let content = field(file, "content");
        if let Some(path) = file.str_at(&["path"]).filter(|_| !content.is_null()) {
            let encoded = file.str_at(&["encoding"]).is_some_and(|encoding| encoding.starts_with('b'));
            let source = source.filter(|_| !encoded);
            out.extend(script::file_items(path, &content, source, owner));
        }
    }
    out.insert(0, item);
    out
}

/// The fields in one form each.
fn normal(top: &Map, header: Span) -> Map {
    let mut map = Map { range: header, tail: top.tail.clone(), ..Map::default() };
    for entry in &top.entries {
        let key = entry.key.as_str();
        let value = match key {
            // `unchanged` leaves what the image has.
            "ssh_pwauth" if entry.value.as_str() == Some("unchanged") => continue,
            "ssh_pwauth" => bool(&entry.value),
            "users" => each(&users(&entry.value), user),
            "packages" => each(&entry.value, package),
            "chpasswd" => passwords(&entry.value),
            "write_files" => each(&entry.value, |file| Some(decoded(file))),
            _ if SWITCHES.contains(&key) => bool(&entry.value),
            _ if LISTS.contains(&key) => listed(&entry.value),
            _ => entry.value.clone(),
        };
        set_at(&mut map, key, value, entry.place);
    }
    map
}

/// `users: alice, bob` for a list.
fn users(value: &Value) -> Value {
    match value.as_str() {
        Some(text) => {
            let names = text.split(',').map(|name| Value::string(name.trim(), value.place));
            Value::list(names.collect(), value.place)
        }
        None => value.clone(),
    }
}

/// A user as an object; `default` is the image's own.
fn user(value: &Value) -> Option<Value> {
    let Kind::Map(written) = &value.kind else {
        return Some(object([("name", value.clone())], value.place));
    };
    let mut map = Map::clone(written);
    for entry in &mut map.entries {
        entry.value = match entry.key.as_str() {
            // `sudo: false` and null give no rule.
            "sudo" if entry.value.as_bool() == Some(false) => Value::default(),
            "groups" => split(&entry.value),
            "lock_passwd" | "system" | "no_create_home" => bool(&entry.value),
            key if LISTS.contains(&key) => listed(&entry.value),
            _ => entry.value.clone(),
        };
    }
    if let Some(old) = map.entries.iter_mut().find(|entry| entry.key == "lock-passwd") {
        old.key = "lock_passwd".into();
        old.value = bool(&old.value);
    }
    Some(Value::map(map, value.place))
}

/// `adm, docker` for a list.
fn split(value: &Value) -> Value {
    match value.as_str() {
        Some(text) => {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            Value::list(names.map(|name| Value::string(name, value.place)).collect(), value.place)
        }
        None => listed(value),
    }
}

/// A package's name, without the version that may stand beside it.
fn package(value: &Value) -> Option<Value> {
    match &value.kind {
        Kind::List(list) => list.items.first().map(text),
        Kind::Map(_) => None,
        _ => Some(text(value)),
    }
}

/// `chpasswd: {list: "a:b\nc:d"}` with a list of lines.
fn passwords(value: &Value) -> Value {
    let Kind::Map(written) = &value.kind else { return value.clone() };
    let mut map = Map::clone(written);
    for entry in &mut map.entries {
        if entry.key == "expire" {
            entry.value = bool(&entry.value);
        } else if entry.key == "list"
            && let Some(holed) = Holed::of(&entry.value)
        {
            let lines = holed.text.lines().map(str::trim).filter(|line| !line.is_empty());
            let items = lines.map(|line| holed.value(line)).collect();
            entry.value = Value::new(Kind::List(Arc::new(List { items, ..List::default() })), entry.value.place);
        }
    }
    Value::map(map, value.place)
}

/// A file with its content decoded; what is compressed stays away.
fn decoded(file: &Value) -> Value {
    let Kind::Map(written) = &file.kind else { return file.clone() };
    let encoding = file.str_at(&["encoding"]).unwrap_or("");
    if encoding.is_empty() || encoding == "text/plain" {
        return file.clone();
    }
    let mut map = Map::clone(written);
    if let Some(entry) = map.entries.iter_mut().find(|entry| entry.key == "content") {
        entry.value.kind = match entry.value.as_str().and_then(embedded::base64) {
            Some(text) if matches!(encoding, "b64" | "base64") => Kind::String(text.into()),
            _ => Kind::Null,
        };
    }
    Value::map(map, file.place)
}

#[cfg(test)]
mod tests;
