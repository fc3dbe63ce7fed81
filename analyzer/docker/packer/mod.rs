//! Packer's templates: what the builder of the Docker plugin starts, the image that it makes, and what provisioners of any builder run.
//!
//! A source is the container that the build runs in, with the fields of a service. A build that commits it is a Dockerfile in other
//! words: `image` is its `FROM`, files that are copied in are `COPY`, all that shells run is one `RUN` (it is one layer), and `changes`
//! are its other instructions.
//!
//! Sources: <https://developer.hashicorp.com/packer/integrations/hashicorp/docker>,
//! <https://developer.hashicorp.com/packer/docs/provisioners/shell>.

mod image;
mod legacy;

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{FileId, Item, Kind, Place, Value, views};

use crate::compose::run;
use crate::compose::values::{Holed, entry, field, listed, set_at};
use crate::{embedded, script};

pub use legacy::{blocks as legacy_blocks, looks_like as looks_like_legacy};

/// Gives the text of a file.
pub type Texts<'a> = &'a dyn Fn(FileId) -> Option<Arc<str>>;

/// A `source` or `build` block.
#[derive(Clone, Debug)]
pub struct Block {
    /// `source`, `build`
    pub kind: CompactString,
    /// Of a source: the builder, and the name.
    pub labels: Vec<CompactString>,
    /// Kind and labels.
    pub header: Place,
    /// What is in it; of nested blocks, `type` is the label.
    pub value: Value,
}

impl Block {
    /// As builds name a source: `docker.base`.
    fn name(&self) -> CompactString {
        self.labels.join(".").into()
    }

    fn is_docker(&self) -> bool {
        self.labels.first().is_some_and(|builder| builder == "docker")
    }

    fn owner(&self) -> Owner {
        let range = self.value.as_map().map_or(self.header.span, |map| map.range);
        let name = if self.labels.is_empty() { self.kind.clone() } else { format_compact!("{}.{}", self.kind, self.name()) };
        Owner { name, range: Place::new(self.header.file, range) }
    }
}

/// Settings of a source and the fields of a service that say the same.
const FIELDS: &[(&str, &str)] = &[
    ("image", "image"),
    ("privileged", "privileged"),
    ("cap_add", "cap_add"),
    ("cap_drop", "cap_drop"),
    ("device", "devices"),
    ("tmpfs", "tmpfs"),
    ("platform", "platform"),
    ("runtime", "runtime"),
];

/// Settings of a source that are fields of their own.
const OWN: &[&str] = &[
    "exec_user",
    "commit",
    "discard",
    "export_path",
    "author",
    "message",
    "changes",
    "pull",
    "login",
    "login_username",
    "login_password",
    "login_server",
    "ecr_login",
];

/// The items of the blocks that lie in `file`; the others complete them.
#[must_use]
pub fn items(blocks: &[Block], file: FileId, source: Texts<'_>) -> Vec<Item> {
    let mut out = Vec::new();
    for block in blocks.iter().filter(|block| block.header.file == file) {
        match block.kind.as_str() {
            "source" if block.is_docker() => out.push(container(block)),
            "source" => {
                let user_data = field(&block.value, "user_data");
                out.extend(embedded::items(&user_data, &block.owner(), source));
            }
            "build" => build(blocks, block, source, &mut out),
            _ => {}
        }
    }
    out
}

/// The container that a build runs in.
fn container(block: &Block) -> Item {
    let mut settings = Map { tail: block.value.as_map().and_then(|map| map.tail.clone()), ..Map::default() };
    for (key, name) in FIELDS {
        if let Some(known) = entry(&block.value, key) {
            set_at(&mut settings, name, known.value.clone(), known.place);
        }
    }
    if let Some(known) = entry(&block.value, "volumes") {
        set_at(&mut settings, "volumes", volumes(&known.value), known.place);
    }
    let owner = block.owner();
    let mut map = run::of_source(settings, &field(&block.value, "run_command"), block.header);
    for key in OWN {
        if let Some(known) = entry(&block.value, key) {
            set_at(&mut map, key, known.value.clone(), known.place);
        }
    }
    set_at(&mut map, "name", Value::string(owner.name.clone(), block.header), block.header);
    map.range = owner.range.span;
    Item {
        views: views!["packer.docker".into(), "docker.container".into()],
        name: owner.name,
        header: block.header,
        range: map.range,
        value: Value::map(map, block.header),
        owner: None,
        index: 0,
    }
}

