//! Containers as the API server sees them: with the pod's settings applied.

use compact_str::CompactString;
use plimsoll_syntax::value::{How, List, Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value, shell};

use crate::object::Object;
use crate::values::{copy, entry, field, set_at};
use crate::workload::{Template, name_of};
use crate::{image, security};

/// The lists of a pod's spec that hold containers.
const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];
/// The probes of a container.
const PROBES: &[&str] = &["livenessProbe", "readinessProbe", "startupProbe"];
/// How many fields are added to most containers.
const DERIVED: usize = 9;
/// What a probe does, and where it names a port.
const HANDLERS: &[(&str, Option<&str>)] =
    &[("httpGet", Some("port")), ("tcpSocket", Some("port")), ("grpc", Some("port")), ("exec", None)];

/// The containers of a pod, in order of the lists above.
pub(crate) fn items(object: &Object, template: &Template, workload: &Value) -> Vec<Item> {
    let mut items = Vec::new();
    for list in LISTS {
        for written in field(&template.pod, list).items() {
            // `- ` alone, or a scalar: no container.
            if written.as_map().is_some() {
                items.push(one(object, template, workload, written, list));
            }
        }
    }
    items
}

fn one(object: &Object, template: &Template, workload: &Value, written: &Value, list: &str) -> Item {
    let header = header(written);
    let mut map = Map { range: written.place.span, ..copy(written, DERIVED) };
    let init = list == "initContainers";
    let sidecar = init && written.str_at(&["restartPolicy"]) == Some("Always");
    for (key, value) in [("init", init), ("ephemeral", list == "ephemeralContainers"), ("sidecar", sidecar)] {
        map.set(key, Value::bool(value, header));
    }
    if let Some(own) = entry(written, &["securityContext"]) {
        set_at(&mut map, "ownSecurityContext", own.value.clone(), own.place);
    }
    if let Some((context, place)) = security::effective(template, written, header) {
        set_at(&mut map, "securityContext", context, place);
    }
    if let Some(entry) = entry(written, &["image"])
        && let Some(parts) = image::parts(&entry.value)
    {
        set_at(&mut map, "pull_policy", image::pull_policy(written, &parts), entry.place);
        set_at(&mut map, "image_parts", parts, entry.place);
    }
    command(written, &mut map);
    for probe in PROBES {
        if let Some(entry) = entry(written, &[probe]) {
            set_at(&mut map, probe, with_handler(&entry.value), entry.place);
        }
    }
    if let Some((resources, place)) = resources(written) {
        set_at(&mut map, "resources", resources, place);
    }
    // What a container lacks is to be underlined in the container, not in its pod or workload.
    set_at(&mut map, "pod", template.pod.clone(), header);
    set_at(&mut map, "workload", workload.clone(), header);
    if !object.namespace.is_null() {
        set_at(&mut map, "namespace", object.namespace.clone(), header);
    }
    object.part("container", name_of(written), header, written.place, Value::map(map, written.place))
}

/// What a finding about an element of a list underlines: its `name:` entry, else its first.
pub(crate) fn header(element: &Value) -> Place {
    let map = element.as_map();
    let found = map.and_then(|map| map.get("name").or_else(|| map.entries.first()));
    found.map_or(element.place, |entry| entry.place)
}

/// `argv`: command and arguments; `program`: the last part of the command's first word.
fn command(written: &Value, map: &mut Map) {
    let command = field(written, "command");
    let args = field(written, "args");
    if command.is_null() && args.is_null() {
        return;
    }
    let mut argv = List::default();
    for value in [&command, &args] {
        // After an unknown tail the positions mean nothing.
        match &value.kind {
            Kind::List(list) if argv.tail.is_none() => {
                argv.items.extend(list.items.iter().cloned());
                argv.tail.clone_from(&list.tail);
            }
            Kind::Unknown(unknown) => argv.tail = argv.tail.take().or_else(|| Some(unknown.clone())),
            _ => {}
        }
    }
    // What the command line lacks is underlined at its key.
    let written_at = entry(written, &["command"]).or_else(|| entry(written, &["args"]));
    let place = written_at.map_or(written.place, |entry| entry.place);
    let (program, argv) = match component(&command, argv) {
        Ok((program, argv)) => (Some(program), argv),
        Err(argv) => {
            (command.items().first().map(base_name).or_else(|| command.as_unknown().is_some().then(|| command.clone())), argv)
        }
    };
    if let Some(program) = program {
        map.set("program", program);
    }
    set_at(map, "argv", Value::new(Kind::List(argv.into()), place), place);
}

