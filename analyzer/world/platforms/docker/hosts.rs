//! Which files are about which host: there is one for each folder of a Compose project, with the daemons and scripts in and below it.

use std::collections::BTreeMap;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashSet;

use super::{RUNS, image, own};
use crate::platforms::entries::says;
use crate::resources::{Resources, field};

/// Ends of folders that stand for the root of a machine's files.
const PLACES: &[&str] =
    &["etc/docker", "etc/default", "etc/sysconfig", "etc/systemd/system", "etc/systemd", "etc", "systemd", "docker"];

/// What a file has to do with hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// A Compose project begins in it.
    project: bool,
    /// It builds an image.
    builds: bool,
    /// What it runs on its host.
    runs: Vec<Said>,
}

/// What an item says that runs something, without its place: the same file says the same wherever it is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Said(CompactString, [Vec<CompactString>; 3]);

impl Role {
    /// That of a file with these items.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let runs = items.iter().filter(|item| RUNS.iter().any(|view| own(item, view)));
        Self {
            project: items.iter().any(|item| own(item, "project")),
            builds: items.iter().any(|item| Resources::is_of(item, "stage")),
            runs: runs.map(said).collect(),
        }
    }

    /// A Dockerfile runs nothing on a host, and what Terraform gives to a machine runs there.
    fn is_on_host(&self, given: &FxHashSet<Said>) -> bool {
        let elsewhere = || !given.is_empty() && self.runs.iter().all(|said| given.contains(said));
        !self.runs.is_empty() && !self.builds && !elsewhere()
    }
}

/// What the machines of a root module are given to run.
pub fn given(items: &[Item]) -> impl Iterator<Item = Said> {
    let owned = items.iter().filter(|item| item.owner.is_some());
    owned.filter(|item| RUNS.iter().any(|view| Resources::is_of(item, view))).map(said)
}

/// The hosts by their folders, each with the numbers of the files that are about it. `given`: what all machines of Terraform are given.
#[must_use]
pub fn hosts(files: &[(&str, &Role)], given: &FxHashSet<Said>) -> BTreeMap<String, Vec<usize>> {
    let projects: FxHashSet<&str> = files.iter().filter(|(_, role)| role.project).map(|(path, _)| image::folder(path)).collect();
    let mut hosts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, (path, _)) in files.iter().enumerate().filter(|(_, (_, role))| role.is_on_host(given)) {
        hosts.entry(place_of(image::folder(path), &projects)).or_default().push(number);
    }
    hosts
}

fn said(item: &Item) -> Said {
    let texts = |value: &Value| -> Vec<CompactString> {
        let text = |item: &Value| item.as_str().or_else(|| says(item, "text")).map(CompactString::from);
        value.items().iter().filter_map(text).collect()
    };
    Said(item.name.clone(), ["argv", "hosts", "services"].map(|key| field(&item.value, key).map(texts).unwrap_or_default()))
}

/// The folder whose host a file is about: the nearest one with a Compose project, else its own.
fn place_of(folder: &str, projects: &FxHashSet<&str>) -> String {
    let mut above = Some(folder);
    while let Some(each) = above {
        if projects.contains(each) {
            return each.to_owned();
        }
        above = (!each.is_empty()).then(|| image::folder(each));
    }
    let folder = folder.strip_suffix(".d").and_then(|folder| folder.rsplit_once('/')).map_or(folder, |(above, _)| above);
    let cut = PLACES.iter().find_map(|end| folder.strip_suffix(end));
    cut.filter(|rest| rest.is_empty() || rest.ends_with('/')).map_or(folder, |rest| rest.trim_end_matches('/')).to_owned()
}
