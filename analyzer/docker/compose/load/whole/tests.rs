use std::sync::Arc;

use plimsoll_syntax::yaml::{self, Tree};
use plimsoll_syntax::{FileId, Item, Value};

use super::{ProjectFiles, override_of, parts, project_items};

struct Files(&'static [(&'static str, &'static str)]);

impl ProjectFiles for Files {
    fn tree(&self, path: &str) -> Option<(FileId, Arc<Tree>)> {
        self.text(path).map(|(file, text)| (file, Arc::new(yaml::parse(&text))))
    }

    fn text(&self, path: &str) -> Option<(FileId, Arc<str>)> {
        let at = self.0.iter().position(|(name, _)| *name == path)?;
        Some((FileId(u32::try_from(at).unwrap()), self.0[at].1.into()))
    }
}

const PROJECT: Files = Files(&[
    (
        "p/compose.yaml",
        "include: [inc/db.yaml]\nservices:\n  web:\n    extends: {file: common.yaml, service: base}\n    image: nginx:${TAG}\n    env_file: web.env\n",
    ),
    ("p/compose.override.yaml", "services:\n  web:\n    privileged: true\n    ports: ['80:80']\n  extra:\n    image: busybox\n"),
    ("p/.env", "TAG=1.27\n"),
    ("p/web.env", "# c\nDOCKER_HOST=tcp://a:2375\n"),
    ("p/common.yaml", "services:\n  base:\n    user: root\n    depends_on: [db]\n"),
    ("p/inc/db.yaml", "services:\n  db:\n    image: postgres\n"),
]);

fn service<'i>(items: &'i [Item], name: &str) -> &'i Item {
    items.iter().find(|item| item.views[0] == "service" && item.name == name).unwrap()
}

#[test]
fn a_project_is_read_from_all_of_its_files() {
    let items = project_items("p/compose.yaml", &["p/compose.override.yaml".to_owned()], &PROJECT);
    let web = service(&items, "web");
    assert_eq!(web.header.file, FileId(0));
    // What is said where.
    let rows = [("image", "nginx:1.27", 0), ("user", "root", 4), ("privileged", "true", 1)];
    for (key, expected, file) in rows {
        let entry = web.value.as_map().unwrap().get(key).unwrap();
        let text = entry.value.as_str().map_or_else(|| entry.value.as_bool().unwrap().to_string(), str::to_owned);
        assert_eq!((text.as_str(), entry.place.file), (expected, FileId(file)), "{key}");
    }
    assert_eq!(web.value.get("ports").unwrap().items()[0].place.file, FileId(1));
    let host = web.value.at(&["environment"]).unwrap().as_map().unwrap().get("DOCKER_HOST").unwrap();
    assert_eq!((host.value.as_str(), host.place.file, host.place.span.start), (Some("tcp://a:2375"), FileId(3), 4));
    assert_eq!(web.value.get("variables").map_or(0, |list| list.items().len()), 0, "other files' variables are not this one's");
    assert!(web.value.get("depends_on").is_none());
    assert!(web.value.as_map().unwrap().tail.is_none());
    assert_eq!(service(&items, "extra").header.file, FileId(1));
    assert_eq!(service(&items, "db").header.file, FileId(5));
    let project = items.iter().find(|item| item.views[0] == "project").unwrap();
    let names: Vec<&str> = project.value.get("services").unwrap().items().iter().filter_map(Value::as_str).collect();
    assert_eq!(names, ["web", "db", "extra"]);
}

#[test]
fn what_is_not_there_stays_open() {
    let files = Files(&[("compose.yml", "services:\n  a:\n    extends: {file: x.yml, service: b}\n    image: ${TAG}\n")]);
    let items = project_items("compose.yml", &[], &files);
    let a = service(&items, "a");
    assert!(a.value.as_map().unwrap().tail.is_some());
    assert!(a.value.get("image").unwrap().as_str().is_none());
}

#[test]
fn files_that_others_name() {
    let tree = PROJECT.tree("p/compose.yaml").unwrap().1;
    assert_eq!(parts("p/compose.yaml", &tree), ["p/inc/db.yaml", "p/common.yaml"]);
    assert_eq!(override_of("p/compose.yaml"), ["p/compose.override.yml", "p/compose.override.yaml"]);
    assert!(override_of("compose.prod.yaml").is_empty());
}
