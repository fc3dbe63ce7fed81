//! On which rung a container stands, by its settings in the words of a Compose service.
//!
//! Sources: Docker's pages on security, seccomp, user namespaces and rootless mode
//! (<https://docs.docker.com/engine/security/>), and on alternative runtimes (<https://docs.docker.com/engine/daemon/alternative-runtimes/>).

use plimsoll_syntax::{Item, Place, Value};

use crate::ladder::Rung;
use crate::model::Evidence;
use crate::platforms::entries::{says, text};
use crate::resources::field;
use crate::said::{Missing, Step};

/// What the names of runtimes hold, and what they are. The first row that fits decides.
const RUNTIMES: &[(&str, Rung, &str)] = &[
    ("runsc", Rung::Sandboxed, "gVisor gives it a kernel interface of its own"),
    ("gvisor", Rung::Sandboxed, "gVisor gives it a kernel interface of its own"),
    ("kata", Rung::OwnKernel, "Kata Containers gives it a kernel of its own"),
    ("firecracker", Rung::OwnKernel, "Firecracker gives it a kernel of its own"),
    ("wasm", Rung::Sandboxed, "a WebAssembly runtime gives it no system calls of the host"),
    ("spin", Rung::Sandboxed, "a WebAssembly runtime gives it no system calls of the host"),
    ("sysbox", Rung::Hardened, "Sysbox puts it into a user namespace"),
];

/// Ends of the paths of engines' sockets.
const SOCKETS: &[&str] = &["docker.sock", "containerd.sock", "podman.sock", "crio.sock", "docker_engine"];

/// Capabilities with which a process reaches past its container (capabilities(7)).
const DANGEROUS: &[&str] = &[
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_TIME",
];

/// Begins of the paths of devices that hold the host's memory or disks.
const DISKS: &[&str] = &["/dev/sd", "/dev/nvme", "/dev/vd", "/dev/xvd", "/dev/mem", "/dev/kmem", "/dev/dm-", "/dev/mapper"];

/// Fields that join a namespace of the host, and what they share.
const NAMESPACES: &[(&str, &str)] =
    &[("network_mode", "network"), ("ipc", "IPC"), ("pid", "processes"), ("uts", "host name"), ("userns_mode", "user namespace")];

/// What bears on a container besides its own settings.
#[derive(Default)]
pub(crate) struct Around<'a> {
    /// The stage of the Dockerfile that builds its image.
    pub(crate) stage: Option<&'a Item>,
    /// The engine maps root to another user, as this step says.
    pub(crate) remapped: Option<Step>,
    /// The engine gives no new privileges by default.
    pub(crate) no_new_privileges: bool,
    /// The engine's default runtime.
    pub(crate) runtime: Option<&'a Value>,
}

/// All that says where a container stands; `settings` are those of a service, `place` is its header.
pub(crate) fn evidence(settings: &Value, place: Place, around: &Around<'_>) -> Vec<Evidence> {
    let mut out = Vec::new();
    let base = runtime(settings, place, around, &mut out);
    mounts(settings, base, &mut out);
    // With a kernel or a kernel interface of its own, what it may do there is done there.
    if base < Rung::Sandboxed {
        powers(settings, base, &mut out);
        namespaces(settings, &mut out);
        if let Some(step) = hardened(settings, around) {
            out.retain(|evidence| evidence.rung != Rung::Default || evidence.step.place != place);
            out.push(Evidence { rung: Rung::Hardened, step });
        } else if let (None, Some(user)) = (field(settings, "user"), around.stage.and_then(user_of)) {
            let name = user.as_str().unwrap_or("root");
            out.push(Evidence { rung: base, step: Step::at(user.place, format!("its Dockerfile runs it as {name}")) });
        }
    }
    out
}

/// What runs it.
fn runtime(settings: &Value, place: Place, around: &Around<'_>, out: &mut Vec<Evidence>) -> Rung {
    let written = field(settings, "runtime").or(around.runtime);
    let known = written.and_then(|value| Some((value, value.as_str()?)));
    let row = known.and_then(|(value, name)| RUNTIMES.iter().find(|(part, ..)| name.contains(part)).map(|row| (value, row)));
    if let Some((value, &(_, rung, message))) = row {
        out.push(Evidence { rung, step: Step::at(value.place, message) });
        return rung;
    }
    let doubt = written.and_then(Missing::of).map(|missing| format!("; its runtime is not known: {}", missing.what));
    let message = format!("it shares the kernel of its host, with the engine's defaults{}", doubt.unwrap_or_default());
    out.push(Evidence { rung: Rung::Default, step: Step::at(place, message) });
    Rung::Default
}

