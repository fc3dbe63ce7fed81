//! HCL: the shape of bodies, with the byte ranges of expressions and braces.

use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{self, Body, BodyItem, Tree};
use serde_json::{Value, json};

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let source = case["src"].as_str().unwrap_or("").into();
    let tree = hcl::parse(&source);
    json!({"ok": tree.errors.is_empty(), "body": body(&tree, &tree.body)})
}

fn body(tree: &Tree, of: &Body) -> Value {
    let range = |span: Span| json!([span.start, span.end]);
    let item = |item: &BodyItem| match item {
        BodyItem::Attribute(attribute) => {
            json!({"attr": tree.text(attribute.name), "expr": ["expression", range(tree[attribute.expr].span)]})
        }
        BodyItem::Block(block) => json!({
            "block": tree.text(block.kind),
            "labels": block.labels.iter().map(|label| tree.label(*label)).collect::<Vec<_>>(),
            "open": range(block.open),
            "close": range(block.close),
            "body": body(tree, &block.body),
        }),
    };
    of.items.iter().map(item).collect()
}
