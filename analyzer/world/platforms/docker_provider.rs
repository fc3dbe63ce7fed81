//! Containers of Terraform's Docker provider (kreuzwerker/docker), and what machines run when they start.
//!
//! Closed-world rules, from the provider's documentation (<https://registry.terraform.io/providers/kreuzwerker/docker/latest/docs>):
//! - A container without `networks_advanced` and `network_mode` is on the default bridge.
//! - `ports.ip` is 0.0.0.0 unless written; a port without `external` is one that the engine picks.
//! - A provider without `host` talks to the engine of the machine that runs Terraform, of which no code says more; a `host` that names
//!   a machine of this code is that machine. Otherwise as the engine does, see the module for Docker.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::{Item, Kind as ValueKind, Place, Value};

use super::docker::{self, Container, Driver, Engine, Network, local};
use crate::builder::Builder;
use crate::model::{Gate, Kind, Listener, Node, NodeId};
use crate::platforms::entries::{flag, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Attributes of a container that have another name in Compose.
const NAMES: &[(&str, &str)] = &[
    ("cgroupns_mode", "cgroup"),
    ("ipc_mode", "ipc"),
    ("name", "container_name"),
    ("pid_mode", "pid"),
    ("publish_all_ports", "publish_all"),
];

/// Options of `security_opts`, and the field that has them.
const OPTIONS: &[&str] = &["seccomp", "apparmor", "systempaths"];

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    docker::build_user_data(resources, builder);
    let mut engines: Vec<(CompactString, Engine<'_>)> = Vec::new();
    for item in resources.of_type("docker_container") {
        let at = engine_of(resources, item, &mut engines, builder);
        let Some((_, engine)) = engines.get_mut(at) else { continue };
        let container = container(resources, item, engine);
        engine.add(&container, builder);
    }
    for item in resources.of_type("docker_service") {
        let at = engine_of(resources, item, &mut engines, builder);
        if let Some((_, engine)) = engines.get_mut(at) {
            let container = service(resources, item);
            engine.add(&container, builder);
        }
    }
    for (_, engine) in &mut engines {
        engine.finish(builder);
    }
}

/// The engine that a resource's provider talks to: where it stands among those that are known.
fn engine_of(
    resources: &Resources<'_>,
    item: &Item,
    engines: &mut Vec<(CompactString, Engine<'_>)>,
    builder: &mut Builder,
) -> usize {
    let provider = item.value.get("provider").and_then(provider_name).unwrap_or_else(|| "provider.docker".into());
    engines.iter().position(|(name, _)| *name == provider).unwrap_or_else(|| {
        let host = host(resources, &provider, item, builder);
        engines.push((provider, Engine::new(host, builder)));
        engines.len() - 1
    })
}

/// `docker.remote` as the name of a provider.
pub(super) fn provider_name(value: &Value) -> Option<CompactString> {
    let text = match &value.kind {
        ValueKind::Unknown(unknown) => unknown.source.clone(),
        _ => value.as_str()?.into(),
    };
    Some(format!("provider.{text}").into())
}

/// The host of a provider's engine, and its API where it listens on the network.
fn host(resources: &Resources<'_>, provider: &str, first: &Item, builder: &mut Builder) -> NodeId {
    let item = resources.at(provider).into_iter().next();
    let Some((item, address)) = item.and_then(|item| Some((item, field(&item.value, "host")?))) else {
        let place = item.map_or(first.header, |item| item.header);
        return local::host(&format!("docker host of {provider}"), docker::HOST, place, builder);
    };
    let machine = resources.referred(address).items.iter().find_map(|item| builder.find(&item.name));
    let machine = machine.filter(|id| builder.world.node(*id).is_some_and(|node| node.kind == Kind::Machine));
    let text = begins(address);
    let id = machine.unwrap_or_else(|| {
        let is_local = text.starts_with("unix:") || text.starts_with("npipe:") || text.is_empty();
        let name = if is_local { format!("docker host of {provider}") } else { format!("docker host at {text}") };
        local::host(&name, docker::HOST, address.place, builder)
    });
    let Some(rest) = text.strip_prefix("tcp://") else { return id };
    let port = address.as_str().unwrap_or("").rsplit_once(':').and_then(|(_, port)| port.trim_end_matches('/').parse().ok());
    let port = port.or_else(|| last_port(address)).unwrap_or(2375_u16);
    if rest.starts_with("127.") || rest.starts_with("localhost") {
        return id;
    }
    let proof = ["cert_path", "ca_material", "cert_material"]
        .iter()
        .any(|key| field(&item.value, key).is_some_and(|value| value.as_str() != Some("")));
    let step = Step::at(address.place, format!("Terraform talks to the Docker API on port {port}"));
    let proof: Option<CompactString> = Some(if proof { "tls".into() } else { CompactString::default() });
    let listener = Listener { protocol: Protocol::Tcp, port, service: "docker-api".into(), step, proof };
    let holder = match machine {
        Some(machine) => machine,
        None => {
            let mut node = Node { name: format!("daemon/{provider}").into(), ..Builder::describe(item, Kind::Engine) };
            node.inside = vec![id];
            let node = builder.node(node);
            let alone = Step::at(address.place, format!("the daemon answers on port {port} alone"));
            builder.passes_on(id, node, vec![Gate::Only(Ports::range(Protocol::Tcp, port, port), alone)]);
            node
        }
    };
    if let Some(node) = builder.get(holder)
        && !node.listeners.iter().any(|known| known.port == port)
    {
        node.listeners.push(listener);
    }
    id
}

/// The known text that a value begins with.
fn begins(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => text.to_string(),
        ValueKind::Template(parts) => parts.first().map(known).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The port that a value ends with.
fn last_port(value: &Value) -> Option<u16> {
    let ValueKind::Template(parts) = &value.kind else { return None };
    known(parts.last()?).rsplit_once(':')?.1.parse().ok()
}

fn known(part: &plimsoll_syntax::value::Part) -> String {
    match part {
        plimsoll_syntax::value::Part::Known(text) => text.to_string(),
        plimsoll_syntax::value::Part::Hole(_) => String::new(),
    }
}

fn container<'a>(resources: &Resources<'a>, item: &'a Item, engine: &Engine<'_>) -> Container<'a> {
    let mut networks = networks(resources, &item.value, &item.name, &engine.default_bridge());
    if networks.is_empty() {
        networks.push(engine.default_bridge());
    }
    let mut aliases: Vec<CompactString> = vec![format!("container:{}", item.name).into()];
    aliases.extend(says(&item.value, "name").map(|name| format!("container:{name}").into()));
    Container { item, name: item.name.clone(), aliases, settings: settings(resources, item), networks, stage: None }
}

/// A service of a swarm. Its ports are published on every node (`ingress`), or on those that run it (`host`).
fn service<'a>(resources: &Resources<'a>, item: &'a Item) -> Container<'a> {
    let task = blocks(&item.value, "task_spec").first();
    let mut networks = task
        .map(|task| networks(resources, task, &item.name, &Network::bridge("bridge", "bridge", item.header)))
        .unwrap_or_default();
    if networks.is_empty() {
        networks.push(Network::bridge(format!("{} ingress", item.name), "ingress", item.header));
    }
    let spec = task.and_then(|task| blocks(task, "container_spec").first());
    let mut map = spec.and_then(Value::as_map).cloned().unwrap_or_default();
    map.entries.retain(|entry| !matches!(entry.key.as_str(), "mounts" | "labels"));
    let mounts = spec.map(|spec| blocks(spec, "mounts")).unwrap_or_default();
    map.set("volumes", Value::list(mounts.to_vec(), item.header));
    let ports = blocks(&item.value, "endpoint_spec").first().map(|spec| blocks(spec, "ports")).unwrap_or_default();
    let ports = ports.iter().map(|port| {
        object(
            port.place,
            [
                ("target", field(port, "target_port")),
                ("published", field(port, "published_port")),
                ("protocol", field(port, "protocol")),
            ],
        )
    });
    map.set("ports", Value::list(ports.collect(), item.header));
    Container {
        item,
        name: item.name.clone(),
        aliases: Vec::new(),
        settings: Value::map(map, item.header),
        networks,
        stage: None,
    }
}

/// The networks of `networks_advanced`.
fn networks(resources: &Resources<'_>, value: &Value, owner: &str, bridge: &Network) -> Vec<Network> {
    let mut networks = Vec::new();
    for block in blocks(value, "networks_advanced") {
        let Some(name) = field(block, "name") else { continue };
        let referred = resources.referred(name);
        let declared = referred.items.into_iter().find(|item| Resources::is_of(item, "docker_network"));
        networks.push(match (declared, name.as_str()) {
            (Some(declared), _) => network(declared),
            (None, Some("bridge")) => bridge.clone(),
            (None, Some("host")) => Network { driver: Driver::Host, ..Network::bridge("host", "host", name.place) },
            (None, Some("none")) => Network { driver: Driver::None, ..Network::bridge("none", "none", name.place) },
            (None, Some(text)) => match by_name(resources, text) {
                Some(declared) => network(declared),
                None => {
                    let driver = Driver::Unknown(Missing::new(format!("the driver of the network {text}")));
                    Network { driver, ..Network::bridge(text, text, name.place) }
                }
            },
            (None, None) => {
                let missing = referred.missing.or_else(|| Missing::of(name)).unwrap_or_else(|| Missing::new("its network"));
                Network { driver: Driver::Unknown(missing), ..Network::bridge(owner, "unknown", name.place) }
            }
        });
    }
    networks
}

fn by_name<'a>(resources: &Resources<'a>, name: &str) -> Option<&'a Item> {
    resources.of_type("docker_network").find(|network| says(&network.value, "name") == Some(name))
}

