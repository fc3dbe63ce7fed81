//! IAM policy statements: what their patterns cover, whom they name, what limits them.

use plimsoll_syntax::value::{Part, Reason};
use plimsoll_syntax::{Kind, Value};

use crate::domains::{DEPTH, address, some};
use crate::truth::Truth;

/// Condition keys that tie a statement to an account, organisation, network or endpoint, in lower case (AWS global condition
/// context keys, and those of services that say the same).
const NARROWING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:resourceorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpcsourceip",
    "elasticfilesystem:accesspointarn",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// Operators that demand that the key has a value of the list. Their `…IfExists` and `ForAllValues:` forms also let through
/// requests without the key, the negated ones everybody else.
const DEMANDING: &[&str] =
    &["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "numericequals"];

/// Whether the action patterns cover an action; the action may itself be a pattern: then all that it stands for.
#[must_use]
pub(crate) fn allows(actions: &Value, action: &str) -> Truth {
    let action = action.to_ascii_lowercase();
    some(actions, &|pattern| match &pattern.kind {
        Kind::String(text) => covers(text, &action).into(),
        Kind::Template(parts) => match parts.first() {
            Some(Part::Known(start)) if !may_begin(start, &action) => Truth::False,
            _ => Truth::Unknown,
        },
        Kind::Unknown(unknown) if !may_begin(&unknown.prefix, &action) => Truth::False,
        Kind::Unknown(_) => Truth::Unknown,
        _ => Truth::False,
    })
}

fn covers(pattern: &str, action: &str) -> bool {
    let pattern = pattern.trim().to_ascii_lowercase();
    pattern == "*:*" || glob(&pattern, action)
}

/// Whether a pattern that begins so may cover the action.
fn may_begin(start: &str, action: &str) -> bool {
    let start = start.to_ascii_lowercase();
    let literal = start.split(['*', '?']).next().unwrap_or("");
    if literal.len() == start.len() {
        action.starts_with(literal) || literal.starts_with(action)
    } else {
        action.starts_with(literal)
    }
}

/// Matches `*` and `?`. A `?` does not stand for a `*` of the text: that is more than one character.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == text[t] || (byte == b'?' && text[t] != b'*') => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether everyone is named: `*`, or `*` as an AWS principal. Reads the statement view's list of `{type, id}`, policy JSON
/// (`{"AWS": ["*"]}`) and Terraform's blocks (`{type, identifiers}`).
#[must_use]
pub(crate) fn public(principals: &Value) -> Truth {
    public_within(principals, DEPTH)
}

fn public_within(principals: &Value, depth: usize) -> Truth {
    if depth == 0 {
        return Truth::Unknown;
    }
    some(principals, &|principal| match &principal.kind {
        Kind::String(text) => (text == "*").into(),
        Kind::Map(map) => {
            let ids = ["id", "identifiers"].iter().find_map(|key| map.get(key));
            if let Some(ids) = ids {
                let everyone = some(&ids.value, &is_star);
                let kind = map.get("type").map(|entry| &entry.value.kind);
                return everyone.and(match kind {
                    None | Some(Kind::Null) => Truth::True,
                    Some(Kind::String(kind)) => (kind == "AWS" || kind == "*").into(),
                    Some(_) => Truth::Unknown,
                });
            }
            let tail = if map.tail.is_some() { Truth::Unknown } else { Truth::False };
            map.get("AWS").or_else(|| map.get("*")).map_or(Truth::False, |entry| some(&entry.value, &is_star)).or(tail)
        }
        _ => is_star(principal),
    })
}

/// Whether the text is `*`. What only a provider knows is the name of something that exists, never a wildcard.
fn is_star(value: &Value) -> Truth {
    match &value.kind {
        Kind::String(text) => (text == "*").into(),
        Kind::Unknown(unknown) if unknown.identity.is_some() || !unknown.prefix.is_empty() => Truth::False,
        Kind::Unknown(_) => Truth::Unknown,
        Kind::Template(parts) => {
            let text = parts.iter().any(|part| matches!(part, Part::Known(text) if text.bytes().any(|byte| byte != b'*')));
            if text { Truth::False } else { Truth::Unknown }
        }
        _ => Truth::False,
    }
}

/// Whether a condition limits the statement to an account, an organisation, a network or an endpoint. Reads the statement view's
/// list of `{operator, key, values}`, Terraform's blocks (`{test, variable, values}`) and policy JSON
/// (`{"StringEquals": {"aws:SourceAccount": "1"}}`). Conditions are all demanded, so one that limits is enough.
#[must_use]
pub(crate) fn narrowed(conditions: &Value) -> Truth {
    some(conditions, &|condition| {
        let Kind::Map(map) = &condition.kind else { return Truth::Unknown };
        let field = |names: &[&str]| names.iter().find_map(|name| map.get(name)).map(|entry| &entry.value);
        if let Some(key) = field(&["key", "variable"]) {
            let null = Value::default();
            let operator = field(&["operator", "test"]).unwrap_or(&null);
            return match (&operator.kind, &key.kind) {
                (Kind::String(operator), Kind::String(key)) => limits(operator, key, field(&["values"]).unwrap_or(&null)),
                (Kind::String(operator), _) if !demands(operator) => Truth::False,
                (_, Kind::String(key)) if !narrows(key) => Truth::False,
                _ => Truth::Unknown,
            };
        }
        let mut truth = if map.tail.is_some() { Truth::Unknown } else { Truth::False };
        for operator in &map.entries {
            truth = truth.or(match &operator.value.kind {
                Kind::Map(keys) => {
                    let each = keys.entries.iter().map(|entry| limits(&operator.key, &entry.key, &entry.value));
                    each.fold(if keys.tail.is_some() { Truth::Unknown } else { Truth::False }, Truth::or)
                }
                _ => Truth::Unknown,
            });
        }
        truth
    })
}

fn demands(operator: &str) -> bool {
    let lower = operator.to_ascii_lowercase();
    DEMANDING.contains(&lower.strip_prefix("foranyvalue:").unwrap_or(&lower))
}

fn narrows(key: &str) -> bool {
    NARROWING.contains(&key.to_ascii_lowercase().as_str())
}

/// Whether one condition limits; its values are alternatives, so each must.
fn limits(operator: &str, key: &str, values: &Value) -> Truth {
    if !demands(operator) || !narrows(key) {
        return Truth::False;
    }
    let empty = values.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none());
    if values.is_null() || empty {
        return Truth::False;
    }
    if operator.to_ascii_lowercase().ends_with("ipaddress") {
        return address::world(values).not();
    }
    some(values, &open).not()
}

