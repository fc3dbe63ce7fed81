//! Statements from texts and from blocks.

use plimsoll_syntax::value::{Reason, Reference, Unknown};
use plimsoll_syntax::{Span, views};

use super::*;
use crate::domains::iam::{allows, narrowed, public};
use crate::domains::samples::{list, map, template, text, texts};
use crate::truth::Truth;

fn item(kind: &str, name: &str, fields: Vec<(&str, Value)>) -> Item {
    Item {
        views: views![kind.into()],
        name: name.into(),
        header: Place::NONE,
        range: Span::default(),
        value: map(fields),
        owner: None,
        index: 3,
    }
}

/// `owner effect: actions`, with what rules make of it.
fn shown(terraform: &[Item]) -> Vec<String> {
    let null = Value::default();
    items(terraform, &|_| None)
        .iter()
        .map(|item| {
            let field = |key: &str| item.value.get(key).unwrap_or(&null);
            let word = |truth: Truth, word: &str| match truth {
                Truth::True => format!(" {word}"),
                Truth::Unknown => format!(" {word}?"),
                Truth::False => String::new(),
            };
            format!(
                "{} of {} {}:{}{}{}",
                item.name,
                field("owner").str_at(&["type"]).unwrap_or(""),
                field("effect").as_str().unwrap_or("?"),
                word(allows(field("actions"), "*"), "all"),
                word(public(field("principals")), "public"),
                word(narrowed(field("conditions")), "narrowed"),
            )
        })
        .collect()
}

#[test]
fn texts_of_json() {
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": ["a"],
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:Get*", "Resource": "$",
         "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}
    ]}"#;
    let expected = [
        "p of aws_s3_bucket_policy Allow: all",
        "p of aws_s3_bucket_policy Deny: public",
        "p of aws_s3_bucket_policy Allow: public narrowed",
    ];
    assert_eq!(shown(&[item("aws_s3_bucket_policy", "p", vec![("policy", template(policy))])]), expected);
    let one = r#"{"Statement": {"Effect": "Allow", "Action": $, "Resource": "*", "Principal": {"AWS": "arn:aws:iam::$:root"}}}"#;
    let rows = items(&[item("aws_iam_role", "r", vec![("assume_role_policy", template(one))])], &|_| None);
    let actions = rows[0].value.get("actions").map(|actions| actions.items().to_vec()).unwrap_or_default();
    assert!(matches!(actions.as_slice(), [Value { kind: Kind::Unknown(_), .. }]), "{actions:?}");
    let id = rows[0].value.get("principals").and_then(|all| all.items().first()).and_then(|first| first.get("id"));
    assert!(matches!(id, Some(Value { kind: Kind::Template(_), .. })), "{id:?}");
    let inline = vec![(
        "inline_policy",
        list(vec![map(vec![("name", text("a")), ("policy", text(&one.replace("$, ", "[\"*\"], ").replace('$', "1")))])]),
    )];
    assert_eq!(shown(&[item("aws_iam_role", "r", inline)]), ["r of aws_iam_role Allow: all"]);
    for other in ["ELBSecurityPolicy-2016-08", "{\"rules\": []}", "{\"Statement\": ", ""] {
        assert!(shown(&[item("aws_lb_listener", "l", vec![("policy", text(other))])]).is_empty(), "{other}");
    }
}

#[test]
fn documents() {
    let statement = map(vec![
        ("actions", texts(&["*"])),
        ("resources", texts(&["*"])),
        ("principals", list(vec![map(vec![("type", text("AWS")), ("identifiers", texts(&["1", "*"]))])])),
        (
            "condition",
            list(vec![map(vec![
                ("test", text("StringEquals")),
                ("variable", text("aws:PrincipalOrgID")),
                ("values", texts(&["o-1"])),
            ])]),
        ),
    ]);
    let document = item(DOCUMENT, "data.aws_iam_policy_document.d", vec![("statement", list(vec![statement]))]);
    let alone = [document.clone()];
    assert_eq!(shown(&alone), ["data.aws_iam_policy_document.d of data.aws_iam_policy_document Allow: all public narrowed"]);
    let identity = Reference { address: "data.aws_iam_policy_document.d".into(), attribute: "json".into() };
    let json = Unknown { identity: Some(identity), ..Unknown::new(Reason::Data, "data.aws_iam_policy_document.d.json") };
    let policy = item("aws_sqs_queue_policy", "q", vec![("policy", Value::unknown(json, Place::NONE))]);
    let rows = shown(&[document, policy.clone(), policy]);
    assert_eq!(rows, ["data.aws_iam_policy_document.d of aws_sqs_queue_policy Allow: all public narrowed"]);
}

#[test]
fn documents_made_of_documents() {
    let statement = |sid: &str, action: &str| map(vec![("sid", text(sid)), ("actions", texts(&[action]))]);
    let json = |name: &str| {
        let identity = Reference { address: format!("data.aws_iam_policy_document.{name}").into(), attribute: "json".into() };
        Value::unknown(Unknown { identity: Some(identity), ..Unknown::new(Reason::Data, "json") }, Place::NONE)
    };
    let document = |name: &str, fields| item(DOCUMENT, &format!("data.aws_iam_policy_document.{name}"), fields);
    let base = document("base", vec![("statement", list(vec![statement("a", "*"), statement("b", "*")]))]);
    let top = document(
        "top",
        vec![
            ("statement", list(vec![statement("b", "s3:Get")])),
            ("source_policy_documents", list(vec![json("base"), json("top")])),
        ],
    );
    let policy = item("aws_iam_policy", "p", vec![("policy", json("top"))]);
    let rows = shown(&[base, top, policy]);
    let of_policy: Vec<_> = rows.iter().filter(|row| row.contains(" of aws_iam_policy ")).collect();
    assert_eq!(
        of_policy,
        [
            "data.aws_iam_policy_document.top of aws_iam_policy Allow:",
            "data.aws_iam_policy_document.base of aws_iam_policy Allow: all"
        ]
    );
}
