//! Who refers to what inside of one directory, by the names that are written; nothing is evaluated.

use compact_str::CompactString;
use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::hcl::{Block, ExprId, ExprKind, Tree};
use plimsoll_syntax::text::joined;
use plimsoll_syntax::{Place, Span, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::declare::File;

/// For each name (`var.a`, `aws_instance.web`, `data.aws_ami.base`) who uses it, and where.
pub(crate) type Uses = FxHashMap<CompactString, Vec<Use>>;

/// One use of a name.
#[derive(Debug)]
pub(crate) struct Use {
    /// The declaration that uses it: `output.id`, `local.tags`.
    pub(crate) owner: CompactString,
    /// Where.
    pub(crate) place: Place,
    /// The same in the text of the tree of file number `file`.
    pub(crate) span: Span,
    pub(crate) file: u32,
    /// What of it is used: `id` of `aws_vpc.main.id`; `None`: this cannot be told, or all of it.
    pub(crate) attribute: Option<CompactString>,
}

/// Up to so many users are looked through one by one.
const FEW: usize = 8;

/// Adds the uses in the file of number `at`; returns whether each use in it names what it uses: `var["a"]` does not.
pub(crate) fn collect(file: &File, at: u32, uses: &mut Uses) -> bool {
    let tree = &file.tree;
    let owners = owners(tree);
    let mut is_plain = true;
    let attributes = tree.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::GetAttr { .. })).count();
    let mut found: Vec<(CompactString, Use)> = Vec::with_capacity(attributes);
    // What stands behind a name is an expression around it, and comes later: for each expression the use that it ends, if it does.
    let mut ends: Vec<Option<u32>> = vec![None; tree.exprs.len()];
    for (id, expr) in tree.exprs.iter().enumerate() {
        let (base, name) = match expr.kind {
            ExprKind::GetAttr { base, name } => (base, name),
            ExprKind::Index { base, .. } => {
                let word = matches!(tree[base].kind, ExprKind::Variable).then(|| tree.text(tree[base].span));
                is_plain &= word.is_none_or(|word| !matches!(word, "var" | "local" | "module" | "data" | "ephemeral"));
                if let ExprKind::GetAttr { base, .. } = tree[base].kind {
                    let word = tree.text(tree[base].span);
                    is_plain &= !(matches!(tree[base].kind, ExprKind::Variable) && matches!(word, "data" | "ephemeral"));
                }
                ends[id] = ends[base.0 as usize].take();
                continue;
            }
            _ => continue,
        };
        if let Some((_, known)) = ends[base.0 as usize].take().and_then(|at| found.get_mut(at as usize)) {
            known.attribute = Some(tree.text(name).into());
        }
        let Some(used) = used(tree, expr.span, base, name) else { continue };
        let before = owners.partition_point(|(span, _)| span.start <= expr.span.start);
        let owner = before.checked_sub(1).and_then(|before| owners.get(before)).filter(|(span, _)| expr.span.end <= span.end);
        let Some((_, owner)) = owner else { continue };
        // The commands of a resource run when it is there: they may refer to it.
        if *owner == used && in_commands(tree, expr.span) {
            continue;
        }
        ends[id] = Some(crate::declare::count(found.len()));
        let place = file.place(expr.span);
        found.push((used, Use { owner: owner.clone(), place, span: expr.span, file: at, attribute: None }));
    }
    for (used, user) in found {
        uses.entry(used).or_insert_with(|| Vec::with_capacity(1)).push(user);
    }
    is_plain
}

/// The names that are used within a span, in order.
pub(crate) fn names(tree: &Tree, span: Span) -> impl Iterator<Item = CompactString> {
    let inside = tree.exprs.iter().filter(move |expr| span.contains(expr.span));
    inside.filter_map(
        |expr| if let ExprKind::GetAttr { base, name } = expr.kind { used(tree, expr.span, base, name) } else { None },
    )
}

