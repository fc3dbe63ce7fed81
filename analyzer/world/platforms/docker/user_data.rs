//! What machines run when they start: user data, start-up scripts, provisioners.
//!
//! Packages say what listens: a server's package starts it and has it listen on every address (the defaults of Debian and Fedora). What
//! an image brings along is not known, and nothing is said of it.

use std::collections::BTreeMap;

use compact_str::CompactString;
use plimsoll_connectivity::Protocol;
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashMap;

use super::engine::Engine;
use super::image::{self, Dockerfiles};
use super::isolation::{self, Around};
use super::{RUNS, filtered, of_run, services};
use crate::builder::{Builder, Facts};
use crate::model::{Kind, Listener, NodeId};
use crate::platforms::docker_provider::settings;
use crate::platforms::entries::says;
use crate::resources::{Resources, field};
use crate::said::Step;

/// Packages that start something on every address, and its port.
const SERVERS: &[(&str, u16, &str)] = &[
    ("apache2", 80, "http"),
    ("caddy", 80, "http"),
    ("dropbear", 22, "ssh"),
    ("httpd", 80, "http"),
    ("nginx", 80, "http"),
    ("openssh-server", 22, "ssh"),
    ("samba", 445, "smb"),
    ("telnetd", 23, "telnet"),
    ("vsftpd", 21, "ftp"),
    ("xrdp", 3389, "rdp"),
];

/// How far user data may be from its machine: a part, a launch template, a group of machines.
const DISTANCE: usize = 3;

/// Adds what the machines of a root module run.
pub(crate) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    let local: Vec<&Item> =
        resources.of_type("provisioner").filter(|item| says(&item.value, "type") == Some("local-exec")).collect();
    let mut owners: FxHashMap<&str, usize> = FxHashMap::default();
    let mut owned: Vec<(&str, Vec<&Item>)> = Vec::new();
    for item in resources.items {
        let Some(owner) = &item.owner else { continue };
        let starts = ["docker.run", "service", "project", "daemon", "package", "cloud_init", "command"];
        // What runs beside Terraform itself runs on no machine of it.
        let here = |at: &&&Item| {
            at.header.file == item.header.file && at.range.start <= item.header.span.start && item.header.span.end <= at.range.end
        };
        if !starts.iter().any(|view| Resources::is_of(item, view)) || local.iter().any(|at| here(&at)) {
            continue;
        }
        let at = *owners.entry(owner.name.as_str()).or_insert_with(|| {
            owned.push((owner.name.as_str(), Vec::new()));
            owned.len() - 1
        });
        if let Some((_, items)) = owned.get_mut(at) {
            items.push(item);
        }
    }
    let mut machines: BTreeMap<NodeId, Vec<&Item>> = BTreeMap::new();
    let mut users: Option<FxHashMap<&str, Vec<&Item>>> = None;
    for (owner, items) in owned {
        for id in holders(resources, owner, builder, &mut users) {
            machines.entry(id).or_default().extend(items.iter().copied());
        }
    }
    for (id, items) in machines {
        run(id, &items, builder);
    }
}

/// The machines that an owner is, or is given to.
fn holders<'a>(
    resources: &Resources<'a>,
    owner: &str,
    builder: &Builder,
    users: &mut Option<FxHashMap<&'a str, Vec<&'a Item>>>,
) -> Vec<NodeId> {
    let machine = |name: &str| {
        let id = builder.find(name)?;
        builder.world.node(id).is_some_and(|node| node.kind == Kind::Machine).then_some(id)
    };
    if let Some(id) = machine(owner) {
        return vec![id];
    }
    let users = users.get_or_insert_with(|| {
        let mut users: FxHashMap<&str, Vec<&Item>> = FxHashMap::default();
        for item in resources.items.iter().filter(|item| item.owner.is_none() && item.name.contains('.')) {
            for used in resources.referred(&item.value).items {
                users.entry(used.name.as_str()).or_default().push(item);
            }
        }
        users
    });
    let mut found = Vec::new();
    let mut near: Vec<&str> = vec![owner];
    for _ in 0..DISTANCE {
        let next: Vec<&str> =
            near.iter().flat_map(|name| users.get(name).into_iter().flatten()).map(|item| item.name.as_str()).collect();
        found.extend(next.iter().filter_map(|name| machine(name)));
        near = next.into_iter().filter(|name| machine(name).is_none()).collect();
    }
    if found.is_empty() {
        found = connected(resources, owner, builder);
    }
    found.sort();
    found.dedup();
    found
}

