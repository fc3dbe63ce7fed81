//! `disk`: every block device of AWS's instances and templates, the root device that nobody wrote included.
//!
//! Fields: `encrypted`, `kms_key_id`, `snapshot_id`, `device`, `root`, `account_default` (the account encrypts new volumes by
//! default), `owner` (`address`, `type`).

use super::{blocks, kind_of, owner};
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Item, Place, Value, views};

/// How many devices of one instance are looked at.
const LIMIT: usize = 200;

/// One way of writing devices.
struct Dialect {
    types: &'static [&'static str],
    /// The block of the root device; without it there is one all the same.
    root: Option<&'static str>,
    /// Further devices.
    others: &'static str,
    /// The block inside, that has the settings.
    inner: Option<&'static str>,
}

const DIALECTS: &[Dialect] = &[
    Dialect {
        types: &["aws_instance", "aws_spot_instance_request", "aws_launch_configuration"],
        root: Some("root_block_device"),
        others: "ebs_block_device",
        inner: None,
    },
    Dialect { types: &["aws_launch_template"], root: None, others: "block_device_mappings", inner: Some("ebs") },
];

/// The devices of all instances and templates, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item]) -> Vec<Item> {
    let account = terraform.iter().find(|item| kind_of(item) == "aws_ebs_encryption_by_default");
    let account = account.map(|item| item.value.get("enabled").cloned().unwrap_or_else(|| Value::bool(true, item.header)));
    let mut out = Vec::new();
    for item in terraform {
        let Some(dialect) = DIALECTS.iter().find(|dialect| dialect.types.contains(&kind_of(item))) else { continue };
        let mut add = |block: Option<&Value>, root: bool| out.push(device(item, dialect, block, root, account.as_ref()));
        if let Some(root) = dialect.root {
            match item.value.get(root) {
                Some(written) if !written.is_null() && !written.is_wholly_known() && written.items().is_empty() => {}
                written => add(written.and_then(|written| blocks(written).first()), true),
            }
        }
        let others = item.value.get(dialect.others).map(blocks).unwrap_or_default();
        for block in others.iter().filter(|block| is_volume(block, dialect)).take(LIMIT) {
            add(Some(block), false);
        }
    }
    out
}

/// Instance stores and devices that are left out are no volumes.
fn is_volume(block: &Value, dialect: &Dialect) -> bool {
    let none = |key: &str| {
        block.get(key).is_none_or(|value| value.is_null() || value.as_bool() == Some(false) || value.as_str() == Some(""))
    };
    let has_settings = dialect.inner.is_none_or(|inner| block.get(inner).is_some_and(|settings| !blocks(settings).is_empty()));
    none("no_device") && none("virtual_name") && has_settings
}

fn device(item: &Item, dialect: &Dialect, block: Option<&Value>, root: bool, account: Option<&Value>) -> Item {
    let header = block.map_or(item.header, |block| block.place);
    let settings = match dialect.inner {
        Some(inner) => block.and_then(|block| block.get(inner)).and_then(|settings| blocks(settings).first()),
        None => block,
    };
    let range = block.and_then(|block| block.as_map()).map_or(item.header.span, |map| map.range);
    let mut fields = Map { range, ..Map::default() };
    for key in ["encrypted", "kms_key_id", "snapshot_id"] {
        if let Some(entry) = settings.and_then(|settings| settings.as_map()?.get(key)) {
            fields.entries.push(Entry { key_place: Place::NONE, ..entry.clone() });
        }
    }
    if let Some(name) = block.and_then(|block| block.get("device_name")) {
        fields.set("device", name.clone());
    }
    fields.set("root", Value::bool(root, header));
    if let Some(account) = account {
        fields.set("account_default", account.clone());
    }
    fields.set("owner", owner(item, kind_of(item)));
    Item {
        views: views!["disk".into()],
        name: item.name.clone(),
        header,
        range,
        value: Value::map(fields, header),
        owner: None,
        index: item.index,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::Span;

    use super::*;
    use crate::domains::samples::{list, map, text};

    fn item(kind: &str, fields: Vec<(&str, Value)>) -> Item {
        Item {
            views: views![kind.into(), "resource".into()],
            name: format!("{kind}.a").into(),
            header: Place::NONE,
            range: Span::default(),
            value: map(fields),
            owner: None,
            index: 0,
        }
    }

    /// `owner root? encrypted?` of each device.
    fn shown(terraform: &[Item]) -> Vec<String> {
        let flag =
            |item: &Item, key: &str| item.value.get(key).and_then(Value::as_bool).map_or("?".to_owned(), |flag| flag.to_string());
        items(terraform)
            .iter()
            .map(|item| {
                format!(
                    "{} root={} encrypted={} account={}",
                    item.name,
                    flag(item, "root"),
                    flag(item, "encrypted"),
                    flag(item, "account_default")
                )
            })
            .collect()
    }

    #[test]
    fn the_root_is_always_there() {
        let yes = || Value::bool(true, Place::NONE);
        let encrypted = list(vec![map(vec![("encrypted", yes())])]);
        let mapped = list(vec![
            map(vec![("device_name", text("/dev/sda")), ("ebs", list(vec![map(vec![("encrypted", yes())])]))]),
            map(vec![("device_name", text("/dev/sdb")), ("virtual_name", text("ephemeral0"))]),
        ]);
        let terraform = [
            item("aws_instance", vec![]),
            item("aws_instance", vec![("root_block_device", encrypted), ("ebs_block_device", list(vec![map(vec![])]))]),
            item("aws_launch_template", vec![("block_device_mappings", mapped)]),
        ];
        assert_eq!(
            shown(&terraform),
            [
                "aws_instance.a root=true encrypted=? account=?",
                "aws_instance.a root=true encrypted=true account=?",
                "aws_instance.a root=false encrypted=? account=?",
                "aws_launch_template.a root=false encrypted=true account=?",
            ]
        );
        let with_default = [item("aws_ebs_encryption_by_default", vec![]), item("aws_instance", vec![])];
        assert_eq!(shown(&with_default), ["aws_instance.a root=true encrypted=? account=true"]);
    }
}
