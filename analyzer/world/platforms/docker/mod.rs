//! Docker engines: Compose projects, `docker run`, daemons that listen, in files by themselves and in what machines run at their start.
//!
//! Closed-world rules, from Docker's manuals (<https://docs.docker.com/engine/network/>, …/drivers/bridge/, …/packet-filtering-firewalls/,
//! <https://docs.docker.com/reference/cli/dockerd/>, <https://docs.docker.com/compose/how-tos/networking/>):
//! - A published port answers on every address of the host unless an address is written, or the network or (for the default bridge) the
//!   daemon's `ip` gives one. A port that is published at a loopback address is the host's alone (since engine 28.0 also on one segment).
//! - What is not published is not reached from beyond the host; `expose` publishes nothing.
//! - Published ports lead past ufw and firewalld; only rules in the chain DOCKER-USER stand before them, and these are not read.
//! - Containers of one bridge reach each other on every port, unless `icc` is off; a service without networks is on its project's own bridge.
//! - Into an `internal` network nothing is published, and nothing leads out of it; what the host offers at its gateway is not known.
//! - `macvlan` and `ipvlan` make a neighbour on the network of the host, which alone does not reach it; publishing means nothing there.
//! - A network that no file makes may have any driver. A host that no file sets up is as [`Builder::host`] says: there is one for each
//!   folder of a Compose project, with the daemons and scripts in and below that folder.
//! - The daemon listens on its local socket where nothing gives it hosts; `tls` without `tlsverify` asks for no certificate.

mod engine;
mod hosts;
mod image;
mod isolation;
mod listen;
pub(super) mod local;
mod publish;
mod user_data;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};

use crate::builder::{Builder, Facts, Scope};
use crate::platforms::entries::says;
use crate::resources::{Resources, field};
use crate::said::{Missing, Step};

pub(super) use engine::{Container, Driver, Engine, Network};
pub use hosts::{Role, Said, given, hosts};
pub(super) use image::Dockerfiles;
pub use image::{Images, Known, Recipe, recipes};
pub(super) use publish::is_of_host_alone;
pub(super) use user_data::{build as build_user_data, link, run};

/// What hosts of engines are called.
pub(super) const HOST: &str = "docker host";

/// What runs something on a host.
const RUNS: &[&str] = &["project", "docker.run", "daemon"];

/// Adds what they run.
pub(super) fn build(facts: &Facts<'_>, builder: &mut Builder) {
    let dockerfiles = Dockerfiles::of(facts);
    for host in &facts.hosts {
        facts.beat.beat();
        builder.leave();
        let name = if host.folder.is_empty() { HOST.to_owned() } else { format!("{HOST} of {}", host.folder) };
        one(&name, &host.files, &dockerfiles, builder);
    }
}

/// An item of a view that belongs to no other.
fn own(item: &Item, view: &str) -> bool {
    item.owner.is_none() && Resources::is_of(item, view)
}

fn one<'a>(name: &str, files: &[Scope<'a>], dockerfiles: &Dockerfiles<'a>, builder: &mut Builder) {
    let first = files.iter().flat_map(|file| file.items).find(|item| RUNS.iter().any(|view| own(item, view)));
    let id = local::host(name, HOST, first.map_or(Place::NONE, |item| item.header), builder);
    let mut engine = Engine::new(id, builder);
    let all: Vec<&'a Item> = files.iter().flat_map(|file| file.items).collect();
    engine.daemons = all.iter().copied().filter(|item| own(item, "daemon")).collect();
    engine.filtered = filtered(&all);
    for file in files {
        let items: Vec<&'a Item> = file.items.iter().collect();
        let containers = services(file.path, &items, &all, dockerfiles);
        for container in &containers {
            let id = engine.add(container, builder);
            let starts = |item: &&Item| item.owner.as_ref().is_some_and(|owner| owner.name == container.item.name);
            let daemons: Vec<&Item> = file.items.iter().filter(|item| Resources::is_of(item, "daemon")).filter(starts).collect();
            if !daemons.is_empty() {
                let mut inner = Engine::new(id, builder);
                inner.daemons = daemons;
                inner.listen(None, builder);
            }
        }
    }
    let runs: Vec<&Item> = all.iter().copied().filter(|item| own(item, "docker.run")).collect();
    for container in runs.iter().map(|item| of_run(item, &engine, &all, dockerfiles)).collect::<Vec<_>>() {
        // Another daemon is told to run it.
        if let Some(elsewhere) =
            field(&container.settings, "host").filter(|value| value.as_str().is_none_or(|text| !text.starts_with("unix:")))
        {
            let at = elsewhere.as_str().unwrap_or("another address");
            let id = local::host(&format!("docker host at {at}"), HOST, elsewhere.place, builder);
            Engine::new(id, builder).add(&container, builder);
            continue;
        }
        engine.add(&container, builder);
    }
    engine.finish(builder);
    let file = files.iter().find(|file| file.items.iter().any(|item| own(item, "daemon")));
    engine.listen(file.map(|file| format!("daemon/{}", file.path).into()), builder);
}

/// The command that puts rules before published ports.
fn filtered(items: &[&Item]) -> Option<Step> {
    let words = |item: &&&Item| {
        field(&item.value, "argv").map(Value::items).unwrap_or_default().iter().any(|word| word.as_str() == Some("DOCKER-USER"))
    };
    let command = items.iter().filter(|item| Resources::is_of(item, "command")).find(words)?;
    Some(Step::at(command.header, "the chain DOCKER-USER has a rule"))
}

