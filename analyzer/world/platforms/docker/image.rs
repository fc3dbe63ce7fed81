//! Images: what is known of them, and the Dockerfiles that build them.

use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::Protocol;
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashMap;

use crate::builder::{Facts, Scope};
use crate::model::{Listener, Node};
use crate::platforms::entries::says;
use crate::resources::{Resources, field};
use crate::said::Step;

/// Images of Docker's library and the ports that they listen on, as their pages say (<https://hub.docker.com/u/library>).
const LISTENS: &[(&str, u16, &str)] = &[
    ("caddy", 80, "http"),
    ("couchdb", 5984, "couchdb"),
    ("elasticsearch", 9200, "elasticsearch"),
    ("httpd", 80, "http"),
    ("influxdb", 8086, "influxdb"),
    ("mariadb", 3306, "mysql"),
    ("memcached", 11211, "memcached"),
    ("mongo", 27017, "mongodb"),
    ("mysql", 3306, "mysql"),
    ("nats", 4222, "nats"),
    ("neo4j", 7474, "http"),
    ("nginx", 80, "http"),
    ("postgres", 5432, "postgresql"),
    ("rabbitmq", 5672, "amqp"),
    ("redis", 6379, "redis"),
    ("registry", 5000, "registry"),
    ("traefik", 80, "http"),
    ("valkey/valkey", 6379, "redis"),
];

/// The repository of a reference as people write it: without registry, tag and digest where they are those of Docker Hub.
pub(super) fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or("");
    let name = match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// The image of a container, and what it listens on by that.
pub(super) fn describe(node: &mut Node, settings: &Value, stage: Option<&Item>) {
    if let Some(image) = field(settings, "image")
        && let Some(reference) = image.as_str()
    {
        node.images.push((reference.into(), image.place));
        let repository = repository(reference);
        if let Some((_, port, service)) = LISTENS.iter().find(|(name, ..)| *name == repository) {
            let step = Step::at(image.place, format!("the image {reference} listens on port {port}"));
            node.listeners.push(Listener { protocol: Protocol::Tcp, port: *port, service: (*service).into(), step, proof: None });
        }
    }
    node.listeners.extend(nested(settings));
    let Some(stage) = stage else { return };
    node.images.push((format!("stage {}", stage.name).into(), stage.header));
    for port in field(&stage.value, "ports").map(Value::items).unwrap_or_default() {
        let protocol = if says(port, "protocol") == Some("udp") { Protocol::Udp } else { Protocol::Tcp };
        let number = field(port, "port").or_else(|| field(port, "from")).and_then(Value::as_int);
        let Some(number) = number.and_then(|number| u16::try_from(number).ok()) else { continue };
        if node.listeners.iter().any(|known| (known.protocol, known.port) == (protocol, number)) {
            continue;
        }
        let step = Step::at(port.place, format!("its Dockerfile exposes port {number}"));
        node.listeners.push(Listener { protocol, port: number, service: CompactString::default(), step, proof: None });
    }
}

/// The engine in an engine: with certificates on port 2376, unless it is told to do without
/// (<https://hub.docker.com/_/docker>, "TLS").
fn nested(settings: &Value) -> Option<Listener> {
    let image = field(settings, "image")?;
    let reference = image.as_str()?;
    let tag = reference.rsplit_once(':').map_or("", |(_, tag)| tag);
    if repository(reference) != "docker" || !tag.contains("dind") {
        return None;
    }
    let folder = field(settings, "environment").and_then(|variables| variables.get("DOCKER_TLS_CERTDIR"));
    let (port, proof, place) = match folder.map(|folder| (folder, folder.as_str())) {
        None => (2376, "tls", image.place),
        Some((folder, Some(""))) => (2375, "", folder.place),
        Some((folder, Some(_))) => (2376, "tls", folder.place),
        Some((_, None)) => return None,
    };
    let said = if proof.is_empty() { "for everybody" } else { "for whoever has a certificate" };
    let step = Step::at(place, format!("the Docker API of {reference} listens on port {port}, {said}"));
    Some(Listener { protocol: Protocol::Tcp, port, service: "docker-api".into(), step, proof: Some(proof.into()) })
}

/// What is known of images.
pub trait Images: fmt::Debug {
    /// The items of the Dockerfile at a path.
    fn dockerfile(&self, path: &str) -> Option<&[Item]>;

    /// From what images of a repository are built, as [`recipes`] has it, in the order of the files that say so.
    fn built(&self, repository: &str) -> Arc<Vec<Recipe>>;
}

/// From what an image is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The Dockerfile.
    path: String,
    /// The stage; the last one where nothing is said.
    target: Option<CompactString>,
}