/// `host = guest` as `host:guest`.
fn volumes(value: &Value) -> Value {
    let Kind::Map(map) = &value.kind else { return value.clone() };
    if let Some(tail) = &map.tail {
        return Value::new(Kind::Unknown(tail.clone()), value.place);
    }
    let short = map.entries.iter().filter_map(|entry| {
        let holed = Holed::of(&entry.value)?;
        Some(Value { place: entry.place, ..holed.value(&format!("{}:{}", entry.key, holed.text)) })
    });
    Value::list(short.collect(), value.place)
}

/// What a build makes of its sources.
fn build(blocks: &[Block], build: &Block, source: Texts<'_>, out: &mut Vec<Item>) {
    let named = sources(blocks, build);
    let owner = build.owner();
    let provisioners = field(&build.value, "provisioner");
    for block in named.iter().flatten().filter(|block| block.is_docker()) {
        out.extend(image::items(block, build, source));
    }
    // A machine that is no container, or that is not known.
    let others: Vec<Option<CompactString>> = match named.as_slice() {
        [] => vec![None],
        _ => {
            let other = |block: &Option<Block>| match block {
                Some(block) if block.is_docker() => None,
                Some(block) => Some(Some(block.name())),
                None => Some(None),
            };
            named.iter().filter_map(other).collect()
        }
    };
    for provisioner in provisioners.items() {
        let kind = provisioner.str_at(&["type"]);
        // What runs beside Packer runs once, whatever is built.
        let runs = kind == Some("shell-local") || others.iter().any(|name| concerns(provisioner, name.as_deref()));
        if runs && matches!(kind, Some("shell" | "shell-local")) {
            for text in listed(&field(provisioner, "inline")).items() {
                out.extend(script::value_items(text, text_of(text, source).as_deref(), "provisioner", Some(&owner)));
            }
        }
    }
    out.extend(post_processors(build).iter().filter_map(post_processor));
}

/// The post-processors of a build, those of its chains included.
fn post_processors(build: &Block) -> Vec<Value> {
    let single = field(&build.value, "post-processor");
    let chains = field(&build.value, "post-processors");
    let chained = chains.items().iter().map(|chain| field(chain, "post-processor"));
    std::iter::once(single).chain(chained).flat_map(|list| list.items().to_vec()).collect()
}

/// The text of the file that a value is written in.
fn text_of(value: &Value, source: Texts<'_>) -> Option<Arc<str>> {
    if value.place.is_some() { source(value.place.file) } else { None }
}

/// The sources that a build names, with what it changes of each; one that is not known is `None`.
fn sources(blocks: &[Block], build: &Block) -> Vec<Option<Block>> {
    let find = |name: &str| {
        let name = name.strip_prefix("source.").unwrap_or(name);
        blocks.iter().find(|block| block.kind == "source" && block.name() == name).cloned()
    };
    let mut all = Vec::new();
    for name in listed(&field(&build.value, "sources")).items() {
        // `source.docker.base` without quotes is no value, and its text says the same.
        let written = name.as_unknown().map(|unknown| unknown.source.clone());
        all.push(name.as_str().map(CompactString::from).or(written).and_then(|name| find(&name)));
    }
    for changed in field(&build.value, "source").items() {
        let found = changed.str_at(&["type"]).and_then(find);
        all.push(found.map(|block| {
            let mut map = block.value.as_map().cloned().unwrap_or_default();
            for known in changed.as_map().iter().flat_map(|map| &map.entries).filter(|entry| entry.key != "type") {
                set_at(&mut map, &known.key, known.value.clone(), known.place);
            }
            Block { value: Value::map(map, block.value.place), ..block }
        }));
    }
    all
}

/// Whether a provisioner or post-processor runs for the source of this name.
fn concerns(block: &Value, name: Option<&str>) -> bool {
    let Some(name) = name else { return true };
    let lists = |key: &str| field(block, key).items().iter().any(|known| known.as_str() == Some(name));
    let only = field(block, "only");
    (only.items().is_empty() || lists("only")) && !lists("except")
}

/// What sends an image somewhere.
fn post_processor(block: &Value) -> Option<Item> {
    let kind = block.str_at(&["type"])?;
    let map = block.as_map()?;
    Some(Item {
        views: views!["packer.post_processor".into()],
        name: kind.into(),
        header: block.place,
        range: map.range,
        value: block.clone(),
        owner: None,
        index: 0,
    })
}

#[cfg(test)]
mod tests;
