//! A build of a Docker source as the Dockerfile that says the same.

use plimsoll_syntax::{Item, Place, Value};

use super::{Block, Texts, concerns, post_processors, text_of};
use crate::assembled::Assembled;
use crate::compose::values::{entry, field, listed};
use crate::dockerfile::assembled_items;

/// The end of the heredoc that holds what shells run.
const END: &str = "END_OF_PROVISIONERS";

/// The items of the image: as those of a Dockerfile.
pub(super) fn items(block: &Block, build: &Block, source: Texts<'_>) -> Vec<Item> {
    let Some(image) = entry(&block.value, "image") else { return Vec::new() };
    let mut written = Assembled::new(block.header);
    written.add("FROM ", block.header);
    if !written.add_value(&image.value, text_of(&image.value, source).as_deref()) {
        return Vec::new();
    }
    written.add("\n", Place::NONE);
    let name = block.name();
    let provisioners = field(&build.value, "provisioner");
    let concerned = || provisioners.items().iter().filter(|provisioner| concerns(provisioner, Some(&name)));
    for file in concerned().filter(|provisioner| provisioner.str_at(&["type"]) == Some("file")) {
        copy(file, source, &mut written);
    }
    let shells: Vec<&Value> = concerned().filter(|provisioner| is_shell(provisioner)).collect();
    if let Some(first) = shells.first() {
        written.add(&format!("RUN <<'{END}'"), first.place);
        written.add("\n", Place::NONE);
        for shell in shells {
            script(shell, source, &mut written);
        }
        written.add(&format!("{END}\n"), Place::NONE);
    }
    // What the build keeps of the container's settings is lost where it is exported.
    let is_kept = field(&block.value, "commit").as_bool() == Some(true);
    if is_kept {
        changes(&block.value, source, &mut written);
    }
    let imported = imports(build, &name);
    for import in &imported {
        changes(import, source, &mut written);
    }
    let mut items = assembled_items(&written, Some(&build.owner()));
    if !is_kept && imported.is_empty() {
        // Nothing is left that anybody could run.
        items.iter_mut().for_each(|item| item.views.retain(|view| view != "stage.final"));
    }
    items.iter_mut().filter(|item| item.views.iter().any(|view| view == "stage")).for_each(|item| {
        item.name.clone_from(&name);
    });
    items
}

/// Whether a provisioner runs commands of a Unix shell.
fn is_shell(provisioner: &Value) -> bool {
    let shebang = field(provisioner, "inline_shebang");
    provisioner.str_at(&["type"]) == Some("shell")
        && !field(provisioner, "inline").is_null()
        && shebang.as_str().is_none_or(|line| line.contains("sh"))
}

/// `COPY source destination`
fn copy(file: &Value, source: Texts<'_>, written: &mut Assembled) {
    if file.str_at(&["direction"]) == Some("download") {
        return;
    }
    let simple =
        |value: &Value| value.as_str().is_some_and(|path| !path.is_empty() && !path.contains([' ', '"', '\n', '\\', '[']));
    let (from, to) = (field(file, "source"), field(file, "destination"));
    if !simple(&from) || !simple(&to) {
        return;
    }
    written.add("COPY ", file.place);
    for (value, end) in [(from, " "), (to, "\n")] {
        written.add_value(&value, text_of(&value, source).as_deref());
        written.add(end, Place::NONE);
    }
}

/// What a provisioner runs, line by line.
fn script(shell: &Value, source: Texts<'_>, written: &mut Assembled) {
    if shell.str_at(&["inline_shebang"]).is_some_and(|line| line.contains("pipefail")) {
        written.add("set -o pipefail", shell.place);
        written.add("\n", Place::NONE);
    }
    for (key, before) in [("environment_vars", "export "), ("inline", "")] {
        for value in listed(&field(shell, key)).items() {
            written.add(before, value.place);
            written.add_value(value, text_of(value, source).as_deref());
            written.add("\n", Place::NONE);
        }
    }
}

/// `changes`: each is an instruction.
fn changes(block: &Value, source: Texts<'_>, written: &mut Assembled) {
    for change in listed(&field(block, "changes")).items() {
        let is_line = change.as_str().is_none_or(|text| !text.contains('\n'));
        // Of one that is wholly unknown it is not known which instruction it is.
        if !is_line || change.as_unknown().is_some() {
            continue;
        }
        written.add_value(change, text_of(change, source).as_deref());
        written.add("\n", Place::NONE);
    }
}

/// Post-processors that make an image of what was exported.
fn imports(build: &Block, name: &str) -> Vec<Value> {
    let all = post_processors(build).into_iter();
    all.filter(|block| block.str_at(&["type"]) == Some("docker-import") && concerns(block, Some(name))).collect()
}