/// The images that a file has built, by repository.
pub fn recipes<'a>(path: &str, items: &'a [Item]) -> impl Iterator<Item = (CompactString, Recipe)> + use<'a> {
    let folder = folder(path).to_owned();
    items.iter().filter_map(move |item| {
        let (reference, recipe) = if Resources::is_of(item, "service") {
            (says(&item.value, "image")?, Recipe::of(&folder, field(&item.value, "build")?)?)
        } else if Resources::is_of(item, "command") {
            Recipe::of_command(&folder, item)?
        } else {
            return None;
        };
        Some((repository(reference).into(), recipe))
    })
}

impl Recipe {
    /// What a `build` names, from a folder on.
    fn of(folder: &str, build: &Value) -> Option<Self> {
        let context = says(build, "context").unwrap_or(".");
        let written = field(build, "dockerfile");
        let file = match written {
            Some(value) => value.as_str()?,
            None => "Dockerfile",
        };
        // A target that is not known may be any stage.
        let target = match field(build, "target") {
            Some(value) => Some(value.as_str().filter(|text| !text.is_empty())?.into()),
            None => None,
        };
        Some(Self { path: joined(folder, context, file), target })
    }

    /// `docker build -t NAME -f FILE --target STAGE CONTEXT`
    fn of_command<'i>(folder: &str, item: &'i Item) -> Option<(&'i str, Self)> {
        let words: Vec<&str> =
            field(&item.value, "argv").map(Value::items).unwrap_or_default().iter().filter_map(Value::as_str).collect();
        let program = words.first().map(|word| word.rsplit('/').next().unwrap_or(word));
        if !matches!(program, Some("docker" | "podman" | "buildah" | "nerdctl")) || !words.contains(&"build") {
            return None;
        }
        let after = |names: [&str; 2]| {
            words.iter().zip(words.iter().skip(1)).find(|(word, _)| names.contains(word)).map(|(_, value)| *value)
        };
        let context = words.last().copied().unwrap_or(".");
        let file = after(["-f", "--file"]);
        let path = file.map_or_else(|| joined(folder, context, "Dockerfile"), |file| joined(folder, "", file));
        let target = after(["--target", "--target"]).map(CompactString::from);
        Some((after(["-t", "--tag"])?, Self { path, target }))
    }
}

/// The Dockerfiles among some files, and the images that are built from them.
#[derive(Debug, Default)]
pub struct Known<'a> {
    dockerfiles: FxHashMap<&'a str, &'a [Item]>,
    built: FxHashMap<CompactString, Arc<Vec<Recipe>>>,
}

impl<'a> Known<'a> {
    /// All that these files have.
    #[must_use]
    pub fn of(files: &[Scope<'a>]) -> Self {
        let mut known = Self::default();
        for file in files {
            if builds(file.items) {
                known.dockerfiles.insert(file.path, file.items);
            }
            for (repository, recipe) in recipes(file.path, file.items) {
                Arc::make_mut(known.built.entry(repository).or_default()).push(recipe);
            }
        }
        known
    }
}

impl Images for Known<'_> {
    fn dockerfile(&self, path: &str) -> Option<&[Item]> {
        self.dockerfiles.get(path).copied()
    }

    fn built(&self, repository: &str) -> Arc<Vec<Recipe>> {
        self.built.get(repository).cloned().unwrap_or_default()
    }
}

fn builds(items: &[Item]) -> bool {
    items.iter().any(|item| Resources::is_of(item, "stage"))
}

/// The stages of Dockerfiles, as far as they are known.
#[derive(Clone, Copy, Default)]
pub(crate) struct Dockerfiles<'a>(Option<&'a dyn Images>);

impl<'a> Dockerfiles<'a> {
    pub(crate) fn of(facts: &Facts<'a>) -> Self {
        Self(facts.images)
    }

    fn at(&self, recipe: &Recipe) -> Option<&'a Item> {
        let stages = self.0?.dockerfile(&recipe.path)?.iter().filter(|item| Resources::is_of(item, "stage"));
        match recipe.target.as_deref() {
            Some(target) => stages.into_iter().find(|item| item.name == target || says(&item.value, "name") == Some(target)),
            None => stages.into_iter().find(|item| Resources::is_of(item, "stage.final")),
        }
    }

    /// The stage that a `build` names, from a folder on.
    pub(crate) fn stage(&self, folder: &str, build: &Value) -> Option<&'a Item> {
        self.at(&Recipe::of(folder, build)?)
    }

    /// The stage that is built under the name of an image.
    pub(crate) fn built(&self, image: Option<&Value>) -> Option<&'a Item> {
        self.0?.built(repository(image?.as_str()?)).iter().find_map(|recipe| self.at(recipe))
    }
}

/// The folder that a path lies in; empty at the top.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below a folder and a context, without `.` and `..`.
fn joined(folder: &str, context: &str, file: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in [folder, context, file].iter().flat_map(|path| path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
