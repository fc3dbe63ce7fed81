//! What the code promises of its containers at run time, as rules of Falco that watch whether it holds.
//!
//! One rule for each promise of each container: a root that is read-only, an entry point that is the only thing started, ports that are
//! declared, no shell and no package manager. Fields and operators are those of the Falco documentation, "Supported Fields".

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_syntax::image;
use plimsoll_syntax::{Item, Value};
use serde::Serialize;

use super::images::dockerfile_of;
use super::region::items;
use super::{Scene, scene};
use crate::Engine;
use crate::db::Db as _;
use crate::queries::{self, Root};

/// Shells by the names of their programs.
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh", "fish", "csh", "tcsh"];
/// Package managers by the names of their programs.
const PACKAGE_MANAGERS: &[&str] =
    &["apt", "apt-get", "dpkg", "yum", "dnf", "microdnf", "rpm", "apk", "pacman", "zypper", "pip", "pip3", "npm", "gem"];

/// A rule of Falco.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FalcoRule {
    /// Unique in the file.
    pub rule: String,
    /// What it watches, and which promise of the code that is.
    pub desc: String,
    /// In Falco's language.
    pub condition: String,
    /// What is logged.
    pub output: String,
    /// `CRITICAL`, `ERROR`, `WARNING`, `NOTICE`
    pub priority: &'static str,
    /// Which promise it watches, one of [`PROMISES`]: the page of a rule that judges the same before it runs has the tag `falco:` and this
    /// word.
    pub promise: &'static str,
}

/// What is watched at run time.
pub const PROMISES: &[&str] = &[
    "write-to-read-only-root",
    "unexpected-process",
    "shell-in-container",
    "package-manager-at-run-time",
    "unexpected-listening-port",
];

/// What the code says of one container.
#[derive(Debug)]
struct Promise {
    /// `Deployment/web, container app`
    whose: String,
    repository: String,
    read_only: bool,
    /// The programs that it starts; nothing where that is not known.
    programs: Option<BTreeSet<String>>,
    ports: BTreeSet<i128>,
}

impl Engine {
    /// The rules that watch what the code promises, in the order of the files.
    #[must_use]
    pub fn falco(&self) -> Vec<FalcoRule> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut rules = Vec::new();
        let scene = scene(&self.db, self.workspace, &self.outside);
        let all = self.containers(scene);
        let path = |item: &Item| self.db.by_id(item.header.file).map(|file| file.path(&self.db).as_path()).unwrap_or("".into());
        let items = || all.iter().flat_map(|items| items.iter()).map(|item| (path(item), item));
        let stages: Vec<(&Utf8Path, &Item)> = items().filter(|(_, item)| is_of(item, "stage")).collect();
        for (path, container) in items() {
            if let Some(promise) = promise(path, container, &stages)
                && seen.insert(promise.whose.clone())
            {
                promise.write(&mut rules);
            }
        }
        rules
    }

    fn containers(&self, scene: Scene<'_>) -> Vec<Arc<Vec<Item>>> {
        let files = self.workspace.files(&self.db).iter();
        let mut all: Vec<Arc<Vec<Item>>> = files.filter_map(|&file| items(&self.db, self.workspace, file)).collect();
        all.extend(scene.roots(&self.db).iter().map(|(path, inputs)| {
            queries::root_items(&self.db, self.workspace, Root::new(&self.db, path.clone(), inputs.clone()))
        }));
        queries::with_manifests(&self.db, self.workspace, |manifests| {
            all.extend(manifests.iter().map(|items| Arc::new(items.to_vec())));
        });
        all
    }
}

fn is_of(item: &Item, view: &str) -> bool {
    item.views.iter().any(|own| own == view)
}

/// What the code says of a container of Kubernetes or Compose.
fn promise(path: &Utf8Path, item: &Item, stages: &[(&Utf8Path, &Item)]) -> Option<Promise> {
    let value = &item.value;
    let kubernetes = is_of(item, "container");
    if !kubernetes && !is_of(item, "docker.container") {
        return None;
    }
    let reference = value.str_at(&["image"])?;
    let repository = image::parse(reference)?.repository.to_string();
    let read_only = match kubernetes {
        true => value.at(&["securityContext", "readOnlyRootFilesystem"]).and_then(Value::as_bool) == Some(true),
        false => value.at(&["read_only"]).and_then(Value::as_bool) == Some(true),
    };
    let owner = item.owner.as_ref().map(|owner| format!("{}, container ", owner.name)).unwrap_or_default();
    let name = value.str_at(&["name"]).unwrap_or(&item.name);
    let whose = if kubernetes { format!("{owner}{name}") } else { item.name.to_string() };
    let ports = value.at(&["ports"]).map(Value::items).unwrap_or_default();
    let number = |port: &Value| ["containerPort", "target"].iter().find_map(|key| port.get(key)?.as_int());
    let ports = ports.iter().filter_map(number).collect();
    let started = match kubernetes {
        true => value.at(&["command"]).map(Value::items).and_then(<[Value]>::first),
        // A command alone may be the arguments of what the image starts.
        false => value.at(&["entrypoint"]).map(Value::items).and_then(<[Value]>::first),
    };
    let program = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let own = started.and_then(Value::as_str).map(|text| BTreeSet::from([program(text)]));
    let built = || {
        let stage = built_from(path, value, &repository, stages)?;
        let start = ["entrypoint", "cmd"]
            .iter()
            .find_map(|key| stage.value.at(&[key, "argv"])?.items().first()?.as_str().map(program))?;
        Some(BTreeSet::from([start]))
    };
    let programs = own.or_else(built);
    Some(Promise { whose, repository, read_only, programs, ports })
}

