//! Relations: named links between things of one format, declared in the facts files beside the rules.
//!
//! ```hcl
//! relation ingress {
//!   from   = aws_security_group
//!   many   = [aws_security_group_rule.security_group_id, aws_vpc_security_group_ingress_rule.security_group_id]
//!   inline = ingress
//! }
//! relation services {
//!   from   = workload
//!   many   = [Service]
//!   native = true # the engine knows how
//! }
//! ```

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::hcl::{self, Block, ExprId, ExprKind, Tree};
use serde::{Deserialize, Serialize};

use crate::error::{Fault, PageError};

/// Every relation that headers may name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relations {
    /// In order of declaration.
    pub all: Vec<Relation>,
}

/// One relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Its name, seen from `from`.
    pub name: CompactString,
    /// The views that have it.
    pub from: Vec<CompactString>,
    /// Where it leads.
    pub to: Vec<Target>,
    /// Leads to any number of things, not to one at most.
    pub many: bool,
    /// A repeated block of `from` whose elements belong to it as well.
    pub inline: Option<CompactString>,
    /// Values that an attribute of the target must have to count: `type = "ingress"`. An absent attribute counts.
    pub only: Vec<(CompactString, CompactString)>,
    /// The engine has the logic.
    pub native: bool,
}

/// `TYPE.attribute`: a resource of TYPE whose attribute refers to the item; or `.attribute`: what the item's own attribute refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The type, or a view.
    pub view: CompactString,
    /// The referring attribute; empty where the engine knows how.
    pub attribute: CompactString,
    /// The attribute is the item's own, and refers to the target.
    pub forward: bool,
}

impl Relations {
    /// The relation of this name from the view.
    #[must_use]
    pub fn find(&self, view: &str, name: &str) -> Option<&Relation> {
        self.all.iter().find(|relation| relation.name == name && relation.from.iter().any(|from| from == view))
    }

    /// The names of the relations from the view.
    pub fn of<'a>(&'a self, view: &'a str) -> impl Iterator<Item = &'a str> {
        let from_view = self.all.iter().filter(move |relation| relation.from.iter().any(|from| from == view));
        from_view.map(|relation| relation.name.as_str())
    }

    /// Reads the relations of one facts file and adds them.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(&mut self, path: &str, text: &str) -> Result<(), Vec<PageError>> {
        let source: Arc<str> = text.into();
        let tree = hcl::parse(&source);
        let mut faults: Vec<Fault> = tree.errors.iter().map(|error| Fault::new(error.span, error.message.as_str())).collect();
        for block in tree.body.blocks() {
            match relation(&tree, block) {
                Ok(relation) => self.all.push(relation),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().map(|fault| fault.in_page(path, text)).collect()) }
    }
}

fn relation(tree: &Tree, block: &Block) -> Result<Relation, Fault> {
    let [label] = block.labels[..] else {
        return Err(Fault::new(block.header(), "a relation has one name").hint("relation NAME { … }"));
    };
    if tree.text(block.kind) != "relation" {
        return Err(Fault::new(block.kind, "a facts file holds `relation` blocks"));
    }
    let mut out = Relation {
        name: CompactString::from(tree.label(label)),
        from: Vec::new(),
        to: Vec::new(),
        many: false,
        inline: None,
        only: Vec::new(),
        native: false,
    };
    for attribute in block.body.attributes() {
        match tree.text(attribute.name) {
            "from" => out.from = words(tree, attribute.expr),
            "one" => out.to = targets(tree, attribute.expr, false),
            "many" => {
                out.many = true;
                out.to = targets(tree, attribute.expr, false);
            }
            "refers" => out.to = targets(tree, attribute.expr, true),
            "inline" => out.inline = words(tree, attribute.expr).pop(),
            "native" => out.native = true,
            "only" => {
                if let ExprKind::Object(items) = tree[attribute.expr].kind {
                    let pairs = tree.items(items).iter();
                    out.only = pairs
                        .filter_map(|item| Some((tree.text(tree[item.key].span).into(), tree.plain_string(item.value)?)))
                        .collect();
                }
            }
            _ => {
                let hint = "the keys are from, one, many, refers, inline, only, native";
                return Err(Fault::new(attribute.name, "a relation has no such key").hint(hint));
            }
        }
    }
    if out.from.is_empty() || out.to.is_empty() {
        return Err(Fault::new(block.header(), "a relation has `from`, and `one`, `many` or `refers`"));
    }
    Ok(out)
}

fn words(tree: &Tree, expr: ExprId) -> Vec<CompactString> {
    match tree[expr].kind {
        ExprKind::Tuple(list) => tree.list(list).iter().flat_map(|&element| words(tree, element)).collect(),
        _ => vec![tree.plain_string(expr).unwrap_or_else(|| tree.text(tree[expr].span).into())],
    }
}

/// `TYPE.attribute`; with `forward`, `attribute.TYPE` reads: the item's attribute refers to a TYPE.
fn targets(tree: &Tree, expr: ExprId, forward: bool) -> Vec<Target> {
    let split = |word: CompactString| {
        // An attribute may be a path through blocks; a view with a dot of its own ends with one, and has none.
        let at_last = forward || word.ends_with('.');
        let parts = if at_last { word.rsplit_once('.') } else { word.split_once('.') };
        let (left, right) = parts.unwrap_or((&word, ""));
        let (view, attribute) = if forward && !right.is_empty() { (right, left) } else { (left, right) };
        Target { view: view.into(), attribute: attribute.into(), forward }
    };
    words(tree, expr).into_iter().map(split).collect()
}
