//! Who refers to what inside of one directory, by the names that are written; nothing is evaluated.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::hcl::{Block, ExprId, ExprKind, Tree};
use plimsoll_syntax::{Place, Span, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::declare::File;

/// For each name (`var.a`, `aws_instance.web`, `data.aws_ami.base`) who uses it, and where.
pub(crate) type Uses = FxHashMap<CompactString, Vec<(CompactString, Place)>>;

/// Adds the uses in one file.
pub(crate) fn collect(file: &File, uses: &mut Uses) {
    let tree = &file.tree;
    let owners = owners(tree);
    for expr in &tree.exprs {
        let ExprKind::GetAttr { base, name } = expr.kind else { continue };
        let Some(used) = used(tree, base, name) else { continue };
        let at = owners.partition_point(|(span, _)| span.start <= expr.span.start);
        let owner = at.checked_sub(1).and_then(|at| owners.get(at)).filter(|(span, _)| expr.span.end <= span.end);
        let Some((_, owner)) = owner else { continue };
        // The commands of a resource run when it is there: they may refer to it.
        if *owner == used && in_commands(tree, expr.span) {
            continue;
        }
        uses.entry(used).or_default().push((owner.clone(), file.place(expr.span)));
    }
}

/// The users of a name as a list: each once, where it does so first.
pub(crate) fn listed(uses: &Uses, name: &str, place: Place) -> Value {
    let mut users: Vec<Value> = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for (user, place) in uses.get(name).into_iter().flatten() {
        // A validation refers to its own variable; that is no use.
        if user != name && seen.insert(user) {
            users.push(Value::string(user.clone(), *place));
        }
    }
    Value::list(users, place)
}

/// Where a declaration refers to itself.
pub(crate) fn own(uses: &Uses, name: &str) -> impl Iterator<Item = Place> {
    uses.get(name).into_iter().flatten().filter(move |(user, _)| user == name).map(|(_, place)| *place)
}

/// Whether something stands in a `provisioner` or `connection` of a resource.
fn in_commands(tree: &Tree, span: Span) -> bool {
    let around = |block: &&Block| block.span().start <= span.start && span.end <= block.span().end;
    let outer = tree.body.blocks().find(around);
    outer.is_some_and(|outer| {
        outer.body.blocks().any(|inner| around(&inner) && matches!(tree.text(inner.kind), "provisioner" | "connection"))
    })
}

fn used(tree: &Tree, base: ExprId, name: Span) -> Option<CompactString> {
    let name = tree.text(name);
    match tree[base].kind {
        ExprKind::Variable => match tree.text(tree[base].span) {
            "data" | "ephemeral" | "each" | "count" | "self" | "path" | "terraform" | "tofu" => None,
            word => Some(format_compact!("{word}.{name}")),
        },
        ExprKind::GetAttr { base, name: kind } if matches!(tree[base].kind, ExprKind::Variable) => {
            match tree.text(tree[base].span) {
                mode @ ("data" | "ephemeral") => Some(format_compact!("{mode}.{}.{name}", tree.text(kind))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The declarations of a file with their extents, in order.
fn owners(tree: &Tree) -> Vec<(Span, CompactString)> {
    let mut owners = Vec::new();
    for item in &tree.body.items {
        let BodyItem::Block(block) = item else { continue };
        match tree.text(block.kind) {
            "locals" => owners
                .extend(block.body.attributes().map(|local| (local.span, format_compact!("local.{}", tree.text(local.name))))),
            kind => owners.push((block.span(), owner(tree, block, kind))),
        }
    }
    owners.sort_by_key(|(span, _)| span.start);
    owners
}

fn owner(tree: &Tree, block: &Block, kind: &str) -> CompactString {
    let label = |n: usize| block.labels.get(n).map(|label| tree.label(*label)).unwrap_or_default();
    match kind {
        "variable" => format_compact!("var.{}", label(0)),
        "resource" => format_compact!("{}.{}", label(0), label(1)),
        "data" | "ephemeral" => format_compact!("{kind}.{}.{}", label(0), label(1)),
        "output" | "module" | "provider" | "check" => format_compact!("{kind}.{}", label(0)),
        _ => kind.into(),
    }
}
