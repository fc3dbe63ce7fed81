use std::sync::Arc;

use plimsoll_syntax::{FileId, Item, Kind, Value, yaml};

/// The items of a Compose file.
fn read(text: &str) -> Vec<Item> {
    super::items(&yaml::parse(&Arc::from(text)), FileId(0))
}

/// The value at a path of keys and positions, as a person would write it; `-` where nothing is.
fn shown(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "-".to_owned(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => text.to_string(),
        Kind::List(list) => {
            let items: Vec<String> = list.items.iter().map(shown).collect();
            format!("[{}{}]", items.join(" "), if list.tail.is_some() { " …" } else { "" })
        }
        Kind::Map(map) => {
            map.entries.iter().map(|entry| format!("{}={}", entry.key, shown(&entry.value))).collect::<Vec<_>>().join(" ")
        }
        Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_) => "?".to_owned(),
    }
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('/').try_fold(value, |value, step| match step.parse::<usize>() {
        Ok(index) => value.items().get(index),
        Err(_) => value.get(step),
    })
}

fn field(items: &[Item], view: &str, name: &str, path: &str) -> String {
    let item = items.iter().find(|item| item.views[0] == view && (name.is_empty() || item.name == name));
    let item =
        item.unwrap_or_else(|| panic!("no {view} {name} among {:?}", items.iter().map(|item| &item.name).collect::<Vec<_>>()));
    at(&item.value, path).map_or_else(|| "-".to_owned(), shown)
}

#[test]
fn fields_are_in_their_normal_form() {
    let rows = [
        ("image: nginx:1.27", "image_parts/tag", "1.27"),
        ("image: nginx", "image_parts/tag", "-"),
        ("image: 'nginx:${TAG}'", "image_parts/tag", "?"),
        ("image: 'nginx:${TAG:-1.27}'", "image_parts/tag", "1.27"),
        ("privileged: true", "privileged", "true"),
        ("privileged: 'yes'", "privileged", "true"),
        ("privileged: ${P}", "privileged", "?"),
        ("privileged: ${P:-true}", "privileged", "true"),
        ("user: 0", "user_name", "0"),
        ("user: '0:0'", "group_name", "0"),
        ("ports: [80]", "ports/0/target", "80"),
        ("ports: [80]", "ports/0/published", "-"),
        ("ports: ['${P}:80']", "ports/0/host_ip", "?"),
        ("ports: ['${P}:80']", "ports/0/target", "80"),
        ("ports: ['${BIND:-127.0.0.1}:${P:-8080}:80']", "ports/0/host_ip", "127.0.0.1"),
        ("ports: ['${BIND:-127.0.0.1}:${P:-8080}:80']", "ports/0/published", "8080"),
        ("ports: [{target: 80, published: '8080'}]", "ports/0/published", "8080"),
        ("ports: [{target: 80, published: '8080'}]", "ports/0/host_ip", "-"),
        ("ports: ['80:80', \"81:81\", 82:82]", "ports/2/quoted", "false"),
        ("volumes: ['/run/docker.sock:/var/run/docker.sock:ro']", "volumes/0/read_only", "true"),
        ("volumes: ['${DIR}/a:/a']", "volumes/0/type", "bind"),
        ("volumes: ['${DIR}:/a']", "volumes/0/type", "?"),
        ("environment: [A=b, C, D=]", "environment", "A=b C=- D="),
        ("environment: {A: 1, B: true, C: }", "environment", "A=1 B=true C=-"),
        ("cap_add: [CAP_SYS_ADMIN, net_admin]", "cap_add", "[SYS_ADMIN NET_ADMIN]"),
        ("security_opt: [no-new-privileges]", "no_new_privileges", "true"),
        ("security_opt: ['no-new-privileges:true', seccomp=unconfined]", "seccomp", "unconfined"),
        ("security_opt: ['no-new-privileges=false']", "no_new_privileges", "false"),
        ("security_opt: ['apparmor:unconfined', 'label:disable']", "apparmor", "unconfined"),
        ("security_opt: ['label=disable']", "selinux", "disable"),
        ("command: a -b 'c d'", "command", "[a -b c d]"),
        ("command: [a, 1]", "command/1", "1"),
        ("build: .", "build/context", "."),
        ("healthcheck: {test: curl a}", "healthcheck/test/0", "CMD-SHELL"),
        ("healthcheck: {test: [NONE]}", "healthcheck/disable", "true"),
        ("ulimits: {nofile: 5}", "ulimits/nofile/hard", "5"),
        ("depends_on: [a]", "depends_on/0/service", "a"),
        ("depends_on: {a: {condition: service_healthy}}", "depends_on/0/condition", "service_healthy"),
        ("extra_hosts: ['a:1.2.3.4']", "extra_hosts/0/addresses/0", "1.2.3.4"),
        ("restart: no", "restart", "no"),
        ("restart: false", "restart", "no"),
        ("mem_limit: 1g", "memory_limited", "true"),
        ("deploy: {resources: {limits: {memory: 1g}}}", "memory_limited", "true"),
        ("image: a", "memory_limited", "false"),
        ("image: a", "networks/0/name", "default"),
        ("network_mode: bridge", "networks", "-"),
        ("networks: [back]", "networks/0/internal", "true"),
        ("networks: {back: {aliases: [x]}}", "networks/0/aliases/0", "x"),
        ("devices: [/dev/a]", "devices/0/target", "/dev/a"),
        ("x-note: a", "x-note", "-"),
    ];
    for (line, path, expected) in rows {
        let source = if line.starts_with("image") || line.starts_with("build") { "" } else { "    image: a\n" };
        let text = format!("services:\n  web:\n{source}    {line}\nnetworks:\n  back:\n    internal: true\n");
        assert_eq!(field(&read(&text), "service", "web", path), expected, "{line}: {path}");
    }
}