/// The stage that a container's image is built from: by Compose's own build, else the last one of the Dockerfile whose folder is called
/// like the image.
fn built_from<'i>(path: &Utf8Path, container: &Value, repository: &str, stages: &[(&Utf8Path, &'i Item)]) -> Option<&'i Item> {
    let Some(build) = container.get("build").filter(|build| !build.is_null()) else {
        let named = |file: &Utf8Path| file.parent().and_then(Utf8Path::file_name) == repository.rsplit('/').next();
        return stages.iter().find(|(file, stage)| is_of(stage, "stage.final") && named(file)).map(|(_, stage)| *stage);
    };
    let dockerfile = dockerfile_of(path, build)?;
    let target = build.str_at(&["target"]);
    let wanted = |stage: &Item| target.map_or_else(|| is_of(stage, "stage.final"), |target| stage.name == target);
    stages.iter().find(|(file, stage)| *file == dockerfile && wanted(stage)).map(|(_, stage)| *stage)
}

impl Promise {
    /// The rules that watch it.
    fn write(&self, out: &mut Vec<FalcoRule>) {
        let Self { whose, repository, .. } = self;
        let image = format!("container.image.repository endswith \"{repository}\"");
        let started = "plimsoll_starts and container.id != host";
        let mut add = |name: &str, desc: String, condition: String, output: &str, priority, promise: &'static str| {
            out.push(FalcoRule {
                rule: format!("{name} ({whose})"),
                desc,
                condition,
                output: format!(
                    "{output} (container=%container.name image=%container.image.repository process=%proc.cmdline user=%user.name)"
                ),
                priority,
                promise,
            });
        };
        if self.read_only {
            add(
                "Write to a read-only root",
                format!(
                    "The root of {whose} is read-only: what opens a file for writing outside of its volumes has found a way around"
                ),
                format!(
                    "plimsoll_writes and container.id != host and {image} and not fd.name startswith /tmp and not fd.name startswith /dev and not fd.name startswith /proc"
                ),
                "A file was opened for writing under a read-only root: %fd.name",
                "ERROR",
                "write-to-read-only-root",
            );
        }
        // What starts through a shell may start anything.
        let is_shell = |program: &String| SHELLS.contains(&program.as_str());
        match &self.programs {
            Some(programs) if !programs.iter().any(is_shell) => {
                let list: Vec<&str> = programs.iter().map(String::as_str).collect();
                add(
                    "Unexpected process",
                    format!("{whose} starts {} and nothing else", list.join(", ")),
                    format!(
                        "{started} and {image} and not proc.name in ({}) and not proc.pname in ({})",
                        list.join(", "),
                        list.join(", ")
                    ),
                    "A process was started that the image does not start",
                    "WARNING",
                    "unexpected-process",
                );
                add(
                    "Shell in a container",
                    format!("{whose} starts no shell"),
                    format!("{started} and {image} and proc.name in ({})", SHELLS.join(", ")),
                    "A shell was started",
                    "ERROR",
                    "shell-in-container",
                );
            }
            _ => {}
        }
        add(
            "Package manager at run time",
            format!("{whose} is rebuilt, not patched: nothing is installed while it runs"),
            format!("{started} and {image} and proc.name in ({})", PACKAGE_MANAGERS.join(", ")),
            "A package manager was started",
            "ERROR",
            "package-manager-at-run-time",
        );
        if !self.ports.is_empty() {
            let list: Vec<String> = self.ports.iter().map(ToString::to_string).collect();
            add(
                "Unexpected listening port",
                format!("{whose} declares the ports {}", list.join(", ")),
                format!("evt.type = listen and container.id != host and {image} and not fd.sport in ({})", list.join(", ")),
                "A process listens on a port that nobody declared: %fd.sport",
                "WARNING",
                "unexpected-listening-port",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_rules::RuleSet;

    use super::*;
    use crate::pages::Nothing;
    use crate::{Settings, Source};

    #[test]
    fn what_a_dockerfile_starts_is_expected() {
        let mut engine = Engine::new(Arc::new(Nothing), &RuleSet::default(), &Settings::default()).unwrap();
        let source = |path: &str, text: &str| Source::new(path, Ok(text.as_bytes().to_vec()));
        let service = |build: &str| format!("services:\n  web:\n    image: acme/web:1\n    build: {build}\n");
        let stages = "FROM alpine:3.20 AS debug\nCMD [\"debugger\"]\nFROM alpine:3.20\nENTRYPOINT [\"/bin/site\", \"serve\"]\n";
        engine.add(vec![source("images/site/Dockerfile", stages), source("web/Dockerfile", "FROM x\nCMD [\"other\"]\n")]);
        for (build, expected) in [
            ("./images/site", Some("site")),
            ("{context: images/site, target: debug}", Some("debugger")),
            ("{context: images, dockerfile: site/Dockerfile}", Some("site")),
            ("./elsewhere", None),
        ] {
            engine.add(vec![source("compose.yaml", &service(build))]);
            let rules = engine.falco();
            let process = rules.iter().find(|rule| rule.promise == "unexpected-process");
            let condition = process.map(|rule| rule.condition.as_str());
            assert_eq!(condition.is_some(), expected.is_some(), "{build}: {condition:?}");
            assert!(
                expected.is_none_or(|program| condition.is_some_and(|text| text.contains(program))),
                "{build}: {condition:?}"
            );
        }
        // Without a build, the folder that is called like the image.
        engine.add(vec![source("compose.yaml", "services:\n  web:\n    image: acme/web:1\n")]);
        assert!(engine.falco().iter().any(|rule| rule.promise == "unexpected-process" && rule.condition.contains("other")));
    }
}
