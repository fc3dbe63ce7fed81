use std::sync::Arc;

use plimsoll_syntax::{FileId, Item, Kind, Value, yaml};

use super::{json_items, unit_items};

fn shown(value: Option<&Value>) -> String {
    match value.map(|value| &value.kind) {
        None | Some(Kind::Null) => "-".to_owned(),
        Some(Kind::Bool(flag)) => flag.to_string(),
        Some(Kind::Number(number)) => number.to_string(),
        Some(Kind::String(text)) => text.to_string(),
        Some(Kind::List(list)) => list.items.iter().map(|item| shown(Some(item))).collect::<Vec<_>>().join(" "),
        Some(Kind::Map(map)) => {
            map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(Some(&entry.value)))).collect::<Vec<_>>().join(" ")
        }
        Some(_) => "?".to_owned(),
    }
}

fn field(items: &[Item], path: &str) -> String {
    let item = items.iter().find(|item| item.views[0] == "daemon").unwrap_or_else(|| panic!("no daemon"));
    let found = path.split('/').try_fold(&item.value, |value, step| match step.parse::<usize>() {
        Ok(index) => value.items().get(index),
        Err(_) => value.get(step),
    });
    shown(found)
}

#[test]
fn keys_of_daemon_json() {
    let rows = [
        ("{\"icc\": false}", "icc", "false"),
        ("{\"userland-proxy\": false}", "userland_proxy", "false"),
        ("{\"hosts\": [\"tcp://0.0.0.0:2375\"]}", "hosts/0/scheme", "tcp"),
        ("{\"hosts\": [\"tcp://0.0.0.0:2375\"]}", "hosts/0/addresses", "0.0.0.0"),
        ("{\"hosts\": [\"tcp://[::1]:2376\"]}", "hosts/0/addresses", "::1"),
        ("{\"hosts\": [\"tcp://:2375\"]}", "hosts/0/addresses", "0.0.0.0"),
        ("{\"hosts\": [\"tcp://\"]}", "hosts/0/addresses", "127.0.0.1"),
        ("{\"hosts\": [\"fd://\", \"unix:///run/docker.sock\"]}", "hosts/1/scheme", "unix"),
        ("{\"hosts\": [\"/run/docker.sock\"]}", "hosts/0/scheme", "unix"),
        ("{\"hosts\": [\"0.0.0.0:2375\"]}", "hosts/0/port", "2375"),
        ("{\"metrics-addr\": \"0.0.0.0:9323\"}", "metrics/addresses", "0.0.0.0"),
        ("{\"log-opts\": {\"max-size\": \"1m\"}}", "log_opts", "max-size=1m"),
        ("{\"default-ulimits\": {\"nofile\": {\"Soft\": 1}}}", "default_ulimits/nofile/Soft", "1"),
        ("{\"insecure-registries\": [\"a:5000\"]}", "insecure_registries", "a:5000"),
        ("{\"graph\": \"/x\"}", "data_root", "/x"),
    ];
    for (text, path, expected) in rows {
        let items = json_items(&yaml::parse(&Arc::from(text)), FileId(0));
        assert_eq!(field(&items, path), expected, "{text}: {path}");
        assert_eq!(field(&items, "source"), "daemon.json");
    }
}

#[test]
fn flags_of_the_daemon() {
    let rows = [
        ("dockerd -H tcp://0.0.0.0:2375", "hosts/0/port", "2375"),
        ("dockerd -H tcp://0.0.0.0:2375", "tlsverify", "false"),
        ("dockerd -H=fd:// --host tcp://0.0.0.0:2376 --tlsverify", "hosts/1/port", "2376"),
        ("dockerd -H=fd:// --host tcp://0.0.0.0:2376 --tlsverify", "tlsverify", "true"),
        ("sudo /usr/bin/dockerd --icc=false &", "icc", "false"),
        ("dockerd --log-opt max-size=1m --log-opt max-file=2", "log_opts", "max-size=1m max-file=2"),
        ("dockerd --insecure-registry a:5000", "insecure_registries", "a:5000"),
        ("docker daemon -H unix://", "hosts/0/scheme", "unix"),
    ];
    for (line, path, expected) in rows {
        let items = crate::script::items(line, FileId(0));
        assert_eq!(field(&items, path), expected, "{line}: {path}");
    }
}

#[test]
fn units() {
    let text = "[Unit]\n# ExecStart=no\n[Service]\nEnvironment=\"A=b c\" D=e\nExecStart=\nExecStart=-/usr/bin/dockerd -H fd:// \\\n  # a note\n  -H tcp://0.0.0.0:2375 $OPTIONS\n";
    let items = unit_items(text, FileId(0));
    assert_eq!(field(&items, "hosts/1/text"), "tcp://0.0.0.0:2375");
    assert_eq!(field(&items, "environment"), "A=b c D=e");
    assert_eq!(field(&items, "source"), "unit");
    let daemon = items.iter().find(|item| item.views[0] == "daemon").unwrap();
    let host = daemon.value.get("hosts").and_then(|hosts| hosts.items().get(1)).unwrap();
    assert_eq!(host.place.span.text(text), "tcp://0.0.0.0:2375");
    assert_eq!(daemon.header.span.text(text), "/usr/bin/dockerd");
    let socket = unit_items("[Socket]\nListenStream=/run/docker.sock\nListenStream=2375\n", FileId(0));
    assert_eq!(field(&socket, "hosts/1/addresses"), "0.0.0.0");
    assert!(
        unit_items("[Socket]\nListenStream=80\n[Service]\nExecStart=/bin/true\n", FileId(0))
            .iter()
            .all(|item| item.views[0] != "daemon")
    );
}

#[test]
fn flags_in_other_places() {
    let rows = [
        ("podman system service --time=0 tcp://0.0.0.0:8080", "hosts/0/port", "8080"),
        ("cat > /etc/default/docker <<EOF\nDOCKER_OPTS=\"-H tcp://0.0.0.0:2375 --icc=false\"\nEOF\n", "hosts/0/port", "2375"),
        ("cat > /etc/default/docker <<EOF\nDOCKER_OPTS=\"-H tcp://0.0.0.0:2375 --icc=false\"\nEOF\n", "icc", "false"),
    ];
    for (text, path, expected) in rows {
        assert_eq!(field(&crate::script::items(text, FileId(0)), path), expected, "{text}: {path}");
    }
    let unit = "[Service]\nEnvironment=\"OPTIONS=-H tcp://0.0.0.0:2375 --icc=false\"\nExecStart=/usr/bin/dockerd $OPTIONS\n";
    assert_eq!(field(&unit_items(unit, FileId(0)), "hosts/0/port"), "2375");
}

#[test]
fn keys_that_the_daemon_does_not_know() {
    let text = "{\"icc\": true, \"log-opts\": {}, \"insecure-registries\": [], \"insecure-registry\": [], \"liverestore\": true, \"hosts\": []}";
    let items = json_items(&yaml::parse(&Arc::from(text)), FileId(0));
    assert_eq!(field(&items, "unread"), "insecure-registry liverestore");
}
