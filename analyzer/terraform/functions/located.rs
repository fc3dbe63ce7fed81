//! Decoded values at the places where the file that was read says them.

use std::sync::Arc;

use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Entry, How, Kind, List, Map};
use plimsoll_syntax::yaml::{self, Dialect};

use super::Call;
use crate::lattice;

/// What was decoded from the text of a whole file, placed there; anything else as it is.
pub(super) fn in_file(call: &Call<'_, '_>, decoded: Value) -> Value {
    let text = call.arg(0);
    let (Kind::String(source), span) = (&text.kind, text.place.span) else { return decoded };
    let is_whole = span.start == 0 && span.len() as usize == source.len() && text.history().any(|via| via.how == How::File);
    if !is_whole {
        return decoded;
    }
    let tree = yaml::parse(&source.as_str().into());
    let [document] = tree.documents.as_slice() else { return decoded };
    // JSON is YAML as far as places go; what the values are was decided by their own reader.
    let written = yaml::to_value(&tree, document.root, text.place.file, Dialect::Core);
    lattice::through(laid(&decoded, &written), How::File, call.place)
}

fn laid(value: &Value, written: &Value) -> Value {
    let kind = match (&value.kind, &written.kind) {
        (Kind::List(list), Kind::List(places)) => {
            let items = list.items.iter().enumerate();
            let items = items.map(|(at, item)| places.items.get(at).map_or_else(|| item.clone(), |place| laid(item, place)));
            Kind::List(Arc::new(List { items: items.collect(), ..List::clone(list) }))
        }
        (Kind::Map(map), Kind::Map(places)) => {
            let entries = map.entries.iter().map(|entry| match places.get(&entry.key) {
                Some(found) => Entry { value: laid(&entry.value, &found.value), ..found.clone() },
                None => entry.clone(),
            });
            Kind::Map(Arc::new(Map { entries: entries.collect(), ..Map::clone(map) }))
        }
        (kind, _) => kind.clone(),
    };
    Value { kind, place: written.place, ..value.clone() }
}
