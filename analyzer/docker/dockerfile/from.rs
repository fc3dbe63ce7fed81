//! `FROM`: where stages begin.

use std::sync::Arc;

use plimsoll_syntax::dockerfile::Instruction;
use plimsoll_syntax::value::{Reason, Shape, Unknown};
use plimsoll_syntax::{Item, Kind, Value, views};

use super::base;
use super::read::{Entry, Reader};
use super::scope::Variables;
use super::shell::Shell;
use super::stage::Stage;
use crate::image;
use crate::values::{derived, is_open, map_of, own, push_some};

/// Opens the stage of a `FROM`.
pub(super) fn stage(reader: &mut Reader<'_>, instruction: &Instruction) {
    let header = reader.place(instruction.keyword_span);
    let mut ignored = Vec::new();
    let reference = instruction.words.first().map(|word| {
        let raw = reader.raw(word.span);
        let text = reader.expand(&raw, None, &mut ignored);
        reader.value_of(&text, reader.place(word.span))
    });
    let reference = reference.unwrap_or_default();
    let alias = instruction.words.get(2).map(|word| Value::string(word.text.clone(), reader.place(word.span)));
    let platform =
        instruction.flags.iter().find(|flag| flag.name == "platform").and_then(|flag| flag.value.as_ref()).map(|word| {
            let text = reader.expand(&word.text, None, &mut ignored);
            reader.value_of(&text, reader.place(word.span))
        });
    let text = reference.as_str().map(str::to_lowercase);
    let index = reader.stages.len();
    let earlier = |name: &String| reader.aliases.iter().take(index).rposition(|alias| alias.as_deref() == Some(name));
    let parent = text.as_ref().and_then(earlier);
    let parts = if parent.is_some() { None } else { image::parts(&reference) };
    let scratch = text.as_deref() == Some("scratch");
    let kind = match (&reference.kind, parent) {
        (_, Some(_)) => "stage",
        (Kind::Unknown(_), _) => "unknown",
        _ if scratch => "scratch",
        _ => "image",
    };
    let name = parts.as_ref().and_then(|parts| parts.get("name"));
    let official = match name.map(|name| (name.as_str(), is_open(name))) {
        Some((Some(name), _)) if !scratch => Value::bool(base::is_official(name), reference.place),
        Some((_, true)) => name.cloned().unwrap_or_default(),
        _ => Value::default(),
    };
    let stage_name = parent.and_then(|parent| Some(Value::string(reader.stages.get(parent)?.name(parent), reference.place)));
    let mut base = map_of([
        ("kind", Value::string(kind, reference.place)),
        ("reference", reference.clone()),
        ("stage", stage_name.unwrap_or_default()),
        ("official", official),
    ]);
    if kind == "unknown" {
        base.set("kind", reference.clone());
    }
    let place = reference.place;
    let mut stage = match parent.and_then(|parent| reader.stages.get(parent).cloned()) {
        Some(parent) => Stage { commands: Vec::new(), packages: Vec::new(), sources: Vec::new(), opaque: false, ..parent },
        None => Stage {
            user: user(&reference, parts.as_ref(), scratch),
            image: parts.filter(|_| !scratch).unwrap_or_default(),
            shell: reader.shell.clone().unwrap_or_else(|| Shell::of_image(!is_windows(reader, &reference))),
            variables: Variables { closed: scratch, ..Variables::default() },
            ..empty()
        },
    };
    stage.alias = alias.unwrap_or_default();
    stage.header = header;
    stage.span = instruction.span;
    stage.base = Value::map(base, if place.is_some() { place } else { header });
    stage.parent = parent;
    stage.platform = platform.unwrap_or_default();
    reader.stages.push(stage);
}

/// Opens the stage of instructions that stand before any `FROM`: BuildKit refuses them, and what they mean is plain.
pub(super) fn missing(reader: &mut Reader<'_>, instruction: &Instruction) {
    let header = reader.place(instruction.keyword_span);
    let user = Unknown::new(Reason::Syntax, "the base image").shaped(Shape::Map);
    reader.aliases.insert(0, None);
    reader.stages.push(Stage {
        header,
        span: instruction.span,
        base: derived([("kind", Value::string("missing", header))], header),
        user: Value::unknown(user, header),
        shell: reader.shell.clone().unwrap_or_else(|| Shell::of_image(true)),
        ..empty()
    });
}

