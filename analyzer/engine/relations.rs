//! Relations: what belongs to an item, by references between resources, or by the rules of the cluster.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_kubernetes::Cluster;
use plimsoll_rule_language::relation::{Relation, Relations, Target};
use plimsoll_syntax::value::{Part, Unknown};
use plimsoll_syntax::{Item, Kind, Value};
use rustc_hash::FxHashMap;

use crate::address;
use crate::eval::{Links, Relate};

/// How deep values are searched for what is not known.
const DEPTH: usize = 12;

/// The type of the resource at an address: `aws_instance`, `data.aws_ami`.
pub(crate) fn resource_type(resource: &str) -> CompactString {
    address::view(resource).into()
}

/// Something in the value is not known, and is no attribute of a resource either: what it refers to cannot be told.
fn loose_end(value: &Value, depth: usize) -> Option<Arc<Unknown>> {
    let loose = |unknown: &Arc<Unknown>| unknown.identity.is_none().then(|| unknown.clone());
    match &value.kind {
        Kind::Unknown(unknown) => loose(unknown),
        Kind::Template(parts) => parts.iter().find_map(|part| match part {
            Part::Hole(unknown) => loose(unknown),
            Part::Known(_) => None,
        }),
        Kind::List(list) if depth < DEPTH => {
            list.items.iter().find_map(|item| loose_end(item, depth + 1)).or_else(|| list.tail.as_ref().and_then(loose))
        }
        Kind::Choice(choice) => Some(choice.condition.clone()),
        _ => None,
    }
}

/// The texts of a value, for links that are written by name; of a path or an ARN its last part as well.
fn texts<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match &value.kind {
        Kind::String(text) if !text.is_empty() => {
            out.push(text);
            let last =
                text.trim_end_matches('/').rsplit(['/', ':']).next().filter(|last| !last.is_empty() && last.len() < text.len());
            out.extend(last);
        }
        Kind::List(list) => list.items.iter().for_each(|item| texts(item, out)),
        _ => {}
    }
}

/// The values at an attribute's path, through repeated blocks.
fn values_at<'v>(value: &'v Value, path: &[&str], out: &mut Vec<&'v Value>) {
    match (&value.kind, path.split_first()) {
        (Kind::Null, _) => {}
        (Kind::List(list), Some(_)) => list.items.iter().for_each(|item| values_at(item, path, out)),
        (_, None) => out.push(value),
        (_, Some((first, rest))) => {
            if let Some(inner) = value.get(first) {
                values_at(inner, rest, out);
            }
        }
    }
}

fn attribute_values<'v>(item: &'v Item, attribute: &str) -> Vec<&'v Value> {
    let path: Vec<&str> = attribute.split('.').collect();
    let mut out = Vec::new();
    values_at(&item.value, &path, &mut out);
    out
}

/// Attributes by which resources are linked when nobody refers to them.
const NAMES: &[&str] = &["name", "id", "arn", "bucket", "self_link"];

/// A resource that names another, and the types that the value refers to besides: a name says nothing about a type that is
/// referred to by address.
type Named = (usize, Rc<[CompactString]>);

/// What the resources of one type refer to with one attribute.
#[derive(Default)]
struct Referrers {
    /// By the address without its key.
    by_address: FxHashMap<CompactString, Vec<(usize, CompactString)>>,
    by_text: FxHashMap<CompactString, Vec<Named>>,
    /// Those that may refer to anything.
    loose: Option<Arc<Unknown>>,
}

/// The relations that the items of one root module, of one file or of the cluster have.
pub(crate) struct Related<'a> {
    relations: &'a Relations,
    items: &'a [Item],
    /// Put together when a relation is first followed: most files have none.
    by_view: OnceCell<FxHashMap<&'a str, Vec<usize>>>,
    referrers: RefCell<FxHashMap<(CompactString, CompactString), Rc<Referrers>>>,
    cluster: Box<dyn Fn() -> Option<Arc<Cluster>> + 'a>,
    held: OnceCell<Option<Arc<Cluster>>>,
}

