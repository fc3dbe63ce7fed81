use std::sync::Arc;

use plimsoll_syntax::{FileId, Item, yaml};

use super::{items, legacy_blocks, looks_like_legacy};

const TEMPLATE: &str = r#"{
  "variables": { "tag": "13", "user": "" },
  "builders": [{
    "type": "docker",
    "image": "debian:{{user `tag`}}",
    "privileged": true,
    "commit": true,
    "volumes": { "/srv": "/data" },
    "changes": ["USER {{user `user`}}", "EXPOSE 8080"]
  }],
  "provisioners": [
    { "type": "shell", "inline": ["apt-get update", "curl -k https://example.com/a"] },
    { "type": "shell", "only": ["amazon-ebs"], "inline": ["dnf upgrade"] }
  ]
}"#;

fn read() -> Vec<Item> {
    assert!(looks_like_legacy(TEMPLATE));
    let text: Arc<str> = TEMPLATE.into();
    items(&legacy_blocks(&yaml::parse(&text), FileId(0)), FileId(0), &|_| Some(text.clone()))
}

fn of<'i>(items: &'i [Item], view: &str) -> Vec<&'i Item> {
    items.iter().filter(|item| item.views.iter().any(|known| known == view)).collect()
}

#[test]
fn a_source_is_a_container() {
    let items = read();
    let found = of(&items, "docker.container");
    let [container] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(container.value.str_at(&["image"]), Some("debian:13"));
    assert_eq!(container.value.get("privileged").and_then(|value| value.as_bool()), Some(true));
    let volume = &container.value.get("volumes").unwrap().items()[0];
    assert_eq!((volume.str_at(&["source"]), volume.str_at(&["target"])), (Some("/srv"), Some("/data")));
}

#[test]
fn a_build_is_a_dockerfile() {
    let items = read();
    let found = of(&items, "stage.final");
    let [stage] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(stage.value.str_at(&["base", "reference"]), Some("debian:13"));
    assert!(stage.value.at(&["user", "name"]).is_some_and(|name| name.as_unknown().is_some()), "{:?}", stage.value.get("user"));
    assert_eq!(stage.value.get("ports").unwrap().items().len(), 1);
    let commands = of(&items, "command");
    let shown: Vec<_> =
        commands.iter().map(|item| (item.value.str_at(&["program"]).unwrap_or(""), item.range.text(TEMPLATE))).collect();
    assert_eq!(shown, [("apt-get", "apt-get update"), ("curl", "curl -k https://example.com/a")]);
}