#[test]
fn services_extend_services() {
    let text = "services:
  base:
    image: a
    ports: ['80:80']
    environment: {A: 1, B: 2}
    depends_on: [x]
  web:
    extends: base
    ports: ['81:81']
    environment: {B: 3}
  far:
    extends: {file: other.yml, service: base}
  half:
    ports: ['82:82']
";
    let items = read(text);
    let rows = [
        ("web", "image", "a"),
        ("web", "ports/0/published", "80"),
        ("web", "ports/1/published", "81"),
        ("web", "environment", "A=1 B=3"),
        ("web", "depends_on", "-"),
        ("web", "user", "-"),
    ];
    for (name, path, expected) in rows {
        assert_eq!(field(&items, "service", name, path), expected, "{name}: {path}");
    }
    let open = |name: &str| {
        items.iter().find(|item| item.name == name).and_then(|item| item.value.as_map()).is_some_and(|map| map.tail.is_some())
    };
    assert_eq!((open("web"), open("far"), open("half")), (false, true, true));
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let text = "x-base: &base\n  image: a\n  privileged: true\nservices:\n  web:\n    <<: *base\n    user: app\n";
    let items = read(text);
    assert_eq!(field(&items, "service", "web", "privileged"), "true");
    assert_eq!(field(&items, "service", "web", "user_name"), "app");
}

#[test]
fn places_are_those_of_the_short_forms() {
    let text = "services:\n  web:\n    image: a\n    ports:\n      - \"80:80\"\n    environment:\n      - A=b\n";
    let items = read(text);
    let item = items.iter().find(|item| item.name == "web" && item.views[0] == "service").unwrap();
    let port = at(&item.value, "ports/0").unwrap();
    assert_eq!(port.place.span.text(text), "\"80:80\"");
    let variable = at(&item.value, "environment").and_then(|map| map.as_map()?.get("A")).unwrap();
    assert_eq!(variable.place.span.text(text), "A=b");
    assert_eq!(item.header.span.text(text), "web");
}

#[test]
fn ports_and_names_are_taken_once() {
    let rows = [
        ("['80:80']", "['80:81']", "a"),
        ("['80:80']", "['81:80']", "-"),
        ("['80-90:80-90']", "['85:80']", "a"),
        ("['127.0.0.1:80:80']", "['127.0.0.1:80:80/udp']", "-"),
        ("['127.0.0.1:80:80']", "['127.0.0.2:80:80']", "-"),
        ("['127.0.0.1:80:80']", "['0.0.0.0:80:80']", "a"),
        ("['80']", "['80']", "-"),
    ];
    for (first, second, expected) in rows {
        let text = format!("services:\n  a:\n    image: x\n    ports: {first}\n  b:\n    image: x\n    ports: {second}\n");
        assert_eq!(field(&read(&text), "service", "b", "ports/0/taken_by"), expected, "{first} {second}");
    }
    let text = "services:\n  a: {image: x, container_name: c}\n  b: {image: x, container_name: c}\n";
    assert_eq!(field(&read(text), "service", "b", "container_name_taken_by"), "a");
    let text = "services:\n  a: {image: x, profiles: [p], ports: ['1:1']}\n  b: {image: x, profiles: [q], ports: ['1:1']}\n";
    assert_eq!(field(&read(text), "service", "b", "ports/0/taken_by"), "-");
}

