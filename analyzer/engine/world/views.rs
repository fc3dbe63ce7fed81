//! `node`, `exposure`, `shared` and `intended`: the world as rules see it. The fields are those of `rules/schemas/world.schema`.

use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{FileId, Item, Place, Value, views};
use plimsoll_world::{Answer, Difference, Marks, Node, NodeId, Shared, Verdict, World};
use rustc_hash::{FxHashMap, FxHashSet};

use super::findings::{Found, Today};
use super::ports::{every_port, intervals};
use super::stated::Stated;

/// The views that need the world.
pub(super) const VIEWS: &[&str] = &["node", "exposure", "shared", "intended"];

/// The fields that tell steps, by view.
const TOLD: &[(&str, &str)] = &[("exposure", "steps"), ("node", "evidence")];

/// The steps that an item of the world tells, for the finding about it.
pub(crate) fn told(item: &Item) -> Vec<(Place, String)> {
    let field = TOLD.iter().find(|(view, _)| item.views.iter().any(|own| own == view));
    let steps = field.and_then(|(_, field)| item.value.get(field)).map(Value::items).unwrap_or_default();
    // What a platform does by itself is written nowhere: it is told where the item is.
    let placed = |step: &Value| if step.place.is_some() { step.place } else { item.header };
    let mut told: Vec<(Place, String)> = Vec::new();
    for (number, step) in (1..).zip(steps) {
        told.extend(step.as_str().map(|message| (placed(step), format!("{number}. {message}"))));
    }
    told
}

/// Everything in a world that rules may look at.
pub(super) fn items(world: &World, found: &Found, stated: &Stated) -> Vec<Item> {
    let view = View { world, purposes: world.purposes(&stated.contexts), inhabitants: inhabitants(world) };
    let mut items: Vec<Item> = world
        .all()
        .filter(|(id, node)| id.0 > World::LAN.0 && !node.kind.is_boundary())
        .map(|(id, node)| view.node(id, node, found))
        .collect();
    items.extend(found.unmeant().filter_map(|answer| view.exposure(answer)));
    items.extend(world.shared(&view.purposes).iter().filter_map(|shared| view.shared(shared)));
    items
}

/// The intended exposures that a file states. `matched`: the numbers of those that something is exposed as.
pub(super) fn intended(stated: &Stated, matched: &FxHashSet<usize>, file: FileId, today: Today) -> Vec<Item> {
    let all = stated.intended.iter().enumerate().map(|(number, intended)| {
        let expired = intended.has_expired(today);
        let at = Place::new(file, intended.span);
        let text = |text: Option<&str>| text.map_or_else(Value::default, |text| Value::string(text, at));
        let value = object(
            at,
            [
                ("node", text(Some(&intended.node))),
                ("from", text(intended.from.as_deref())),
                ("reason", text(Some(&intended.reason))),
                ("until", text(intended.until_text().as_deref())),
                ("port", intended.port.map_or_else(Value::default, |port| Value::int(port, at))),
                ("matched", Value::bool(matched.contains(&number) || expired, at)),
                ("expired", Value::bool(expired, at)),
            ],
        );
        item(&intended.node, "intended", at, at, value)
    });
    all.collect()
}

struct View<'w> {
    world: &'w World,
    /// What each node is for.
    purposes: Vec<Marks>,
    inhabitants: FxHashMap<NodeId, usize>,
}

/// How many workloads lie in each boundary.
fn inhabitants(world: &World) -> FxHashMap<NodeId, usize> {
    let mut counts = FxHashMap::default();
    for boundary in world.nodes.iter().filter(|node| node.kind.is_workload()).flat_map(|node| &node.inside) {
        *counts.entry(*boundary).or_insert(0) += 1;
    }
    counts
}