/// Whether a value of a condition is so wide that it limits nothing: `*`, `arn:aws:*:*:*:*`.
fn open(value: &Value) -> Truth {
    match &value.kind {
        Kind::Template(parts) => {
            // A hole that the provider fills holds a name; one that somebody sets may hold `*`.
            let mut text = String::new();
            let mut settable = false;
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(unknown) => {
                        settable |= !matches!(unknown.reason, Reason::Computed | Reason::Data) && unknown.prefix.is_empty();
                        text.push('x');
                    }
                }
            }
            let shown = is_open(&text);
            if shown || !settable { shown.into() } else { Truth::Unknown }
        }
        Kind::Unknown(unknown) if unknown.identity.is_some() => Truth::False,
        Kind::Unknown(unknown) if matches!(unknown.reason, Reason::Computed | Reason::Data) => Truth::False,
        Kind::String(text) => is_open(text).into(),
        Kind::Number(_) => Truth::False,
        _ => Truth::Unknown,
    }
}

fn is_open(text: &str) -> bool {
    let wild = |part: &str| part.bytes().all(|byte| matches!(byte, b'*' | b'?'));
    match text.strip_prefix("arn:") {
        // arn:partition:service:region:account:resource
        Some(arn) => {
            let parts: Vec<&str> = arn.splitn(5, ':').collect();
            parts.get(3).is_none_or(|account| wild(account)) && parts.get(4).is_none_or(|resource| wild(resource))
        }
        None => wild(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::samples::{list, map, open as open_list, template, text, texts, unknown};

    #[test]
    fn actions() {
        use Truth::{False, True, Unknown};
        let rows: Vec<(Value, &str, Truth)> = vec![
            (text("*"), "*", True),
            (text("*:*"), "*", True),
            (text("s3:*"), "*", False),
            (text("*"), "s3:*", True),
            (text("S3:*"), "s3:GetObject", True),
            (text("s3:Get*"), "s3:*", False),
            (text("s3:Get*"), "s3:GetObject", True),
            (text("s3:Get?bject"), "s3:GetObject", True),
            (text("iam:*Role*"), "iam:PassRole", True),
            (texts(&["ec2:*", "iam:PassRole"]), "iam:passrole", True),
            (list(vec![]), "*", False),
            (unknown(), "*", Unknown),
            (template("s3:$"), "iam:PassRole", False),
            (template("s3:$"), "s3:GetObject", Unknown),
            (open_list(vec![text("s3:*")]), "*", Unknown),
            (Value::default(), "*", False),
        ];
        for (actions, action, expected) in rows {
            assert_eq!(allows(&actions, action), expected, "{actions:?} {action}");
        }
    }

    #[test]
    fn everyone() {
        use Truth::{False, True, Unknown};
        let principal = |kind: &str, id: Value| map(vec![("type", text(kind)), ("id", id)]);
        let rows: Vec<(Value, Truth)> = vec![
            (text("*"), True),
            (list(vec![principal("AWS", text("*"))]), True),
            (list(vec![principal("*", text("*"))]), True),
            (list(vec![principal("Service", text("lambda.amazonaws.com"))]), False),
            (list(vec![principal("Federated", text("*"))]), False),
            (list(vec![principal("AWS", template("arn:aws:iam::$:root"))]), False),
            (list(vec![principal("AWS", unknown())]), Unknown),
            (map(vec![("AWS", texts(&["1", "*"]))]), True),
            (map(vec![("AWS", text("123456789012"))]), False),
            (map(vec![("type", text("AWS")), ("identifiers", texts(&["*"]))]), True),
            (Value::default(), False),
        ];
        for (principals, expected) in rows {
            assert_eq!(public(&principals), expected, "{principals:?}");
        }
    }

    #[test]
    fn limiting() {
        use Truth::{False, True, Unknown};
        let row = |operator: &str, key: &str, values: Value| {
            list(vec![map(vec![("operator", text(operator)), ("key", text(key)), ("values", values)])])
        };
        let rows: Vec<(Value, Truth)> = vec![
            (row("StringEquals", "aws:SourceAccount", texts(&["123456789012"])), True),
            (row("StringEquals", "AWS:sourceaccount", text("123456789012")), True),
            (row("StringLike", "aws:SourceArn", texts(&["*"])), False),
            (row("ArnLike", "aws:SourceArn", texts(&["arn:aws:*:*:*:*"])), False),
            (row("ArnLike", "aws:SourceArn", texts(&["arn:aws:s3:::logs"])), True),
            (row("StringEqualsIfExists", "aws:PrincipalOrgID", texts(&["o-1"])), False),
            (row("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", texts(&["o-1/*"])), True),
            (row("StringNotEquals", "aws:SourceVpce", texts(&["vpce-1"])), False),
            (row("IpAddress", "aws:SourceIp", texts(&["0.0.0.0/0"])), False),
            (row("IpAddress", "aws:SourceIp", texts(&["192.0.2.0/24"])), True),
            (row("Bool", "aws:SecureTransport", texts(&["true"])), False),
            (row("StringEquals", "aws:SourceAccount", list(vec![unknown()])), Unknown),
            (row("StringEquals", "aws:SourceAccount", list(vec![])), False),
            (map(vec![("StringEquals", map(vec![("aws:SourceVpc", text("vpc-1"))]))]), True),
            (map(vec![("Bool", map(vec![("aws:SecureTransport", text("true"))]))]), False),
            (list(vec![]), False),
            (Value::default(), False),
            (unknown(), Unknown),
        ];
        for (conditions, expected) in rows {
            assert_eq!(narrowed(&conditions), expected, "{conditions:?}");
        }
    }
}