/// The settings that give rights.
fn powers(settings: &Value, base: Rung, out: &mut Vec<Evidence>) {
    let mut say = |rung, value: &Value, message: String| out.push(Evidence { rung, step: Step::at(value.place, message) });
    if let Some(value) = field(settings, "privileged") {
        match (yes(value), Missing::of(value)) {
            (true, _) => say(Rung::Host, value, "it is privileged".to_owned()),
            (_, Some(missing)) => say(base, value, format!("it may be privileged: {} is not known", missing.what)),
            _ => {}
        }
    }
    for device in field(settings, "devices").map(Value::items).unwrap_or_default() {
        if let Some(source) = says(device, "source").filter(|source| DISKS.iter().any(|disk| source.starts_with(disk))) {
            say(Rung::Host, device, format!("it has the host's {source}"));
        }
    }
    let host_processes = says(settings, "pid") == Some("host");
    for capability in field(settings, "cap_add").map(Value::items).unwrap_or_default() {
        let name = capability.as_str().map(|name| name.to_ascii_uppercase());
        let name = name.as_deref().map(|name| name.trim_start_matches("CAP_"));
        match name {
            Some(name @ ("SYS_PTRACE" | "ALL" | "SYS_ADMIN")) if host_processes => {
                say(Rung::Host, capability, format!("with {name} it can take over every process of its host"));
            }
            Some(name) if DANGEROUS.contains(&name) => say(Rung::Weakened, capability, format!("it has the capability {name}")),
            Some(_) => {}
            None => {
                if let Some(missing) = Missing::of(capability) {
                    say(base, capability, format!("it may have more capabilities: {} is not known", missing.what));
                }
            }
        }
    }
    for (key, name) in [("seccomp", "system calls"), ("apparmor", "AppArmor"), ("systempaths", "paths of /proc and /sys")] {
        if let Some(value) = field(settings, key).filter(|value| value.as_str() == Some("unconfined")) {
            say(Rung::Weakened, value, format!("nothing confines its {name}"));
        }
    }
}

/// The namespaces that it shares with its host.
fn namespaces(settings: &Value, out: &mut Vec<Evidence>) {
    for (key, what) in NAMESPACES {
        let Some(value) = field(settings, key).filter(|value| value.as_str() == Some("host")) else { continue };
        out.push(Evidence { rung: Rung::Weakened, step: Step::at(value.place, format!("it shares its host's {what}")) });
    }
}

/// What of its host it sees.
fn mounts(settings: &Value, base: Rung, out: &mut Vec<Evidence>) {
    if let Some(value) = field(settings, "use_api_socket").filter(|value| yes(value)) {
        out.push(Evidence { rung: Rung::Host, step: Step::at(value.place, "it has the engine's socket") });
    }
    for mount in field(settings, "volumes").map(Value::items).unwrap_or_default() {
        let kind = says(mount, "type").unwrap_or("volume");
        let Some(source) = field(mount, "source").filter(|_| matches!(kind, "bind" | "npipe")) else { continue };
        let Some(path) = text(source) else {
            if let Some(missing) = Missing::of(source) {
                let message = format!("it mounts a path of its host that is not known: {}", missing.what);
                out.push(Evidence { rung: base, step: Step::at(mount.place, message) });
            }
            continue;
        };
        let (rung, message) = if SOCKETS.iter().any(|socket| path.ends_with(socket)) {
            (Rung::Host, "it has the engine's socket".to_owned())
        } else if path == "/" {
            (Rung::Host, "it mounts the root of its host".to_owned())
        } else if field(mount, "read_only").is_none_or(|value| value.as_bool() == Some(false)) {
            (Rung::Weakened, format!("it can write to {path} of its host"))
        } else {
            continue;
        };
        out.push(Evidence { rung, step: Step::at(mount.place, message) });
    }
}

/// The user that the stage of a Dockerfile ends with, where it is known.
fn user_of(stage: &Item) -> Option<&Value> {
    field(&stage.value, "user")?.get("name").filter(|name| name.as_str().is_some())
}