impl View<'_> {
    fn node(&self, id: NodeId, node: &Node, found: &Found) -> Item {
        let mut value = self.described(id, node);
        if let plimsoll_syntax::Kind::Map(map) = &mut value.kind {
            let exposed = Value::string(found.verdict(id), node.place);
            std::sync::Arc::make_mut(map).set("exposed", exposed);
        }
        item(&node.name, "node", node.place, node.range, value)
    }

    fn described(&self, id: NodeId, node: &Node) -> Value {
        let at = node.place;
        let text = |text: &str| Value::string(text, at);
        let rung = node.rung();
        let inside = node.inside.iter().filter_map(|id| self.world.node(*id)).map(boundary);
        let mut labels = Map::default();
        for (key, value, place) in &node.labels {
            put(&mut labels, key, Value::string(value.clone(), *place));
        }
        let evidence = node.evidence.iter().filter(|evidence| Some(evidence.rung) == rung);
        let evidence = evidence.map(|evidence| Value::string(&*evidence.step.message, evidence.step.place));
        let Marks { sensitivity, environment, tenant } = self.purposes.get(id.0 as usize).cloned().unwrap_or_default();
        let marked = |mark: Option<(compact_str::CompactString, Place)>| {
            mark.map_or_else(Value::default, |(word, place)| Value::string(word, if place.is_some() { place } else { at }))
        };
        let nearest = node.inside.iter().find(|id| self.world.node(**id).is_some_and(|node| node.kind.shares_kernel()));
        let neighbours = nearest.map(|nearest| self.inhabitants.get(nearest).copied().unwrap_or(0).saturating_sub(1));
        object(
            at,
            [
                ("name", text(&node.name)),
                ("kind", text(node.kind.name())),
                ("platform", text(&node.platform)),
                ("rung", rung.map_or_else(Value::default, |rung| Value::int(rung.number(), at))),
                ("evidence", Value::list(evidence.collect(), at)),
                ("inside", Value::list(inside.collect(), at)),
                ("labels", Value::map(labels, at)),
                ("sensitivity", Value::list(sensitivity.into_iter().map(|mark| marked(Some(mark))).collect(), at)),
                ("environment", marked(environment)),
                ("tenant", marked(tenant)),
                (
                    "neighbours",
                    neighbours.map_or_else(Value::default, |count| Value::int(i128::try_from(count).unwrap_or_default(), at)),
                ),
            ],
        )
    }

    fn exposure(&self, answer: &Answer) -> Option<Item> {
        let node = self.world.node(answer.to)?;
        let at = node.place;
        let heard = node.listeners.iter().filter(|listener| answer.arrives.contains(listener.protocol, listener.port));
        let heard = heard.map(|listener| {
            let at = listener.step.place;
            object(
                at,
                [
                    ("service", Value::string(listener.service.clone(), at)),
                    ("port", Value::int(listener.port, at)),
                    ("proof", listener.proof.as_ref().map_or_else(Value::default, |proof| Value::string(proof.clone(), at))),
                ],
            )
        });
        let steps = answer.steps.iter().map(|step| Value::string(&*step.message, step.place));
        let from = match answer.from {
            plimsoll_world::From::Node(id) => self.world.node(id)?.name.clone(),
            plimsoll_world::From::Addresses(_) => return None,
        };
        let value = object(
            at,
            [
                ("from", Value::string(from, at)),
                ("to", self.described(answer.to, node)),
                ("ports", Value::list(intervals(&answer.ports, at), at)),
                ("arrives", Value::list(intervals(&answer.arrives, at), at)),
                ("every_port", Value::bool(every_port(&answer.ports), at)),
                ("listeners", Value::list(heard.collect(), at)),
                ("steps", Value::list(steps.collect(), at)),
            ],
        );
        debug_assert!(answer.verdict == Verdict::Reachable, "only what is reachable is an exposure");
        Some(item(&node.name, "exposure", at, node.range, value))
    }

    fn shared(&self, shared: &Shared) -> Option<Item> {
        let node = self.world.node(shared.left)?;
        let at = node.place;
        let marks = self.purposes.get(shared.left.0 as usize)?.clone();
        let mark = match &shared.difference {
            Difference::Sensitivity(name) => name.clone(),
            Difference::Environment => marks.environment?.0,
            Difference::Tenant => marks.tenant?.0,
        };
        let others = shared.right.iter().filter_map(|id| self.world.node(*id));
        let others = others.map(|node| Value::string(node.name.clone(), node.place));
        let value = object(
            at,
            [
                ("difference", Value::string(shared.difference.name(), at)),
                ("mark", Value::string(mark, at)),
                ("boundary", boundary(self.world.node(shared.boundary)?)),
                ("workload", self.described(shared.left, node)),
                ("others", Value::list(others.collect(), at)),
                ("wall", shared.wall.map_or_else(Value::default, |rung| Value::int(rung.number(), at))),
                ("reaches", shared.reaches.map_or_else(Value::default, |reaches| Value::bool(reaches, at))),
            ],
        );
        Some(item(&node.name, "shared", at, node.range, value))
    }
}

fn boundary(node: &Node) -> Value {
    object(
        node.place,
        [("name", Value::string(node.name.clone(), node.place)), ("kind", Value::string(node.kind.name(), node.place))],
    )
}

fn item(name: &str, view: &str, header: Place, range: Place, value: Value) -> Item {
    Item { views: views![view.into()], name: name.into(), header, range: range.span, value, owner: None, index: 0 }
}

fn put(map: &mut Map, key: &str, value: Value) {
    let place = value.place;
    map.entries.push(Entry { key: key.into(), key_place: Place::NONE, place, value });
}

pub(super) fn object(place: Place, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let fields = fields.into_iter();
    let mut map = Map { entries: Vec::with_capacity(fields.size_hint().0), ..Map::default() };
    fields.for_each(|(key, value)| put(&mut map, key, value));
    Value::map(map, place)
}