impl<'a> Related<'a> {
    /// `items`: all that may be related to each other; `cluster`: the manifests, asked for when a relation needs them; none for
    /// items that lie in no cluster.
    pub(crate) fn new(relations: &'a Relations, items: &'a [Item], cluster: impl Fn() -> Option<Arc<Cluster>> + 'a) -> Self {
        let (by_view, referrers) = (OnceCell::new(), RefCell::default());
        Self { relations, items, by_view, referrers, cluster: Box::new(cluster), held: OnceCell::new() }
    }

    /// The items of a view, by index.
    fn indices(&self, view: &str) -> &[usize] {
        let by_view = self.by_view.get_or_init(|| {
            let mut by_view: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
            for (at, item) in self.items.iter().enumerate() {
                for view in &item.views {
                    by_view.entry(view.as_str()).or_default().push(at);
                }
            }
            by_view
        });
        by_view.get(view).map_or(&[], Vec::as_slice)
    }

    fn of_view(&self, view: &str) -> impl Iterator<Item = &'a Item> + '_ {
        self.indices(view).iter().map(|&at| &self.items[at])
    }

    fn referrers(&self, target: &Target) -> Rc<Referrers> {
        let key = (target.view.clone(), target.attribute.clone());
        if let Some(known) = self.referrers.borrow().get(&key) {
            return known.clone();
        }
        let mut found = Referrers::default();
        for &at in self.indices(&target.view) {
            for value in attribute_values(&self.items[at], &target.attribute) {
                let addresses = value.references();
                if addresses.is_empty() && found.loose.is_none() {
                    found.loose = loose_end(value, 0);
                }
                let types: Rc<[CompactString]> = addresses.iter().map(|reference| resource_type(&reference.address)).collect();
                for reference in addresses {
                    let base = address::split_key(&reference.address).0.into();
                    found.by_address.entry(base).or_default().push((at, reference.address));
                }
                let mut written = Vec::new();
                texts(value, &mut written);
                for text in written {
                    found.by_text.entry(text.into()).or_default().push((at, types.clone()));
                }
            }
        }
        let found = Rc::new(found);
        self.referrers.borrow_mut().insert(key, found.clone());
        found
    }

    /// The resources of a type whose attribute refers to this item.
    fn referring(&self, item: &Item, target: &Target, found: &mut Vec<usize>, tail: &mut Option<Arc<Unknown>>) {
        let referrers = self.referrers(target);
        let base = address::split_key(&item.name).0;
        for (at, reference) in referrers.by_address.get(base).into_iter().flatten() {
            if address::leads_to(reference, &item.name) {
                found.push(*at);
            }
        }
        if !referrers.by_text.is_empty() {
            let last = target.attribute.rsplit('.').next().unwrap_or("");
            for name in NAMES.iter().copied().chain([last]) {
                let known = item.value.str_at(&[name]).and_then(|text| referrers.by_text.get(text));
                let other = |types: &[CompactString]| !types.iter().any(|kind| item.views.contains(kind));
                found.extend(known.into_iter().flatten().filter(|(_, types)| other(types)).map(|(at, _)| *at));
            }
        }
        if let Some(loose) = &referrers.loose {
            tail.get_or_insert_with(|| loose.clone());
        }
    }

    /// The resources that the item's own attribute refers to.
    fn referred(&self, item: &Item, target: &Target, found: &mut Vec<usize>, tail: &mut Option<Arc<Unknown>>) {
        let candidates = self.indices(&target.view);
        for value in attribute_values(item, &target.attribute) {
            let addresses = value.references();
            if addresses.is_empty()
                && let Some(loose) = loose_end(value, 0)
            {
                tail.get_or_insert(loose);
            }
            let mut written = Vec::new();
            if !addresses.iter().any(|reference| resource_type(&reference.address) == target.view) {
                texts(value, &mut written);
            }
            found.extend(candidates.iter().copied().filter(|&at| {
                let candidate = &self.items[at];
                let named =
                    || NAMES.iter().any(|name| candidate.value.str_at(&[name]).is_some_and(|text| written.contains(&text)));
                addresses.iter().any(|reference| address::leads_to(&reference.address, &candidate.name)) || named()
            }));
        }
    }

