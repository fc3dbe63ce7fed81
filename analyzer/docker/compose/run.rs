//! `docker run` and its like: containers that a command starts, with the fields of a service.
//!
//! Source: <https://docs.docker.com/reference/cli/docker/container/run/>.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{List, Map, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value, views};

use super::values::{Holed, each, object, set_at, text};
use super::{container, normal, volume};

/// Programs with Docker's command line.
const PROGRAMS: &[&str] = &["docker", "podman", "nerdctl"];
/// Flags of the program itself that take the next word.
const GLOBAL: &[&str] = &[
    "-H",
    "--host",
    "--config",
    "-c",
    "--context",
    "-l",
    "--log-level",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "--connection",
    "--url",
    "--root",
    "--runroot",
    "--namespace",
    "-n",
    "--address",
    "-a",
    "--storage-driver",
];
/// Flags of `run` that take no word.
const BARE: &[&str] = &[
    "--detach",
    "--interactive",
    "--tty",
    "--rm",
    "--privileged",
    "--read-only",
    "--init",
    "--publish-all",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
    "--disable-content-trust",
    "--use-api-socket",
    "--quiet",
    "--help",
    "--replace",
    "--rmi",
    "--no-hosts",
    "--no-hostname",
    "--env-host",
    "--http-proxy",
    "--rootfs",
    "--passwd",
    "--tls-verify",
];
/// Their letters.
const BARE_LETTERS: &str = "ditPq";
/// Letters that stand for a flag.
const LETTERS: &[(char, &str)] = &[
    ('a', "--attach"),
    ('c', "--cpu-shares"),
    ('d', "--detach"),
    ('e', "--env"),
    ('h', "--hostname"),
    ('i', "--interactive"),
    ('l', "--label"),
    ('m', "--memory"),
    ('P', "--publish-all"),
    ('p', "--publish"),
    ('q', "--quiet"),
    ('t', "--tty"),
    ('u', "--user"),
    ('v', "--volume"),
    ('w', "--workdir"),
];

/// How a flag becomes a field.
#[derive(Clone, Copy)]
enum Take {
    /// The last one counts.
    Last,
    /// All count.
    All,
    /// Bare: true unless `=false` follows.
    Bare,
}

