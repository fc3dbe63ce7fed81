//! Kubernetes label selectors.

use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Kind, Value};

use crate::domains::{agreed, text};
use crate::truth::Truth;

/// Whether a label selector selects these labels: `matchLabels` and `matchExpressions` must all hold; a bare map is
/// `matchLabels`; an empty selector selects everything, an absent one nothing.
///
/// Source: `apimachinery/pkg/apis/meta/v1`, `LabelSelectorAsSelector`.
#[must_use]
pub(crate) fn selects(selector: &Value, labels: &Value) -> Truth {
    match &selector.kind {
        Kind::Null => Truth::False,
        Kind::Map(map) => selects_map(map, labels),
        Kind::Choice(choice) => agreed(choice.arms.iter().map(|arm| selects(arm, labels))),
        _ => Truth::Unknown,
    }
}

fn selects_map(selector: &Map, labels: &Value) -> Truth {
    let full = ["matchLabels", "matchExpressions"].iter().any(|key| selector.get(key).is_some());
    let start = if selector.tail.is_some() { Truth::Unknown } else { Truth::True };
    if !full {
        return pairs(selector, labels).and(start);
    }
    let exact = match selector.get("matchLabels").map(|entry| &entry.value.kind) {
        None | Some(Kind::Null) => Truth::True,
        Some(Kind::Map(map)) => pairs(map, labels).and(if map.tail.is_some() { Truth::Unknown } else { Truth::True }),
        Some(_) => Truth::Unknown,
    };
    let expressions = match selector.get("matchExpressions").map(|entry| &entry.value.kind) {
        None | Some(Kind::Null) => Truth::True,
        Some(Kind::List(list)) => {
            let tail = if list.tail.is_some() { Truth::Unknown } else { Truth::True };
            list.items.iter().map(|expression| holds(expression, labels)).fold(tail, Truth::and)
        }
        Some(_) => Truth::Unknown,
    };
    start.and(exact).and(expressions)
}

fn pairs(wanted: &Map, labels: &Value) -> Truth {
    wanted
        .entries
        .iter()
        .map(|entry| one_of(labels, &entry.key, std::slice::from_ref(&entry.value)))
        .fold(Truth::True, Truth::and)
}

/// One requirement of `matchExpressions`.
fn holds(expression: &Value, labels: &Value) -> Truth {
    let (Some(key), Some(operator)) = (expression.str_at(&["key"]), expression.str_at(&["operator"])) else {
        return Truth::Unknown;
    };
    let listed = || match expression.get("values").map(|values| &values.kind) {
        Some(Kind::List(list)) => {
            let known = one_of(labels, key, &list.items);
            if list.tail.is_some() && known == Truth::False { Truth::Unknown } else { known }
        }
        None | Some(Kind::Null) => Truth::False,
        Some(_) => Truth::Unknown,
    };
    match operator {
        "In" => exists(labels, key).and(listed()),
        // A label that is not there is in no list.
        "NotIn" => exists(labels, key).and(listed()).not(),
        "Exists" => exists(labels, key),
        "DoesNotExist" => exists(labels, key).not(),
        _ => Truth::Unknown,
    }
}

fn exists(labels: &Value, key: &str) -> Truth {
    match &labels.kind {
        Kind::Null => Truth::False,
        Kind::Map(map) if map.get(key).is_some() => Truth::True,
        Kind::Map(map) if map.tail.is_none() => Truth::False,
        _ => Truth::Unknown,
    }
}

/// Whether the label has one of the values.
fn one_of(labels: &Value, key: &str, wanted: &[Value]) -> Truth {
    let there = exists(labels, key);
    let Some(label) = labels.get(key) else { return there };
    let known = text(label);
    let same = wanted.iter().map(|value| match (&known, text(value)) {
        (Some(a), Some(b)) => Truth::from(*a == b),
        _ => Truth::Unknown,
    });
    there.and(same.fold(Truth::False, Truth::or))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::samples::{list, map, text, texts, unknown};

    #[test]
    fn selecting() {
        use Truth::{False, True, Unknown};
        let labels = || map(vec![("app", text("web")), ("tier", text("front")), ("rev", unknown())]);
        let expression = |key: &str, operator: &str, values: &[&str]| {
            let one = map(vec![("key", text(key)), ("operator", text(operator)), ("values", texts(values))]);
            map(vec![("matchExpressions", list(vec![one]))])
        };
        let rows: Vec<(Value, Truth)> = vec![
            (map(vec![]), True),
            (Value::default(), False),
            (map(vec![("app", text("web"))]), True),
            (map(vec![("app", text("db"))]), False),
            (map(vec![("app", text("web")), ("zone", text("a"))]), False),
            (map(vec![("matchLabels", map(vec![("app", text("web"))]))]), True),
            (map(vec![("matchLabels", map(vec![("rev", text("1"))]))]), Unknown),
            (map(vec![("matchLabels", map(vec![("rev", text("1")), ("app", text("db"))]))]), False),
            (expression("app", "In", &["web", "db"]), True),
            (expression("app", "In", &["db"]), False),
            (expression("zone", "In", &["a"]), False),
            (expression("app", "NotIn", &["db"]), True),
            (expression("app", "NotIn", &["web"]), False),
            (expression("zone", "NotIn", &["a"]), True),
            (expression("app", "Exists", &[]), True),
            (expression("zone", "Exists", &[]), False),
            (expression("app", "DoesNotExist", &[]), False),
            (expression("rev", "In", &["1"]), Unknown),
            (unknown(), Unknown),
        ];
        for (selector, expected) in rows {
            assert_eq!(selects(&selector, &labels()), expected, "{selector:?}");
        }
        assert_eq!(selects(&map(vec![]), &Value::default()), True);
        assert_eq!(selects(&map(vec![("a", text("b"))]), &unknown()), Unknown);
    }
}