#[test]
fn services_run_commands() {
    let text = "services:\n  dind:\n    image: docker:dind\n    command: dockerd -H tcp://0.0.0.0:2375 --tls=false\n";
    let items = read(text);
    assert_eq!(field(&items, "command", "", "program"), "dockerd");
    assert_eq!(field(&items, "daemon", "", "hosts/0/port"), "2375");
    assert_eq!(field(&items, "image.use", "dind", "image/tag"), "dind");
}

#[test]
fn what_is_out_of_order_is_told() {
    let text = "services:\n  b:\n    image: a\n    ports: ['81', '80:80']\n  a:\n    image: a\nname: x\n";
    let items = read(text);
    assert_eq!(field(&items, "service", "b", "disorder/0/what"), "ports");
    assert_eq!(
        field(&items, "project", "", "disorder"),
        "[what=top-level name=name before=services what=services name=a before=b]"
    );
}

/// The containers that a script starts.
fn runs(line: &str) -> Vec<Item> {
    crate::script::items(line, FileId(0))
}

#[test]
fn docker_run_has_the_fields_of_a_service() {
    let rows = [
        ("docker run nginx", "image", "nginx"),
        ("docker run nginx", "network_mode", "-"),
        ("docker run nginx", "networks", "-"),
        ("sudo docker run --rm -it -p 8080:80 nginx sh", "ports/0/published", "8080"),
        ("docker run -dp 127.0.0.1:8080:80 nginx", "ports/0/host_ip", "127.0.0.1"),
        ("docker container run --privileged nginx", "privileged", "true"),
        ("docker run --privileged=false nginx", "privileged", "false"),
        ("docker run --network host nginx", "network_mode", "host"),
        ("docker run --net=back nginx", "networks/0/name", "back"),
        ("docker run -v /var/run/docker.sock:/var/run/docker.sock nginx", "volumes/0/source", "/var/run/docker.sock"),
        ("docker run --mount type=bind,src=/a,dst=/b,readonly nginx", "volumes/0/read_only", "true"),
        ("docker run -e A=b --env C nginx", "environment", "A=b C=-"),
        ("docker run --security-opt no-new-privileges nginx", "no_new_privileges", "true"),
        ("docker run --cap-add=SYS_ADMIN --cap-add CAP_NET_RAW nginx", "cap_add", "[SYS_ADMIN NET_RAW]"),
        ("docker run --pid=host nginx top -b", "command", "[top -b]"),
        ("docker -H tcp://10.0.0.1:2375 run nginx", "host", "tcp://10.0.0.1:2375"),
        ("podman run --userns=keep-id nginx", "userns_mode", "keep-id"),
        ("docker run $OPTIONS --privileged nginx", "privileged", "true"),
        ("docker run --rm \"$IMAGE\"", "image", "?"),
        ("docker create -u root nginx", "user_name", "root"),
    ];
    for (line, path, expected) in rows {
        assert_eq!(field(&runs(line), "docker.run", "", path), expected, "{line}: {path}");
    }
    for line in ["docker ps", "docker build .", "docker", "docker compose run web", "echo docker run nginx"] {
        assert!(!runs(line).iter().any(|item| item.views[0] == "docker.run"), "{line}");
    }
}

#[test]
fn what_a_service_names_is_declared_or_not() {
    let text = "services:
  web:
    image: a
    networks: [front, back]
    volumes: [data:/a, other:/b, ./c:/c]
    secrets: [key]
    depends_on: [db]
networks: {front: }
volumes: {data: }
";
    let items = read(text);
    let rows = [
        ("networks/0/declared", "true"),
        ("networks/1/declared", "false"),
        ("volumes/0/declared", "true"),
        ("volumes/1/declared", "false"),
        ("volumes/2/declared", "true"),
        ("secrets/0/declared", "false"),
        ("depends_on/0/declared", "false"),
    ];
    for (path, expected) in rows {
        assert_eq!(field(&items, "service", "web", path), expected, "{path}");
    }
    let open = read(&format!("{text}include: [x.yml]\n"));
    assert_eq!(field(&open, "service", "web", "networks/1/declared"), "-");
}
