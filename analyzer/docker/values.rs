//! Small steps on values that every file of this crate takes.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

/// A map of derived fields; those that are null are left out.
pub(crate) fn derived<const N: usize>(fields: [(&'static str, Value); N], place: Place) -> Value {
    Value::map(map_of(fields), place)
}

/// The same, as a bare map; each name is given once.
pub(crate) fn map_of<const N: usize>(fields: [(&'static str, Value); N]) -> Map {
    roomy(fields, 0)
}

/// The same, with room for so many more fields.
pub(crate) fn roomy<const N: usize>(fields: [(&'static str, Value); N], more: usize) -> Map {
    let known = fields.iter().filter(|(_, value)| !value.is_null()).count();
    let mut entries = Vec::with_capacity(known + more);
    for (name, value) in fields {
        if !value.is_null() {
            // Made where it stays: it is the most frequent thing that this crate makes.
            entries.push(Entry { key: CompactString::from(name), key_place: Place::NONE, place: value.place, value });
        }
    }
    debug_assert!(
        entries.iter().enumerate().all(|(at, entry): (_, &Entry)| entries[..at].iter().all(|other| other.key != entry.key))
    );
    Map { entries, ..Map::default() }
}

/// Adds a field that is not there yet; null leaves it out.
pub(crate) fn push_some(map: &mut Map, name: &'static str, value: Value) {
    if !value.is_null() {
        map.push(name, value);
    }
}

/// The map to be changed, with room for so many more fields: itself, or a copy where others have it too.
pub(crate) fn own(map: Arc<Map>, more: usize) -> Map {
    let mut map = Arc::try_unwrap(map).unwrap_or_else(|shared| shared.with_room(more));
    map.entries.reserve_exact(more);
    map
}

/// A map that keeps its room to grow: of an item that is gone soon, or that becomes another one's with more fields.
pub(crate) fn loose(map: Map, place: Place) -> Value {
    Value::new(Kind::Map(Arc::new(map)), place)
}

/// A map by names that a user chose, of which the last counts; values that are null are left out.
pub(crate) fn by_name(fields: impl Iterator<Item = (CompactString, Value)>, place: Place) -> Value {
    let mut map = Map::default();
    fields.filter(|(_, value)| !value.is_null()).for_each(|(name, value)| map.set(name, value));
    Value::map(map, place)
}

/// Whether a scalar has a hole.
pub(crate) const fn is_open(value: &Value) -> bool {
    matches!(value.kind, Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_))
}