/// Flags and the fields of a service that say the same.
const FIELDS: &[(&str, &str, Take)] = &[
    ("--add-host", "extra_hosts", Take::All),
    ("--cap-add", "cap_add", Take::All),
    ("--cap-drop", "cap_drop", Take::All),
    ("--cgroup-parent", "cgroup_parent", Take::Last),
    ("--cgroupns", "cgroup", Take::Last),
    ("--cpu-period", "cpu_period", Take::Last),
    ("--cpu-quota", "cpu_quota", Take::Last),
    ("--cpu-shares", "cpu_shares", Take::Last),
    ("--cpus", "cpus", Take::Last),
    ("--cpuset-cpus", "cpuset", Take::Last),
    ("--detach", "detach", Take::Bare),
    ("--device", "devices", Take::All),
    ("--device-cgroup-rule", "device_cgroup_rules", Take::All),
    ("--dns", "dns", Take::All),
    ("--dns-option", "dns_opt", Take::All),
    ("--dns-search", "dns_search", Take::All),
    ("--entrypoint", "entrypoint", Take::Last),
    ("--env", "environment", Take::All),
    ("--env-file", "env_file", Take::All),
    ("--expose", "expose", Take::All),
    ("--gpus", "gpus", Take::Last),
    ("--group-add", "group_add", Take::All),
    ("--hostname", "hostname", Take::Last),
    ("--init", "init", Take::Bare),
    ("--interactive", "stdin_open", Take::Bare),
    ("--ipc", "ipc", Take::Last),
    ("--isolation", "isolation", Take::Last),
    ("--label", "labels", Take::All),
    ("--link", "links", Take::All),
    ("--mac-address", "mac_address", Take::Last),
    ("--memory", "mem_limit", Take::Last),
    ("--memory-reservation", "mem_reservation", Take::Last),
    ("--memory-swap", "memswap_limit", Take::Last),
    ("--memory-swappiness", "mem_swappiness", Take::Last),
    ("--name", "container_name", Take::Last),
    ("--oom-kill-disable", "oom_kill_disable", Take::Bare),
    ("--oom-score-adj", "oom_score_adj", Take::Last),
    ("--pid", "pid", Take::Last),
    ("--pids-limit", "pids_limit", Take::Last),
    ("--platform", "platform", Take::Last),
    ("--privileged", "privileged", Take::Bare),
    ("--publish", "ports", Take::All),
    ("--publish-all", "publish_all", Take::Bare),
    ("--pull", "pull", Take::Last),
    ("--read-only", "read_only", Take::Bare),
    ("--restart", "restart", Take::Last),
    ("--rm", "remove", Take::Bare),
    ("--runtime", "runtime", Take::Last),
    ("--security-opt", "security_opt", Take::All),
    ("--shm-size", "shm_size", Take::Last),
    ("--stop-signal", "stop_signal", Take::Last),
    ("--storage-opt", "storage_opt", Take::All),
    ("--sysctl", "sysctls", Take::All),
    ("--tmpfs", "tmpfs", Take::All),
    ("--tty", "tty", Take::Bare),
    ("--ulimit", "ulimits", Take::All),
    ("--use-api-socket", "use_api_socket", Take::Bare),
    ("--user", "user", Take::Last),
    ("--userns", "userns_mode", Take::Last),
    ("--uts", "uts", Take::Last),
    ("--volume", "volumes", Take::All),
    ("--volumes-from", "volumes_from", Take::All),
    ("--workdir", "working_dir", Take::Last),
];

/// The containers that these `command` items start.
pub(crate) fn items(commands: &[Item], owner: Option<&Owner>, out: &mut Vec<Item>) {
    for command in commands.iter().filter(|command| command.views.iter().any(|view| view == "command")) {
        let Some(argv) = command.value.get("argv") else { continue };
        let Some(item) = one(argv, command, owner) else { continue };
        let used = container::image_use(&item, "docker.run");
        out.push(item);
        out.extend(used);
    }
}

/// The container that these words start, flags first, with the fields of a service in their normal form; what is derived is missing.
fn read(argv: &Value, from: usize, header: Place) -> Map {
    let words = argv.items();
    let (flags, image, open) = flags(words, from);
    let mut map = fields(&flags);
    map.tail = open;
    let rest: Vec<Value> = words.iter().skip(image + 1).cloned().collect();
    match words.get(image) {
        Some(image) if map.tail.is_none() => set_at(&mut map, "image", image.clone(), image.place),
        Some(_) => {}
        None => map.tail = map.tail.or_else(|| argv.as_list().and_then(|list| list.tail.clone())),
    }
    if !rest.is_empty() {
        let place = rest.first().map_or(header, |first| first.place);
        set_at(&mut map, "command", Value::list(rest, place), place);
    }
    let mut map = normal::fields(&map);
    mounts(&flags, &mut map);
    network(&flags, &mut map);
    map
}

/// The settings of a container that Packer starts: what a source sets, in the words of a service, and what its `run_command` adds as
/// `docker run` would.
pub(crate) fn of_source(settings: Map, run_command: &Value, header: Place) -> Map {
    let tail = settings.tail.clone();
    let mut map = normal::fields(&settings);
    // The image stands in the source; in the command it is a placeholder, and what stands behind it keeps the container running.
    let added = read(run_command, 0, header).entries.into_iter().filter(|entry| !matches!(&*entry.key, "image" | "command"));
    for entry in added {
        let known = map.get(&entry.key).map(|known| known.value.clone());
        match (known, &entry.value.kind) {
            (Some(known), Kind::List(more)) if known.as_list().is_some() => {
                let items = known.items().iter().chain(&more.items).cloned().collect();
                set_at(&mut map, &entry.key, Value::list(items, known.place), known.place);
            }
            _ => set_at(&mut map, &entry.key, entry.value.clone(), entry.place),
        }
    }
    map.tail = tail;
    container::derive(&mut map, header);
    map
}