/// The restricted profile, or a user namespace.
fn hardened(settings: &Value, around: &Around<'_>) -> Option<Step> {
    if let Some(step) = around.remapped.clone().filter(|_| says(settings, "userns_mode") != Some("host")) {
        return Some(step);
    }
    let user = field(settings, "user");
    let user = match user {
        Some(user) => user,
        None => around.stage.and_then(user_of)?,
    };
    let name = text(user)?;
    let name = name.split(':').next().unwrap_or("");
    let root = matches!(name, "" | "0" | "root");
    let dropped = field(settings, "cap_drop").map(Value::items).unwrap_or_default();
    let all = dropped
        .iter()
        .any(|value| value.as_str().is_some_and(|name| name.trim_start_matches("CAP_").eq_ignore_ascii_case("all")));
    let confined = around.no_new_privileges || field(settings, "no_new_privileges").is_some_and(yes);
    let fixed = field(settings, "read_only").is_some_and(yes);
    (!root && all && confined && fixed)
        .then(|| Step::at(user.place, format!("it runs as {name}, without capabilities and new privileges, on a read-only root")))
}

fn yes(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::yaml::{self, Dialect};
    use plimsoll_syntax::{FileId, Place, Span};

    use super::*;

    fn rung(text: &str, around: &Around<'_>) -> u8 {
        let tree = yaml::parse(&text.into());
        let settings = yaml::to_value(&tree, tree.documents.first().unwrap().root, FileId(1), Dialect::Core);
        let header = Place::new(FileId(1), Span::of(900, 901));
        evidence(&settings, header, around).iter().map(|evidence| evidence.rung).min().unwrap().number()
    }

    #[test]
    fn settings_and_their_rungs() {
        let restricted = "user: '1000:1000', cap_drop: [ALL], no_new_privileges: true, read_only: true";
        let rows = [
            ("image: nginx", 2),
            ("privileged: true", 0),
            ("privileged: false", 2),
            ("volumes: [{type: bind, source: /var/run/docker.sock, target: /s, read_only: true}]", 0),
            ("use_api_socket: true", 0),
            ("volumes: [{type: bind, source: /, target: /host, read_only: true}]", 0),
            ("volumes: [{type: bind, source: /srv, target: /srv}]", 1),
            ("volumes: [{type: bind, source: /srv, target: /srv, read_only: true}]", 2),
            ("volumes: [{type: volume, source: data, target: /data}]", 2),
            ("devices: [{source: /dev/sda, target: /dev/sda}]", 0),
            ("devices: [{source: /dev/ttyUSB0, target: /dev/ttyUSB0}]", 2),
            ("pid: host", 1),
            ("pid: host, cap_add: [SYS_PTRACE]", 0),
            ("cap_add: [SYS_PTRACE]", 1),
            ("cap_add: [NET_BIND_SERVICE]", 2),
            ("ipc: host", 1),
            ("network_mode: host", 1),
            ("seccomp: unconfined", 1),
            ("apparmor: unconfined", 1),
            (restricted, 3),
            ("user: '0', cap_drop: [ALL], no_new_privileges: true, read_only: true", 2),
            ("user: '1000', cap_drop: [ALL], read_only: true", 2),
            ("user: '1000', cap_drop: [ALL], no_new_privileges: true, read_only: true, cap_add: [SYS_ADMIN]", 1),
            ("runtime: runsc", 4),
            ("runtime: io.containerd.kata.v2", 5),
            ("runtime: kata, privileged: true", 5),
            ("runtime: kata, volumes: [{type: bind, source: /run/containerd/containerd.sock, target: /s}]", 0),
            ("runtime: runc", 2),
        ];
        for (settings, expected) in rows {
            assert_eq!(rung(&format!("{{{settings}}}"), &Around::default()), expected, "{settings}");
        }
    }

    #[test]
    fn what_the_engine_says_counts() {
        let step = || Step::at(Place::NONE, "remapped");
        assert_eq!(rung("{image: nginx}", &Around { remapped: Some(step()), ..Around::default() }), 3);
        assert_eq!(rung("{userns_mode: host}", &Around { remapped: Some(step()), ..Around::default() }), 1);
        assert_eq!(rung("{privileged: true}", &Around { remapped: Some(step()), ..Around::default() }), 0);
        let without = "{user: '1000', cap_drop: [ALL], read_only: true}";
        assert_eq!(rung(without, &Around { no_new_privileges: true, ..Around::default() }), 3);
        let runtime = Value::string("runsc", Place::NONE);
        assert_eq!(rung("{image: nginx}", &Around { runtime: Some(&runtime), ..Around::default() }), 4);
    }
}
