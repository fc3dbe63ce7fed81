use plimsoll_syntax::{FileId, Item, Value};

use super::items;

fn daemon(items: &[Item]) -> Option<&Value> {
    items.iter().find(|item| item.views[0] == "daemon").map(|item| &item.value)
}

#[test]
fn configuration_that_a_script_writes() {
    let rows = [
        "cat > /etc/docker/daemon.json <<EOF\n{\n  \"hosts\": [\"tcp://0.0.0.0:2375\"]\n}\nEOF\nsystemctl restart docker\n",
        "cat <<'EOF' | sudo tee /etc/docker/daemon.json\n{\"hosts\": [\"tcp://0.0.0.0:2375\"]}\nEOF\n",
        "echo '{\"hosts\": [\"tcp://0.0.0.0:2375\"]}' > /etc/docker/daemon.json\n",
        "echo '{\"hosts\": [\"tcp://0.0.0.0:2375\"]}' | sudo tee /etc/docker/daemon.json\n",
        "cat > /etc/systemd/system/docker.service.d/x.conf <<-END\n\t[Service]\n\tExecStart=\n\tExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n\tEND\n",
    ];
    for text in rows {
        let items = items(text, FileId(0));
        let host = daemon(&items).and_then(|daemon| daemon.get("hosts")?.items().first()?.get("text").cloned());
        let host = host.unwrap_or_else(|| panic!("no host: {text}"));
        assert_eq!(host.as_str(), Some("tcp://0.0.0.0:2375"), "{text}");
        assert!(host.place.span.text(text).contains("tcp://0.0.0.0:2375"), "{text}: {:?}", host.place.span.text(text));
    }
    assert!(daemon(&items("cat /etc/docker/daemon.json\necho a > b\n", FileId(0))).is_none());
}

#[test]
fn compose_files_that_a_script_writes() {
    let text = "cat > docker-compose.yml <<'EOF'\nservices:\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\nEOF\ndocker compose up -d\n";
    let items = items(text, FileId(0));
    let service = items.iter().find(|item| item.views[0] == "service").unwrap();
    let port = service.value.get("ports").and_then(|ports| ports.items().first().cloned()).unwrap();
    assert_eq!(port.place.span.text(text), "'5432:5432'");
}

/// Texts cut off anywhere, and put together from pieces of each other, are read without a panic.
#[test]
fn nothing_panics() {
    use plimsoll_syntax::yaml;
    let texts = [
        "services:\n  wéb: &a\n    image: 'nginx:${T:-1.27}é'\n    ports: ['${A}:80:${B:-9}', \"[::1]:1:2/udp\", 3-4]\n    volumes: ['~/é:/b:ro,z', 'C:\\é:/d', {type: bind}]\n    environment: [A=é, 'B=$C']\n    security_opt: ['seccomp:${X}']\n    user: '1:é'\n  b:\n    extends: {service: wéb}\n    command: \"sh -c 'dockerd -H tcp://é:1'\"\n",
        "#cloud-config\nruncmd:\n  - docker run -vé:/a --mount type=é,src= -ée --net=${é} ümage 'é'\n  - [dockerd, -Hé, --log-opt, é=1]\nwrite_files:\n  - path: /etc/docker/daemon.json\n    content: |\n      {\"hosts\": [\"tcp://é:\", \"[::\", 1]}\nchpasswd: {list: \"é:ü\\n\"}\nusers: é, x\n",
        "[Service]\nEnvironment=\"É=-H é\" \\\n# é\n  B=\"\nExecStart=-@!/usr/bin/dockerd $É \\\n  -H é://é:é\n[Socket]\nListenStream=é\n",
        "cat <<-É > /é/daemon.json\n{\"é\": [}\nÉ\necho -e 'é\\n' | tee /a/daemon.json\nX=<<é\n",
    ];
    for (at, text) in texts.iter().enumerate() {
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let other = texts[(at + end) % texts.len()];
            let rest = (0..other.len()).rev().find(|start| other.is_char_boundary(*start) && other.len() - start > end % 60);
            for text in [text[..end].to_owned(), format!("{}{}", &text[..end], &other[rest.unwrap_or(0)..])] {
                let tree = yaml::parse(&std::sync::Arc::from(text.as_str()));
                let _ = (crate::compose::looks_like(&text, "x.yml"), crate::compose::items(&tree, FileId(0)));
                let read = |path: &str| (path != "none").then(|| std::sync::Arc::from(text.as_str()));
                let sources = crate::compose::Sources { read: &read, variable: &|_| None, project: "p", directory: "/d" };
                let _ = crate::compose::load(&["a.yml", "b/b.yml"], &sources);
                let _ = (crate::daemon::json_items(&tree, FileId(0)), crate::daemon::unit_items(&text, FileId(0)));
                let _ = (crate::cloud_init::items(&text, FileId(0)), items(&text, FileId(0)));
            }
        }
    }
}