/// A flag as it was written.
struct Flag<'v> {
    name: String,
    value: Value,
    word: &'v Value,
}

fn one(argv: &Value, command: &Item, owner: Option<&Owner>) -> Option<Item> {
    let words = argv.items();
    let program = words.first()?.as_str()?.rsplit('/').next()?;
    if !PROGRAMS.contains(&program) {
        return None;
    }
    let mut at = 1;
    let mut host = Value::default();
    // The program's own flags, up to the subcommand.
    let subcommand = loop {
        let word = words.get(at)?.as_str()?;
        at += 1;
        if !word.starts_with('-') {
            if word == "container" {
                continue;
            }
            break word;
        }
        let (name, written) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let mut value = written.map(|value| Value::string(value, words.get(at - 1).map_or(Place::NONE, |word| word.place)));
        if value.is_none() && GLOBAL.contains(&name) {
            value = words.get(at).cloned();
            at += 1;
        }
        if matches!(name, "-H" | "--host" | "--url") {
            host = value.unwrap_or_default();
        }
    };
    if !matches!(subcommand, "run" | "create") {
        return None;
    }
    let header = command.header;
    let mut map = read(argv, at, header);
    map.range = command.range;
    let name = match map.get("image").map(|entry| text(&entry.value)) {
        Some(Value { kind: Kind::String(image), .. }) => format!("{program} {subcommand} {image}"),
        _ => format!("{program} {subcommand}"),
    };
    set_at(&mut map, "name", Value::string(name.as_str(), header), header);
    set_at(&mut map, "program", Value::string(program, header), header);
    set_at(&mut map, "subcommand", Value::string(subcommand, header), header);
    set_at(&mut map, "argv", argv.clone(), header);
    if !host.is_null() {
        let place = host.place;
        set_at(&mut map, "host", host, place);
    }
    container::derive(&mut map, header);
    Some(Item {
        views: views!["docker.run".into(), "docker.container".into()],
        name: name.into(),
        header,
        range: command.range,
        value: Value::map(map, header),
        owner: owner.or(command.owner.as_ref()).cloned(),
        index: command.index,
    })
}

/// The flags from a word on, where the image is, and what may be more flags (`docker run $OPTIONS image`).
fn flags(words: &[Value], from: usize) -> (Vec<Flag<'_>>, usize, Option<Arc<Unknown>>) {
    let mut out = Vec::new();
    let mut open = None;
    let mut at = from;
    while let Some(word) = words.get(at) {
        let Some(holed) = Holed::of(word) else { break };
        let written = holed.text.as_str();
        if written == "--" {
            at += 1;
            break;
        }
        if let (Kind::Unknown(unknown), true) = (&word.kind, at + 1 < words.len()) {
            open = open.or_else(|| Some(unknown.clone()));
            at += 1;
            continue;
        }
        if !written.starts_with('-') || written.len() < 2 {
            break;
        }
        at += 1;
        let next = words.get(at);
        let taken = match written.starts_with("--") {
            true => long(&holed, word, next, &mut out),
            false => short(&holed, word, next, &mut out),
        };
        at += usize::from(taken);
    }
    (out, at, open)
}

/// `--name`, `--name=value`, `--name value`; whether the next word was taken.
fn long<'v>(holed: &Holed, word: &'v Value, next: Option<&Value>, out: &mut Vec<Flag<'v>>) -> bool {
    if let Some((name, value)) = holed.text.split_once('=') {
        out.push(Flag { name: name.to_owned(), value: holed.value(value), word });
        return false;
    }
    let name = holed.text.clone();
    if BARE.contains(&name.as_str()) {
        out.push(Flag { name, value: Value::bool(true, word.place), word });
        return false;
    }
    out.push(Flag { name, value: next.cloned().unwrap_or_default(), word });
    true
}

