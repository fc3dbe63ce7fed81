//! Comments between the instructions, as items: what they say of the instruction below them.

use plimsoll_syntax::dockerfile::{Instruction, Tree};
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{FileId, Item, Place, Span, Value, views};

use crate::compose::values::set_at;

/// Every comment: its `text` without the sign, and where the next line is an instruction, its `keyword` and the `names` that it
/// declares.
pub(super) fn items(tree: &Tree, file: FileId) -> Vec<Item> {
    let mut out = Vec::with_capacity(tree.comments.len());
    for comment in &tree.comments {
        let place = Place::new(file, *comment);
        let mut map = Map { range: *comment, ..Map::default() };
        let text = comment.text(&tree.source).trim_start_matches('#').trim();
        set_at(&mut map, "text", Value::string(text, place), place);
        let mut range = *comment;
        if let Some(below) = below(tree, *comment) {
            // The comment is about the instruction: they are one thing.
            range = comment.to(below.span);
            set_at(&mut map, "keyword", Value::string(below.keyword.clone(), place), place);
            let names = names(below).into_iter().map(|name| Value::string(name, place)).collect();
            set_at(&mut map, "names", Value::list(names, place), place);
            let first = text.split(' ').next().unwrap_or("");
            set_at(&mut map, "subject", Value::string(first, place), place);
        }
        out.push(Item {
            views: views!["dockerfile.comment".into()],
            name: "comment".into(),
            header: place,
            range,
            value: Value::map(map, place),
            owner: None,
            index: 0,
        });
    }
    out
}

/// The instruction that begins on the line after the comment's.
fn below(tree: &Tree, comment: Span) -> Option<&Instruction> {
    let after = tree.source.get(comment.end as usize..)?;
    let next = comment.end as usize + after.find('\n')? + 1;
    let end = next + tree.source.get(next..)?.find('\n').unwrap_or(tree.source.len() - next);
    tree.instructions.iter().find(|known| (next..=end).contains(&(known.span.start as usize)))
}

/// What an instruction declares: a stage, build arguments.
fn names(instruction: &Instruction) -> Vec<&str> {
    let texts = instruction.words.iter().map(|word| word.text.as_str());
    match instruction.keyword.as_str() {
        "FROM" => texts.skip(2).take(1).collect(),
        "ARG" => texts.map(|text| text.split('=').next().unwrap_or(text)).collect(),
        _ => Vec::new(),
    }
}
