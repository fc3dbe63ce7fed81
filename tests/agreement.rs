//! Three grammars of HCL on the same files: ours, `hcl-edit` and `tree-sitter-hcl`. All accept them, and all find the same blocks and
//! attributes, with values that begin at the same bytes. Where they do not, [`EXPLAINED`] says why.
//!
//! `PLIMSOLL_AGREE_ON=FOLDER` compares them on the files below a folder as well.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::PathBuf;
use std::{env, fs};

use hcl_edit::Span as _;
use hcl_edit::structure::Structure;
use plimsoll_syntax::hcl::{self, BodyItem};
use plimsoll_tests::generate::hcl as made;
use plimsoll_tests::random::Random;
use plimsoll_tests::{files_below, workspace};

/// Files that another grammar does not take as Terraform does: the end of the path, the grammar, and the reason.
const EXPLAINED: &[(&str, &str, &str)] = &[];

/// A name with its depth, and where its value begins; 0 for blocks.
type Shape = Vec<(usize, String, usize)>;

fn ours(text: &str) -> Option<Shape> {
    fn walk(tree: &hcl::Tree, body: &hcl::Body, depth: usize, out: &mut Shape) {
        for item in &body.items {
            match item {
                BodyItem::Attribute(attribute) => {
                    out.push((depth, tree.text(attribute.name).to_owned(), tree[attribute.expr].span.start as usize));
                }
                BodyItem::Block(block) => {
                    out.push((depth, tree.text(block.kind).to_owned(), 0));
                    walk(tree, &block.body, depth + 1, out);
                }
            }
        }
    }
    let tree = hcl::parse(&text.into());
    let mut out = Shape::new();
    walk(&tree, &tree.body, 0, &mut out);
    tree.errors.is_empty().then_some(out)
}

fn hcl_edit(text: &str) -> Option<Shape> {
    fn walk(body: &hcl_edit::structure::Body, depth: usize, out: &mut Shape) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    out.push((depth, attribute.key.to_string(), attribute.value.span().map_or(0, |range| range.start)));
                }
                Structure::Block(block) => {
                    out.push((depth, block.ident.to_string(), 0));
                    walk(&block.body, depth + 1, out);
                }
            }
        }
    }
    let body = hcl_edit::parser::parse_body(text).ok()?;
    let mut out = Shape::new();
    walk(&body, 0, &mut out);
    Some(out)
}

fn tree_sitter(text: &str) -> Option<Shape> {
    fn walk(node: tree_sitter::Node<'_>, text: &str, depth: usize, out: &mut Shape) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let name = child.named_child(0).and_then(|name| text.get(name.byte_range())).unwrap_or("").to_owned();
            match child.kind() {
                "attribute" => out.push((depth, name, child.named_child(1).map_or(0, |value| value.start_byte()))),
                "block" => {
                    out.push((depth, name, 0));
                    walk(child, text, depth + 1, out);
                }
                "body" => walk(child, text, depth, out),
                _ => {}
            }
        }
    }
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_hcl::LANGUAGE.into()).unwrap();
    let tree = parser.parse(text, None)?;
    let mut out = Shape::new();
    walk(tree.root_node(), text, 0, &mut out);
    (!tree.root_node().has_error()).then_some(out)
}

fn compare(path: &str, text: &str, apart: &mut Vec<String>) {
    let Some(ours) = ours(text) else {
        apart.push(format!("{path}: plimsoll refuses it: {:?}", hcl::parse(&text.into()).errors.first()));
        return;
    };
    for (grammar, theirs) in [("hcl-edit", hcl_edit(text)), ("tree-sitter-hcl", tree_sitter(text))] {
        if EXPLAINED.iter().any(|row| path.ends_with(row.0) && row.1 == grammar) {
            continue;
        }
        match theirs {
            None => apart.push(format!(
                "{path}: {grammar} refuses it: {:?}",
                hcl_edit::parser::parse_body(text).err().map(|error| error.to_string())
            )),
            Some(theirs) if theirs != ours => {
                let first = theirs.iter().zip(&ours).find(|(theirs, ours)| theirs != ours);
                apart.push(format!("{path}: {grammar} has another shape: theirs and ours {first:?}"));
            }
            Some(_) => {}
        }
    }
}

#[test]
fn grammars_agree_on_files() {
    let mut apart = Vec::new();
    let folders = [Some(workspace().join("examples")), env::var_os("PLIMSOLL_AGREE_ON").map(PathBuf::from)];
    let files: Vec<_> = folders
        .into_iter()
        .flatten()
        .flat_map(|folder| files_below(&folder, |name| name.ends_with(".tf") || name.ends_with(".tfvars")))
        .collect();
    for path in &files {
        compare(&path.to_string_lossy(), &fs::read_to_string(path).unwrap_or_default(), &mut apart);
    }
    assert!(!files.is_empty(), "there is nothing to compare");
    assert!(apart.is_empty(), "{} of {}:\n{}", apart.len(), files.len(), apart.join("\n"));
}

#[test]
fn grammars_agree_on_made_up_texts() {
    let mut apart = Vec::new();
    for seed in 0..150 {
        compare(&format!("seed {seed}"), &made::file(&mut Random::new(seed), 2_000), &mut apart);
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}