/// A bundle of letters, of which the last may take the rest or the next word; whether that was taken.
fn short<'v>(holed: &Holed, word: &'v Value, next: Option<&Value>, out: &mut Vec<Flag<'v>>) -> bool {
    for (at, letter) in holed.text.char_indices().skip(1) {
        let name = LETTERS.iter().find(|(known, _)| *known == letter).map_or("", |(_, name)| *name).to_owned();
        if BARE_LETTERS.contains(letter) {
            out.push(Flag { name, value: Value::bool(true, word.place), word });
            continue;
        }
        let rest = &holed.text[at + letter.len_utf8()..];
        let rest = rest.strip_prefix('=').unwrap_or(rest);
        if rest.is_empty() {
            out.push(Flag { name, value: next.cloned().unwrap_or_default(), word });
            return true;
        }
        out.push(Flag { name, value: holed.value(rest), word });
        return false;
    }
    false
}

/// The flags as the fields of a service, as written there.
fn fields(flags: &[Flag<'_>]) -> Map {
    let mut map = Map::default();
    for flag in flags {
        let Some((_, field, take)) = FIELDS.iter().find(|(name, ..)| *name == flag.name) else { continue };
        // The value underlines the flag with it where both stand side by side.
        let place = joined(flag.word.place, flag.value.place);
        match take {
            Take::Last | Take::Bare => set_at(&mut map, field, flag.value.clone(), place),
            Take::All => {
                let item =
                    Value { place: if flag.value.place.is_some() { flag.value.place } else { place }, ..flag.value.clone() };
                match map.entries.iter_mut().find(|entry| entry.key == *field) {
                    Some(entry) => {
                        if let Kind::List(list) = &entry.value.kind {
                            let mut list = List::clone(list);
                            list.items.push(item);
                            entry.value.kind = Kind::List(Arc::new(list));
                        }
                    }
                    None => set_at(&mut map, field, Value::list(vec![item], place), place),
                }
            }
        }
    }
    map
}

fn joined(a: Place, b: Place) -> Place {
    if a.file == b.file && a.span.end <= b.span.start { Place::new(a.file, a.span.to(b.span)) } else { a }
}

/// `--mount` beside `--volume`.
fn mounts(flags: &[Flag<'_>], map: &mut Map) {
    let mounts: Vec<Value> =
        flags.iter().filter(|flag| flag.name == "--mount").filter_map(|flag| volume::of_mount(&flag.value)).collect();
    let Some(first) = mounts.first() else { return };
    let place = first.place;
    let mut items = map.get("volumes").map(|entry| entry.value.items().to_vec()).unwrap_or_default();
    items.extend(mounts);
    set_at(map, "volumes", Value::list(items, place), place);
}

/// `--network`: a mode (`host`, `none`, `bridge`, `container:x`) or networks by name.
fn network(flags: &[Flag<'_>], map: &mut Map) {
    let written: Vec<&Flag<'_>> = flags.iter().filter(|flag| matches!(flag.name.as_str(), "--network" | "--net")).collect();
    let Some(first) = written.first() else { return };
    let place = joined(first.word.place, first.value.place);
    set_at(map, "network", first.value.clone(), place);
    let mode = first.value.as_str().is_none_or(|name| {
        matches!(name, "host" | "none" | "bridge" | "default" | "private" | "slirp4netns" | "pasta") || name.contains(':')
    });
    if mode {
        return set_at(map, "network_mode", first.value.clone(), place);
    }
    let names = Value::list(written.iter().map(|flag| flag.value.clone()).collect(), place);
    let networks = each(&names, |name| Some(object([("name", text(name))], name.place)));
    set_at(map, "networks", networks, place);
}