/// The machine that the provisioners of something else (`terraform_data`) connect to.
fn connected(resources: &Resources<'_>, owner: &str, builder: &Builder) -> Vec<NodeId> {
    let own = resources.items.iter().filter(|item| {
        let provisions = Resources::is_of(item, "provisioner") && item.owner.as_ref().is_some_and(|known| known.name == owner);
        provisions || item.owner.is_none() && item.name == owner
    });
    let connections = own.filter_map(|item| field(&item.value, "connection"));
    let named = connections.flat_map(|connection| resources.referred(connection).items);
    let nodes = named.filter_map(|item| builder.find(&item.name));
    nodes.filter(|id| builder.world.node(*id).is_some_and(|node| node.kind == Kind::Machine)).collect()
}

/// Adds what a machine runs by these items.
pub(crate) fn run(machine: NodeId, items: &[&Item], builder: &mut Builder) {
    packages(machine, items, builder);
    if !items.iter().any(|item| RUNS.iter().any(|view| Resources::is_of(item, view))) {
        return;
    }
    let mut engine = Engine::new(machine, builder);
    engine.daemons = items.iter().copied().filter(|item| Resources::is_of(item, "daemon")).collect();
    engine.filtered = filtered(items);
    let none = Dockerfiles::default();
    for container in services("", items, items, &none) {
        engine.add(&container, builder);
    }
    for item in items.iter().copied().filter(|item| Resources::is_of(item, "docker.run")) {
        let container = of_run(item, &engine, items, &none);
        engine.add(&container, builder);
    }
    engine.finish(builder);
    engine.listen(None, builder);
}

/// What the packages that it installs listen on.
fn packages(machine: NodeId, items: &[&Item], builder: &mut Builder) {
    let mut named: Vec<(CompactString, plimsoll_syntax::Place)> = Vec::new();
    let mut passwords = None;
    for item in items {
        if Resources::is_of(item, "package") {
            named.extend(says(&item.value, "name").map(|name| (name.into(), item.header)));
        } else if Resources::is_of(item, "cloud_init") {
            for package in field(&item.value, "packages").map(Value::items).unwrap_or_default() {
                let name = package.as_str().or_else(|| says(package, "name"));
                named.extend(name.map(|name| (name.into(), package.place)));
            }
            passwords = field(&item.value, "ssh_pwauth").filter(|value| value.as_bool() == Some(true)).or(passwords);
        }
    }
    let Some(node) = builder.get(machine) else { return };
    for (name, place) in named {
        let Some((_, port, service)) = SERVERS.iter().find(|(known, ..)| *known == name) else { continue };
        if node.listeners.iter().any(|known| known.port == *port) {
            continue;
        }
        let step = Step::at(place, format!("the package {name} listens on port {port}"));
        let proof = passwords.filter(|_| *service == "ssh").map(|_| "password".into());
        node.listeners.push(Listener { protocol: Protocol::Tcp, port: *port, service: (*service).into(), step, proof });
    }
}

/// Ties the containers of Terraform to the Dockerfiles that build their images.
pub(crate) fn link(path: &str, resources: &Resources<'_>, facts: &Facts<'_>, builder: &mut Builder) {
    let dockerfiles = Dockerfiles::of(facts);
    for item in resources.of_type("docker_container") {
        let Some(image) = field(&item.value, "image") else { continue };
        let made = resources.referred(image).items.into_iter().find(|image| Resources::is_of(image, "docker_image"));
        let built = made.and_then(|made| crate::resources::blocks(&made.value, "build").first());
        let stage = built
            .and_then(|build| dockerfiles.stage(path, build))
            .or_else(|| dockerfiles.built(made.and_then(|made| field(&made.value, "name")).or(Some(image))));
        if let (Some(stage), Some(id)) = (stage, builder.find(&item.name))
            && let Some(node) = builder.get(id)
        {
            image::describe(node, &Value::default(), Some(stage));
            node.evidence =
                isolation::evidence(&settings(resources, item), item.header, &Around { stage: Some(stage), ..Around::default() });
        }
    }
}
