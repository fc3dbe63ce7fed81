use plimsoll_syntax::{FileId, Item, Value};

use super::{Engine, errors, items};

fn read(text: &str, engine: Engine) -> Vec<Item> {
    items(text, engine, FileId(0))
}

#[test]
fn containerd_listens_and_trusts() {
    let text = "version = 2\n[grpc]\n  address = \"/run/containerd/containerd.sock\"\n  tcp_address = \"0.0.0.0:2375\"\n\
        [plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"reg.lan\".tls]\n  insecure_skip_verify = true\n";
    let all = read(text, Engine::Containerd);
    let engine = all.iter().find(|item| item.views[0] == "containerd").unwrap();
    let entry = engine.value.as_map().unwrap().get("api").unwrap();
    assert_eq!(entry.value.get("port").and_then(Value::as_int), Some(2375));
    assert_eq!(entry.place.span.text(text), "\"0.0.0.0:2375\"");
    let registry = all.iter().find(|item| item.views[0] == "engine.registry").unwrap();
    assert_eq!(registry.value.str_at(&["location"]), Some("reg.lan"));
    assert_eq!(registry.header.span.text(text), "insecure_skip_verify = true");
    // A socket is no address of the network.
    let local = read("[debug]\naddress = \"/run/debug.sock\"\n", Engine::Containerd);
    assert!(local[0].value.get("debug_listener").is_none());
}

#[test]
fn registries_of_both_versions() {
    let new = "[[registry]]\nlocation = \"a.lan\"\ninsecure = true\n[[registry]]\nprefix = \"b.lan\"\n";
    let shown = |text: &str| -> Vec<(String, bool)> {
        let items = read(text, Engine::Registries);
        items
            .iter()
            .map(|item| {
                (item.value.str_at(&["location"]).unwrap().to_owned(), item.value.get("insecure").unwrap().as_bool().unwrap())
            })
            .collect()
    };
    assert_eq!(shown(new), [("a.lan".to_owned(), true), ("b.lan".to_owned(), false)]);
    assert_eq!(shown("[registries.insecure]\nregistries = ['c.lan']\n"), [("c.lan".to_owned(), true)]);
}

#[test]
fn a_broken_file_is_read_as_far_as_it_goes() {
    let text = "[containers]\nnetns = \"host\"\nlabel = \n";
    assert_eq!(errors(text).len(), 1);
    assert_eq!(read(text, Engine::Podman)[0].value.str_at(&["containers", "netns"]), Some("host"));
}