fn network(item: &Item) -> Network {
    let driver = Driver::of(field(&item.value, "driver"));
    let mut network = Network { driver, ..Network::bridge(item.name.clone(), item.name.clone(), item.header) };
    network.internal = flag(&item.value, "internal", false);
    network.options(field(&item.value, "options"));
    network
}

fn listed(items: Vec<Value>, like: &Value) -> Value {
    let tail = like.as_list().and_then(|list| list.tail.clone()).or_else(|| like.as_unknown().cloned());
    Value::new(ValueKind::List(Arc::new(List { items, tail, blocks: false })), like.place)
}

fn object<'v>(place: Place, fields: impl IntoIterator<Item = (&'static str, Option<&'v Value>)>) -> Value {
    let mut map = Map::default();
    for (key, value) in fields {
        if let Some(value) = value {
            map.set(key, value.clone());
        }
    }
    Value::map(map, place)
}

/// Its settings in the words of a service.
pub(super) fn settings(resources: &Resources<'_>, item: &Item) -> Value {
    let value = &item.value;
    let mut map = value.as_map().cloned().unwrap_or_default();
    for entry in &mut map.entries {
        if let Some((_, name)) = NAMES.iter().find(|(key, _)| *key == entry.key) {
            entry.key = (*name).into();
        }
    }
    map.entries.retain(|entry| {
        !matches!(entry.key.as_str(), "ports" | "volumes" | "mounts" | "capabilities" | "labels" | "image" | "network_mode")
    });
    let mode = field(value, "network_mode").filter(|mode| mode.as_str() != Some(""));
    if let Some(mode) = mode {
        // `container:` with the id of one of these.
        let joined = resources.referred(mode).items.into_iter().find(|item| Resources::is_of(item, "docker_container"));
        let named = joined.map(|joined| Value::string(format!("container:{}", joined.name), mode.place));
        map.set("network_mode", named.unwrap_or_else(|| mode.clone()));
    } else if blocks(value, "networks_advanced").is_empty() {
        map.set("network_mode", Value::string("bridge", item.header));
    }
    if let Some(ports) = field(value, "ports") {
        let each = blocks(value, "ports").iter().map(|port| {
            object(
                port.place,
                [
                    ("target", field(port, "internal")),
                    ("published", field(port, "external")),
                    ("host_ip", field(port, "ip").filter(|ip| ip.as_str() != Some("0.0.0.0"))),
                    ("protocol", field(port, "protocol")),
                ],
            )
        });
        map.set("ports", listed(each.collect(), ports));
    }
    let bind = Value::string("bind", Place::NONE);
    let mut volumes: Vec<Value> = Vec::new();
    for volume in blocks(value, "volumes") {
        if let Some(path) = field(volume, "host_path").filter(|path| path.as_str() != Some("")) {
            volumes.push(object(
                volume.place,
                [("type", Some(&bind)), ("source", Some(path)), ("read_only", field(volume, "read_only"))],
            ));
        }
    }
    for mount in blocks(value, "mounts") {
        let fields = ["type", "source", "target", "read_only"].map(|key| (key, field(mount, key)));
        volumes.push(object(mount.place, fields));
    }
    map.set("volumes", Value::list(volumes, item.header));
    for (key, name) in [("add", "cap_add"), ("drop", "cap_drop")] {
        if let Some(list) = blocks(value, "capabilities").first().and_then(|block| field(block, key)) {
            map.set(name, list.clone());
        }
    }
    for option in field(value, "security_opts").map(Value::items).unwrap_or_default() {
        let Some(text) = option.as_str() else { continue };
        let (name, said) = text.split_once(['=', ':']).unwrap_or((text, ""));
        if name == "no-new-privileges" {
            map.set("no_new_privileges", Value::bool(said != "false", option.place));
        } else if let Some(known) = OPTIONS.iter().find(|known| **known == name) {
            map.set(*known, Value::string(said, option.place));
        }
    }
    let mut labels = Map::default();
    for label in blocks(value, "labels") {
        if let (Some(key), Some(said)) = (says(label, "label"), field(label, "value")) {
            labels.set(key, said.clone());
        }
    }
    map.set("labels", Value::map(labels, item.header));
    if let Some(image) = field(value, "image") {
        let made = resources.referred(image).items.into_iter().find(|image| Resources::is_of(image, "docker_image"));
        let name = made.and_then(|made| field(&made.value, "name")).filter(|name| name.as_str().is_some());
        map.set("image", name.unwrap_or(image).clone());
    }
    Value::map(map, value.place)
}
