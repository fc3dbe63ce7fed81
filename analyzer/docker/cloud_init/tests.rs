use plimsoll_syntax::{FileId, Item, Kind, Value};

use super::items;

fn cloud(text: &str) -> Vec<Item> {
    items(&format!("#cloud-config\n{text}\n"), FileId(0))
}

fn shown(value: Option<&Value>) -> String {
    match value.map(|value| &value.kind) {
        None | Some(Kind::Null) => "-".to_owned(),
        Some(Kind::Bool(flag)) => flag.to_string(),
        Some(Kind::String(text)) => text.to_string(),
        Some(Kind::List(list)) => list.items.iter().map(|item| shown(Some(item))).collect::<Vec<_>>().join("|"),
        Some(Kind::Map(map)) => {
            map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(Some(&entry.value)))).collect::<Vec<_>>().join(" ")
        }
        Some(_) => "?".to_owned(),
    }
}

#[test]
fn keys_have_one_form() {
    let rows = [
        ("ssh_pwauth: yes", "ssh_pwauth", "true"),
        ("ssh_pwauth: unchanged", "ssh_pwauth", "-"),
        ("packages: [a, [b, '1']]", "packages", "a|b"),
        (
            "users: [default, {name: x, groups: 'adm, docker', sudo: false}]",
            "users",
            "name=default|name=x groups=adm|docker sudo=-",
        ),
        ("chpasswd: {list: \"a:b\\nc:d\", expire: false}", "chpasswd", "list=a:b|c:d expire=false"),
    ];
    for (text, key, expected) in rows {
        let items = cloud(text);
        assert_eq!(shown(items[0].value.get(key)), expected, "{text}");
    }
}

#[test]
fn commands_and_files_are_read() {
    let text = "runcmd:
  - curl -k https://example.com
  - [docker, run, --privileged, nginx]
write_files:
  - path: /etc/docker/daemon.json
    content: |
      {\"icc\": true}
  - path: /etc/systemd/system/docker.service.d/a.conf
    content: |
      [Service]
      ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375
  - path: /opt/a.sh
    encoding: b64
    content: IyEvYmluL3NoCmRvY2tlcmQgLUggdGNwOi8vMC4wLjAuMDoyMzc1Cg==";
    let items = cloud(text);
    let sources: Vec<String> =
        items.iter().filter(|item| item.views[0] == "daemon").map(|item| shown(item.value.get("source"))).collect();
    assert_eq!(sources, ["daemon.json", "unit", "flags"]);
    let whole = format!("#cloud-config\n{text}\n");
    let headers: Vec<&str> =
        items.iter().filter(|item| item.views[0] == "daemon").map(|item| item.header.span.text(&whole)).collect();
    assert_eq!(headers[1], "/usr/bin/dockerd");
    let run = items.iter().find(|item| item.views[0] == "docker.run").unwrap();
    assert_eq!(shown(run.value.get("privileged")), "true");
    assert!(items.iter().any(|item| item.views[0] == "command" && item.value.str_at(&["program"]) == Some("curl")));
}