fn empty() -> Stage {
    Stage {
        alias: Value::default(),
        header: plimsoll_syntax::Place::NONE,
        span: plimsoll_syntax::Span::default(),
        base: Value::default(),
        parent: None,
        image: Value::default(),
        platform: Value::default(),
        variables: Variables::default(),
        labels: Vec::new(),
        ports: Vec::new(),
        user: Value::default(),
        workdir: Value::default(),
        shell: Shell::of_image(true),
        healthcheck: Value::default(),
        entrypoint: Value::default(),
        cmd: Value::default(),
        commands: Vec::new(),
        packages: Vec::new(),
        sources: Vec::new(),
        opaque: false,
    }
}

/// Who the base image runs as.
fn user(reference: &Value, parts: Option<&Value>, scratch: bool) -> Value {
    let place = reference.place;
    let named = |name: &str| derived([("name", Value::string(name, place)), ("text", Value::string(name, place))], place);
    if scratch {
        return named("root");
    }
    let part = |key: &str| parts.and_then(|parts| parts.get(key));
    let tag = part("tag");
    if let (Some(name), false) = (part("name").and_then(Value::as_str), tag.is_some_and(is_open))
        && let Some(user) = base::user(name, tag.and_then(Value::as_str))
    {
        return named(user);
    }
    let image = reference.as_str().map_or_else(|| "the base image".to_owned(), str::to_owned);
    Value::unknown(Unknown::new(Reason::Data, format!("the user of {image}")).shaped(Shape::Map), place)
}

/// Images of Windows, whose shell is another.
fn is_windows(reader: &Reader<'_>, reference: &Value) -> bool {
    let windows = ["/windows", "nanoserver", "servercore", "windowsservercore"];
    reader.tree.escape == '`' || reference.as_str().is_some_and(|text| windows.iter().any(|word| text.contains(word)))
}

/// The fields of the instruction itself, and the use of the image.
pub(super) fn read(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    if let Some(word) = instruction.words.first() {
        let raw = reader.raw(word.span);
        reader.expand(&raw, None, &mut entry.references);
    }
    if let Some(word) = instruction.words.get(1) {
        entry.push("as_written", Value::string(word.text.clone(), reader.place(word.span)));
    }
    for flag in &instruction.flags {
        if let Some(word) = &flag.value {
            reader.expand(&word.text, None, &mut entry.references);
        }
    }
    let Some(stage) = entry.stage.and_then(|index| reader.stages.get(index)) else { return };
    let reference = stage.base.get("reference").cloned().unwrap_or_default();
    let (alias, platform, base) = (stage.alias.clone(), stage.platform.clone(), stage.base.clone());
    let parts = stage.image.clone();
    let external = !matches!(base.str_at(&["kind"]), Some("stage" | "scratch"));
    entry.push("base", base);
    entry.push("reference", reference.clone());
    entry.push("alias", alias.clone());
    entry.push("platform", platform.clone());
    if external && !parts.is_null() {
        entry.push("image", parts.clone());
        let mut item = image_use(&reference, parts, "from");
        if let Kind::Map(map) = std::mem::take(&mut item.value.kind) {
            let mut map = own(map, 2);
            push_some(&mut map, "alias", alias);
            push_some(&mut map, "platform", platform);
            item.value.kind = Kind::Map(Arc::new(map));
        }
        entry.parts.push(item);
    }
}

/// An item of the view `image.use`.
pub(super) fn image_use(reference: &Value, parts: Value, site: &'static str) -> Item {
    let place = reference.place;
    let map = map_of([("image", parts), ("reference", reference.clone()), ("where", Value::string(site, place))]);
    Item {
        views: views!["image.use".into()],
        name: reference.as_str().unwrap_or("image").into(),
        header: place,
        range: place.span,
        value: Value::map(map, place),
        owner: None,
        index: 0,
    }
}