/// The programs of a control plane, whose flags are asked for wherever somebody starts them.
const COMPONENTS: &[&str] = &["etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet"];
const SHELLS: &[&str] = &["ash", "bash", "dash", "sh"];

/// A program of the control plane with its command line, when it is named by the arguments of an image that starts whatever
/// these say, or by the script of a shell. Else the command line as it was.
fn component(command: &Value, argv: List) -> Result<(Value, List), List> {
    let is_component = |value: &Value| COMPONENTS.contains(&base_name(value).as_str().unwrap_or(""));
    let words = &argv.items;
    if command.is_null() {
        return match words.first().filter(|first| is_component(first)).map(base_name) {
            Some(program) => Ok((program, argv)),
            None => Err(argv),
        };
    }
    let is_shell = words.first().is_some_and(|first| SHELLS.contains(&base_name(first).as_str().unwrap_or("")));
    let flag = words.get(1).and_then(Value::as_str).is_some_and(|flag| flag.starts_with('-') && flag.ends_with('c'));
    let Some((script, text)) = words.get(2).filter(|_| is_shell && flag).and_then(|word| Some((word, word.as_str()?))) else {
        return Err(argv);
    };
    if !COMPONENTS.iter().any(|name| text.contains(name)) {
        return Err(argv);
    }
    for started in shell::parse(text, shell::Continuation::Shell).commands.iter().rev() {
        let items: Vec<Value> = started.argv.iter().map(|word| in_script(word, text, script.place)).collect();
        if let Some(program) = items.first().filter(|first| is_component(first)).map(base_name) {
            return Ok((program, List { items, tail: None, blocks: false }));
        }
    }
    Err(argv)
}

/// The last part of a path.
fn base_name(value: &Value) -> Value {
    match &value.kind {
        Kind::String(text) => Value::string(text.rsplit('/').next().unwrap_or(text), value.place),
        _ => value.clone(),
    }
}

/// A word of a script; what the shell fills in is not known.
fn in_script(word: &shell::Word, text: &str, place: Place) -> Value {
    match word.text() {
        Some(known) => Value::string(known, place),
        None => Value::unknown(Unknown::new(Reason::Unset, word.span.text(text)), place),
    }
}

/// A probe with `handler` (what it does, without its timing) and `port`.
fn with_handler(probe: &Value) -> Value {
    let Kind::Map(written) = &probe.kind else { return probe.clone() };
    let mut map = Map::clone(written);
    for (name, port) in HANDLERS {
        let Some(handler) = entry(probe, &[name]) else { continue };
        let mut inner = Map::default();
        inner.set(*name, handler.value.clone());
        map.set("handler", Value::map(inner, handler.place));
        if let Some(port) = port.and_then(|port| entry(&handler.value, &[port])) {
            set_at(&mut map, "port", port.value.clone(), port.place);
        }
        break;
    }
    Value::map(map, probe.place)
}

/// Requests that are not written are those of the limits.
fn resources(written: &Value) -> Option<(Value, Place)> {
    let resources = entry(written, &["resources"])?;
    let limits = entry(&resources.value, &["limits"])?;
    let Kind::Map(limit_map) = &limits.value.kind else { return None };
    let requests = field(&resources.value, "requests");
    let mut map = match &requests.kind {
        Kind::Null | Kind::Map(_) => copy(&requests, limit_map.entries.len()),
        _ => return None,
    };
    let mut changed = false;
    for limit in &limit_map.entries {
        let absent = map.get(&limit.key).is_none_or(|entry| entry.value.is_null()) && map.tail.is_none();
        if absent && !limit.value.is_null() {
            let value = limit.value.clone().through(How::Inherited, limit.place);
            set_at(&mut map, &limit.key, value, limit.place);
            changed = true;
        }
    }
    if !changed {
        return None;
    }
    let place = entry(&resources.value, &["requests"]).map_or(resources.place, |entry| entry.place);
    let value_place = if requests.is_null() { resources.value.place } else { requests.place };
    let mut outer = copy(&resources.value, 1);
    set_at(&mut outer, "requests", Value::map(map, value_place), place);
    Some((Value::map(outer, resources.value.place), resources.place))
}

/// The containers' names, for joins.
pub(crate) fn name_value(container: &Value) -> Value {
    match field(container, "name") {
        absent if absent.is_null() => Value::string(CompactString::default(), container.place),
        name => name,
    }
}