/// The users of a name as a list: each once, where it does so first.
pub(crate) fn listed(uses: &Uses, name: &str, place: Place) -> Value {
    let all = uses.get(name).map_or(&[][..], Vec::as_slice);
    // Uses of one user mostly follow each other. A validation refers to its own variable; that is no use.
    let firsts = all.chunk_by(|one, next| one.owner == next.owner).filter_map(<[Use]>::first).filter(|user| user.owner != name);
    let mut users: Vec<Value> = Vec::with_capacity(firsts.clone().count());
    let mut more: FxHashSet<&str> = FxHashSet::default();
    for user in firsts {
        let is_known = users.iter().take(FEW).any(|known| known.as_str() == Some(user.owner.as_str()));
        if !is_known && (users.len() < FEW || more.insert(&user.owner)) {
            users.push(Value::string(user.owner.clone(), user.place));
        }
    }
    Value::list(users, place)
}

/// Where a declaration refers to itself.
pub(crate) fn own(uses: &Uses, name: &str) -> impl Iterator<Item = Place> {
    uses.get(name).into_iter().flatten().filter(move |user| user.owner == name).map(|user| user.place)
}

/// Whether something stands in a `provisioner` or `connection` of a resource.
fn in_commands(tree: &Tree, span: Span) -> bool {
    let around = |block: &&Block| block.span().start <= span.start && span.end <= block.span().end;
    let outer = tree.body.blocks().find(around);
    outer.is_some_and(|outer| {
        outer.body.blocks().any(|inner| around(&inner) && matches!(tree.text(inner.kind), "provisioner" | "connection"))
    })
}

/// Whether `self` stands for something: in the commands of a resource, and in what holds when it is there.
/// <https://opentofu.org/docs/language/expressions/references/#references-to-resource-attributes>
pub(crate) fn knows_self(tree: &Tree, span: Span) -> bool {
    let around = |block: &&Block| block.span().start <= span.start && span.end <= block.span().end;
    let outer = tree.body.blocks().find(around);
    let inner = outer.and_then(|outer| outer.body.blocks().find(around));
    let holds = |inner: &Block| inner.body.blocks().any(|block| around(&block) && tree.text(block.kind) == "postcondition");
    inner.is_some_and(|inner| in_commands(tree, span) || holds(inner))
}

/// What an expression names that takes `name` of `base`.
fn used(tree: &Tree, whole: Span, base: ExprId, name: Span) -> Option<CompactString> {
    match tree[base].kind {
        ExprKind::Variable => match tree.text(tree[base].span) {
            // These are no declarations.
            "data" | "ephemeral" | "each" | "count" | "self" | "path" | "terraform" | "tofu" => None,
            // It is written so, but where there is space between.
            word if word.len() + 1 + name.len() as usize == whole.len() as usize => Some(tree.text(whole).into()),
            word => Some(joined([word, ".", tree.text(name)])),
        },
        ExprKind::GetAttr { base, name: kind } if matches!(tree[base].kind, ExprKind::Variable) => {
            match tree.text(tree[base].span) {
                mode @ ("data" | "ephemeral") => Some(joined([mode, ".", tree.text(kind), ".", tree.text(name)])),
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
            "locals" => {
                owners.extend(block.body.attributes().map(|local| (local.span, joined(["local.", tree.text(local.name)]))))
            }
            kind => owners.push((block.span(), owner(tree, block, kind))),
        }
    }
    owners.sort_by_key(|(span, _)| span.start);
    owners
}

fn owner(tree: &Tree, block: &Block, kind: &str) -> CompactString {
    let label = |n: usize| block.labels.get(n).map(|label| tree.label(*label)).unwrap_or_default();
    match kind {
        "variable" => joined(["var.", &label(0)]),
        "resource" => joined([&label(0), ".", &label(1)]),
        "data" | "ephemeral" => joined([kind, ".", &label(0), ".", &label(1)]),
        "output" | "module" | "provider" | "check" => joined([kind, ".", &label(0)]),
        _ => kind.into(),
    }
}
