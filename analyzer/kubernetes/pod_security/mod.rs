//! The Pod Security Standards, by level and version: what keeps a pod from the level, in the standard's own terms.
//!
//! Source: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>. What a pod template leaves unknown never
//! counts against it.

mod baseline;
mod restricted;

use plimsoll_syntax::{Item, Kind, Place, Value};

/// The levels above `privileged`, which admits everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No known ways to more rights.
    Baseline,
    /// The best practice of hardening as well.
    Restricted,
}

/// The minor version of Kubernetes whose standard is meant: 37 for 1.37.
pub type Minor = u16;

/// The newest minor version that this release knows.
pub const NEWEST: Minor = 37;

/// A control of the standard that a pod does not meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The level that asks for it.
    pub level: Level,
    /// The control: `hostPort`, `seccompProfile`, as the admission controller names it.
    pub control: &'static str,
    /// The value that does not meet it, or the nearest thing that is there.
    pub place: Place,
    /// What is wrong: `container "web" must not set hostPort 80`.
    pub detail: String,
}

/// A control: from which version on it is part of the standard, and up to which one, both included.
struct Control {
    name: &'static str,
    since: Minor,
    until: Minor,
    check: fn(&Pod<'_>, &mut Found),
}

const fn control(name: &'static str, since: Minor, check: fn(&Pod<'_>, &mut Found)) -> Control {
    Control { name, since, until: Minor::MAX, check }
}

/// Checks a pod (its `metadata` and `spec`) against the level, which includes those below it.
#[must_use]
pub fn check(metadata: &Value, spec: &Value, level: Level, version: Minor) -> Vec<Violation> {
    let pod = Pod { metadata, spec, version };
    let tables: &[(Level, &[Control])] = &[(Level::Baseline, baseline::CONTROLS), (Level::Restricted, restricted::CONTROLS)];
    let mut violations = Vec::new();
    for (of, controls) in tables.iter().filter(|(of, _)| *of <= level) {
        for control in controls.iter().filter(|control| (control.since..=control.until).contains(&version)) {
            // The restricted level has a stricter form of these two.
            if level == Level::Restricted && *of == Level::Baseline && restricted::replaces(control.name, version) {
                continue;
            }
            let mut found = Found::default();
            (control.check)(&pod, &mut found);
            let all = found.all.into_iter();
            violations.extend(all.map(|(place, detail)| Violation { level: *of, control: control.name, place, detail }));
        }
    }
    violations
}

/// Checks the pod template of a workload's item.
#[must_use]
pub fn check_workload(workload: &Item, level: Level, version: Minor) -> Vec<Violation> {
    let part = |name: &str| workload.value.at(&["template", name]).cloned().unwrap_or_default();
    check(&part("metadata"), &part("spec"), level, version)
}

/// What a control finds.
#[derive(Default)]
struct Found {
    all: Vec<(Place, String)>,
}

impl Found {
    fn add(&mut self, place: Place, detail: String) {
        self.all.push((place, detail));
    }
}

struct Pod<'a> {
    metadata: &'a Value,
    spec: &'a Value,
    version: Minor,
}

/// A container of a pod, init and ephemeral ones included.
struct Container<'a> {
    name: &'a str,
    value: &'a Value,
}

impl<'a> Pod<'a> {
    fn containers(&self) -> impl Iterator<Item = Container<'a>> {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        let all = lists.into_iter().filter_map(|list| self.spec.get(list)).flat_map(Value::items);
        all.map(|value| Container { name: value.str_at(&["name"]).unwrap_or(""), value })
    }

    /// The pod's own security context, then those of its containers, each with the words for it.
    fn contexts(&self) -> Vec<(String, &'a Value)> {
        let own = self.spec.get("securityContext").map(|context| ("pod".to_owned(), context));
        let of_containers =
            self.containers().filter_map(|container| Some((container.words(), container.value.get("securityContext")?)));
        own.into_iter().chain(of_containers).filter(|(_, context)| !context.is_null()).collect()
    }

    fn is_windows(&self) -> bool {
        self.spec.str_at(&["os", "name"]) == Some("windows")
    }

    /// From 1.25 on, what only Linux has is not asked of Windows.
    fn is_exempt(&self) -> bool {
        self.version >= 25 && self.is_windows()
    }

    /// Where the pod as a whole is.
    fn place(&self) -> Place {
        self.spec.place
    }
}

impl Container<'_> {
    fn words(&self) -> String {
        format!("container {:?}", self.name)
    }

    fn context(&self, path: &[&str]) -> Option<&Value> {
        let path: Vec<&str> = std::iter::once("securityContext").chain(path.iter().copied()).collect();
        self.value.at(&path)
    }
}

/// Null counts as absent.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// Nothing is known of it: it may be whatever the standard asks for.
fn is_unknown(value: &Value) -> bool {
    matches!(value.kind, Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_))
}

#[cfg(test)]
mod tests;