/// The services of a Compose project at a path; `all` is everything on its host.
pub(super) fn services<'a>(path: &str, items: &[&'a Item], all: &[&Item], dockerfiles: &Dockerfiles<'a>) -> Vec<Container<'a>> {
    let project = items.iter().copied().find(|item| Resources::is_of(item, "project"));
    let services = items.iter().copied().filter(|item| Resources::is_of(item, "service"));
    services.map(|item| of_service(item, project, path, all, dockerfiles)).collect()
}

/// A service as a container.
fn of_service<'a>(
    item: &'a Item,
    project: Option<&Item>,
    path: &str,
    all: &[&Item],
    dockerfiles: &Dockerfiles<'a>,
) -> Container<'a> {
    let declared = |name: &str| {
        let networks = project.and_then(|project| field(&project.value, "networks")).map(Value::items).unwrap_or_default();
        networks.iter().find(|network| says(network, "name") == Some(name))
    };
    let mut networks = Vec::new();
    for network in field(&item.value, "networks").map(Value::items).unwrap_or_default() {
        let Some(name) = says(network, "name") else { continue };
        let own = declared(name);
        let place = own.or(Some(network)).map(|value| value.place).filter(|place| place.is_some()).unwrap_or(item.header);
        let named = says(network, "network");
        let external = field(network, "external").and_then(Value::as_bool) == Some(true);
        let key: CompactString = match named {
            Some(named) => named.into(),
            None if external => name.into(),
            None => format!("{path}_{name}").into(),
        };
        networks.push(match external {
            true => made(&key, place, all),
            false => declaration(own.unwrap_or(network), key, name, place),
        });
    }
    let tail = item.value.as_map().and_then(|map| map.tail.as_ref());
    if let (true, Some(tail), None) = (networks.is_empty(), tail, field(&item.value, "network_mode")) {
        let driver = Driver::Unknown(Missing::new(tail.source.clone()));
        networks.push(Network { driver, ..Network::bridge(item.name.clone(), "unknown", item.header) });
    }
    let own = field(&item.value, "build").and_then(|build| dockerfiles.stage(image::folder(path), build));
    let stage = own.or_else(|| dockerfiles.built(field(&item.value, "image")).filter(|_| field(&item.value, "build").is_none()));
    let mut aliases: Vec<CompactString> = vec![format!("service:{}", item.name).into()];
    aliases.extend(says(&item.value, "container_name").map(|name| format!("container:{name}").into()));
    Container { item, name: format!("service/{}", item.name).into(), aliases, settings: item.value.clone(), networks, stage }
}

/// A network as a project or a resource declares it.
fn declaration(value: &Value, key: CompactString, name: &str, place: Place) -> Network {
    let mut network = Network { driver: Driver::of(field(value, "driver")), ..Network::bridge(key, name, place) };
    network.internal = match field(value, "internal") {
        None => Ok(false),
        Some(flag) => flag.as_bool().ok_or_else(|| Missing::of(flag).unwrap_or_else(|| Missing::new("internal"))),
    };
    network.options(field(value, "driver_opts"));
    network
}

/// A network that something else makes: another project, or `docker network create`.
fn made(name: &str, place: Place, all: &[&Item]) -> Network {
    for item in all.iter().filter(|item| Resources::is_of(item, "project")) {
        let networks = field(&item.value, "networks").map(Value::items).unwrap_or_default();
        let found = networks.iter().find(|network| {
            says(network, "network") == Some(name) && field(network, "external").and_then(Value::as_bool) != Some(true)
        });
        if let Some(network) = found {
            return declaration(network, name.into(), name, network.place);
        }
    }
    for item in all.iter().filter(|item| Resources::is_of(item, "command")) {
        let words: Vec<&Value> = field(&item.value, "argv").map(Value::items).unwrap_or_default().iter().collect();
        let texts: Vec<&str> = words.iter().map(|word| word.as_str().unwrap_or("")).collect();
        if !texts.windows(2).any(|two| two == ["network", "create"]) || !texts.contains(&name) {
            continue;
        }
        let split = texts.iter().find_map(|text| text.strip_prefix("--driver=")).map(|driver| Value::string(driver, item.header));
        let apart = texts
            .iter()
            .position(|text| matches!(*text, "-d" | "--driver"))
            .and_then(|at| words.get(at + 1))
            .map(|word| (*word).clone());
        let driver = Driver::of(split.or(apart).as_ref());
        return Network { driver, internal: Ok(texts.contains(&"--internal")), ..Network::bridge(name, name, item.header) };
    }
    let driver = Driver::Unknown(Missing::new(format!("the driver of the network {name}")));
    Network { driver, ..Network::bridge(name, name, place) }
}

/// A `docker run` as a container.
pub(super) fn of_run<'a>(item: &'a Item, engine: &Engine<'_>, all: &[&Item], dockerfiles: &Dockerfiles<'a>) -> Container<'a> {
    let name = says(&item.value, "container_name");
    let image = field(&item.value, "image");
    let shown = name.or_else(|| image.and_then(Value::as_str).map(image::repository)).unwrap_or("unknown");
    let mut networks: Vec<Network> = Vec::new();
    for network in field(&item.value, "networks").map(Value::items).unwrap_or_default() {
        networks.push(match says(network, "name") {
            Some(name) => made(name, network.place, all),
            None => {
                let missing = field(network, "name").and_then(Missing::of).unwrap_or_else(|| Missing::new("its network"));
                Network { driver: Driver::Unknown(missing), ..Network::bridge(shown, "unknown", network.place) }
            }
        });
    }
    if networks.is_empty() {
        networks.push(engine.default_bridge());
    }
    let aliases = name.map(|name| format!("container:{name}").into()).into_iter().collect();
    let stage = dockerfiles.built(image);
    Container { item, name: format!("container/{shown}").into(), aliases, settings: item.value.clone(), networks, stage }
}
