//! Small steps on values that every file of this crate takes.

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

/// A map of derived fields; those that are null are left out.
pub(crate) fn derived<const N: usize>(fields: [(&'static str, Value); N], place: Place) -> Value {
    Value::map(map_of(fields), place)
}

/// The same, as a bare map; each name is given once.
pub(crate) fn map_of<const N: usize>(fields: [(&'static str, Value); N]) -> Map {
    let known = fields.into_iter().filter(|(_, value)| !value.is_null());
    let entries: Vec<Entry> = known.map(|(name, value)| Entry::derived(name, value)).collect();
    debug_assert!(entries.iter().enumerate().all(|(at, entry)| entries[..at].iter().all(|other| other.key != entry.key)));
    Map { entries, ..Map::default() }
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
