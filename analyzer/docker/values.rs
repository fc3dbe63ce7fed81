//! Small steps on values that every file of this crate takes.

use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Kind, Place, Value};

/// A map of derived fields; those that are null are left out.
pub(crate) fn derived<K: Into<compact_str::CompactString>>(fields: impl IntoIterator<Item = (K, Value)>, place: Place) -> Value {
    Value::map(map_of(fields), place)
}

/// The same, as a bare map.
pub(crate) fn map_of<K: Into<compact_str::CompactString>>(fields: impl IntoIterator<Item = (K, Value)>) -> Map {
    let mut map = Map::default();
    for (key, value) in fields {
        if !value.is_null() {
            map.set(key, value);
        }
    }
    map
}

/// Whether a scalar has a hole.
pub(crate) const fn is_open(value: &Value) -> bool {
    matches!(value.kind, Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_))
}
