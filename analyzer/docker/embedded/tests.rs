use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Part, Reason, Unknown};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};

use super::{base64, items};

/// The items of a value that `source` has between the marks `«` and `»`, and the source without them.
fn read(value: Kind, source: &str) -> Vec<Item> {
    let place = Place::new(FileId(0), Span::of(0, source.len()));
    let owner = Owner { name: "vm".into(), range: place };
    let text: Arc<str> = Arc::from(source);
    items(&Value::new(value, place), &owner, &|_| Some(text.clone()))
}

fn found<'i>(items: &'i [Item], view: &str) -> &'i Item {
    items.iter().find(|item| item.views[0] == view).unwrap_or_else(|| panic!("no {view}"))
}

#[test]
fn places_lie_in_the_heredoc() {
    let source = "user_data = <<-EOF\n  #cloud-config\n  ssh_pwauth: true\n  runcmd:\n    - dockerd -H tcp://0.0.0.0:2375\nEOF\n";
    let text = "#cloud-config\nssh_pwauth: true\nruncmd:\n  - dockerd -H tcp://0.0.0.0:2375\n";
    let items = read(Kind::String(text.into()), source);
    let cloud = found(&items, "cloud_init");
    let entry = cloud.value.as_map().and_then(|map| map.get("ssh_pwauth")).unwrap();
    assert_eq!(entry.place.span.text(source), "ssh_pwauth: true");
    let daemon = found(&items, "daemon");
    assert_eq!(daemon.header.span.text(source), "dockerd");
    assert_eq!(daemon.owner.as_ref().map(|owner| owner.name.as_str()), Some("vm"));
}

#[test]
fn holes_stay_holes() {
    let hole = || Part::Hole(Arc::new(Unknown::new(Reason::Unset, "var.host")));
    let parts = [
        Part::Known("#cloud-config\nhostname: ".into()),
        hole(),
        Part::Known("\nruncmd:\n  - dockerd -H tcp://".into()),
        hole(),
        Part::Known(":2375\n".into()),
    ];
    let items = read(Kind::Template(parts.into()), "");
    assert!(matches!(found(&items, "cloud_init").value.get("hostname").map(|value| &value.kind), Some(Kind::Unknown(_))));
    let hosts = found(&items, "daemon").value.get("hosts").unwrap();
    let host = hosts.items().first().unwrap();
    assert_eq!(host.get("port").and_then(Value::as_int), Some(2375));
    assert!(host.get("addresses").is_some_and(|addresses| !addresses.is_wholly_known()));
}

#[test]
fn encodings_and_archives() {
    let script = "#!/bin/sh\ndockerd -H tcp://0.0.0.0:2375\n";
    let encoded = "IyEvYmluL3NoCmRvY2tlcmQgLUggdGNwOi8vMC4wLjAuMDoyMzc1Cg==";
    assert_eq!(base64(encoded).as_deref(), Some(script));
    let archive = format!(
        "Content-Type: multipart/mixed; boundary=\"B\"\nMIME-Version: 1.0\n\n--B\nContent-Type: text/x-shellscript\n\n{script}\n--B--\n"
    );
    for text in [script, encoded, &archive] {
        assert_eq!(found(&read(Kind::String(text.into()), ""), "daemon").header.span, Span::of(0, 0), "{text}");
    }
    for text in ["<powershell>\ndockerd\n</powershell>", "{\"ignition\": {}}", "#!/usr/bin/python\nimport os\n"] {
        assert!(read(Kind::String(text.into()), "").is_empty(), "{text}");
    }
    for text in ["short", "not base64 at all!", "abcd", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(base64(text), None, "{text}");
    }
}

#[test]
fn documents_without_their_first_line() {
    let items = read(Kind::String("\"runcmd\":\n- \"dockerd -H tcp://0.0.0.0:2375\"\n".into()), "");
    assert_eq!(found(&items, "daemon").header.span, Span::of(0, 0));
    assert!(read(Kind::String("users: echo\n".into()), "").iter().any(|item| item.views[0] == "cloud_init"));
    assert!(read(Kind::String("users add x\n".into()), "").iter().all(|item| item.views[0] != "cloud_init"));
}