    fn declared<'s>(&'s self, item: &'s Item, relation: &Relation) -> Links<'s> {
        let mut links = Links { many: relation.many, ..Links::default() };
        let mut found = Vec::new();
        for target in &relation.to {
            if target.forward {
                self.referred(item, target, &mut found, &mut links.tail);
            } else {
                self.referring(item, target, &mut found, &mut links.tail);
            }
        }
        found.sort_unstable();
        found.dedup();
        links.items = found.into_iter().map(|at| &self.items[at]).filter(|item| counts(item, relation)).collect();
        if let Some(inline) = &relation.inline {
            for value in attribute_values(item, inline) {
                match &value.kind {
                    Kind::List(list) => {
                        links.values.extend(&list.items);
                        links.tail = links.tail.or_else(|| list.tail.clone());
                    }
                    Kind::Unknown(unknown) => links.tail = links.tail.or_else(|| Some(unknown.clone())),
                    _ => links.values.push(value),
                }
            }
        }
        links
    }

    /// Relations with logic of their own between Terraform items.
    fn native(&self, item: &Item, name: &str, relation: &Relation) -> Links<'_> {
        let mut links = Links { many: relation.many, ..Links::default() };
        match name {
            // From an entry of a view over several providers to the resource that it is written in.
            "owner" => {
                let owner = item.value.str_at(&["owner", "address"]).or_else(|| item.value.str_at(&["owner"]));
                links.items = self.of_view("resource").filter(|resource| owner == Some(resource.name.as_str())).collect();
            }
            // From a resource to the statements of the policies that are written in it, or in a companion that refers to it.
            "policy_statements" => {
                let mut owners = vec![item.name.as_str()];
                let mut found = Vec::new();
                for target in &relation.to {
                    if !target.attribute.is_empty() {
                        self.referring(item, target, &mut found, &mut links.tail);
                    }
                }
                owners.extend(found.iter().map(|&at| self.items[at].name.as_str()));
                let of_owner = |statement: &&Item| {
                    statement.value.str_at(&["owner", "address"]).is_some_and(|owner| owners.contains(&owner))
                };
                links.items = self.of_view("iam.statement").filter(of_owner).collect();
            }
            // From a resource to everything that refers to it.
            "attached_to" => {
                for view in ["resource", "module"] {
                    for other in self.of_view(view).filter(|other| other.name != item.name) {
                        let addresses = other.value.references();
                        if addresses.iter().any(|reference| address::leads_to(&reference.address, &item.name)) {
                            links.items.push(other);
                        }
                    }
                }
            }
            // The settings that hold for a whole account: whatever is there of these types.
            _ => {
                links.items = relation
                    .to
                    .iter()
                    .flat_map(|target| self.of_view(&target.view))
                    .filter(|item| counts(item, relation))
                    .collect()
            }
        }
        links
    }
}

/// Whether a candidate has the values that the relation asks for; an absent attribute counts.
fn counts(item: &Item, relation: &Relation) -> bool {
    relation.only.iter().all(|(name, wanted)| match item.value.get(name) {
        Some(value) => value.is_null() || value.as_str().is_none_or(|text| text == wanted),
        None => true,
    })
}

impl Relate for Related<'_> {
    fn related<'s>(&'s self, item: &'s Item, name: &str) -> Option<Links<'s>> {
        let relation = item.views.iter().find_map(|view| self.relations.find(view, name));
        if let Some(relation) = relation
            && !relation.native
        {
            return Some(self.declared(item, relation));
        }
        let cluster = self.held.get_or_init(|| (self.cluster)()).as_deref();
        if let Some(related) = cluster.and_then(|cluster| cluster.links(item, name)) {
            return Some(Links { items: related.items, values: Vec::new(), tail: related.tail, many: related.many });
        }
        relation.map(|relation| self.native(item, name, relation))
    }
}
