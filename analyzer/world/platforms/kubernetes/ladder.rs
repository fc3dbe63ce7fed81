//! The rung of a workload, by what its pods say of themselves.

use compact_str::CompactString;
use plimsoll_syntax::{Place, Value};
use rustc_hash::FxHashMap;

use super::objects::{Objects, Workload, name_of, says_true};
use crate::ladder::Rung;
use crate::model::Evidence;
use crate::platforms::entries::number;
use crate::resources::field;
use crate::said::Step;

/// Handlers, and names of classes that providers give, by how they begin; with what runs the pods.
const SANDBOXES: &[(&str, Rung, &str)] = &[
    ("gvisor", Rung::Sandboxed, "gVisor gives its pods a kernel interface of their own"),
    ("runsc", Rung::Sandboxed, "gVisor gives its pods a kernel interface of their own"),
    ("wasm", Rung::Sandboxed, "its pods run in a WebAssembly runtime"),
    ("spin", Rung::Sandboxed, "its pods run in a WebAssembly runtime"),
    ("slight", Rung::Sandboxed, "its pods run in a WebAssembly runtime"),
    ("wws", Rung::Sandboxed, "its pods run in a WebAssembly runtime"),
    ("lunatic", Rung::Sandboxed, "its pods run in a WebAssembly runtime"),
    ("crun-wasm", Rung::Sandboxed, "its pods run in a WebAssembly runtime"),
    ("kata", Rung::OwnKernel, "Kata Containers gives each of its pods a kernel of its own"),
    ("firecracker", Rung::OwnKernel, "Firecracker gives each of its pods a kernel of its own"),
    ("aws-firecracker", Rung::OwnKernel, "Firecracker gives each of its pods a kernel of its own"),
];

/// Capabilities that give protection of the node away.
const DANGEROUS: &[&str] = &[
    "SYS_ADMIN",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_BOOT",
    "SYS_TIME",
    "SYSLOG",
    "DAC_READ_SEARCH",
    "BPF",
    "PERFMON",
    "NET_ADMIN",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "CHECKPOINT_RESTORE",
];

/// The sockets of container engines by their file names.
const SOCKETS: &[&str] =
    &["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock", "dockershim.sock", "buildkitd.sock"];

/// Directories that hold such a socket: mounting one hands it over even when it is read-only.
const OF_SOCKETS: &[&str] =
    &["/var/run", "/run", "/run/containerd", "/var/run/containerd", "/run/k3s/containerd", "/var/run/crio", "/run/crio"];

/// Directories with which one changes what the node runs.
const OF_HOST: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/etc",
    "/etc/cron.d",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/etc/systemd",
    "/etc/systemd/system",
    "/lib",
    "/proc",
    "/root",
    "/root/.ssh",
    "/sbin",
    "/usr",
    "/usr/bin",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/kubelet",
];

/// The handlers of the runtime classes.
pub(super) struct Classes(FxHashMap<CompactString, (CompactString, Place)>);

impl Classes {
    pub(super) fn of(objects: &Objects<'_>) -> Self {
        let classes = objects.of_kind("RuntimeClass").filter_map(|item| {
            let handler = field(&item.value, "handler")?;
            Some((name_of(item), (handler.as_str()?.into(), handler.place)))
        });
        Self(classes.collect())
    }

    /// What the class of a pod gives.
    fn evidence(&self, pod: &Value) -> Option<Evidence> {
        let written = field(pod, "runtimeClassName")?;
        let name = written.as_str()?;
        let (handler, place) = self.0.get(name).cloned().unwrap_or_else(|| (name.into(), written.place));
        let (_, rung, why) = SANDBOXES.iter().find(|(start, ..)| handler.starts_with(start))?;
        Some(Evidence { rung: *rung, step: Step::at(place, *why) })
    }
}

/// Why a workload stands where it stands.
pub(super) fn evidence(workload: &Workload<'_>, classes: &Classes, fargate: Option<Evidence>) -> Vec<Evidence> {
    let value = &workload.item.value;
    let Some(pod) = field(value, "pod") else { return Vec::new() };
    let containers = value.get("containers").map(Value::items).unwrap_or_default();
    let mut found: Vec<Evidence> = Vec::new();
    let sandbox = fargate.or_else(|| classes.evidence(pod));
    let users = field(pod, "hostUsers").filter(|value| value.as_bool() == Some(false) || value.as_str() == Some("false"));
    let mut add = |rung, place, message: String| found.push(Evidence { rung, step: Step::at(place, message) });
    // What gives the kernel away gives away that of the sandbox, or what a user namespace leaves.
    if sandbox.is_none() {
        let rung = if users.is_some() { Rung::Weakened } else { Rung::Host };
        for container in containers {
            kernel(container, rung, &mut add);
        }
        namespaces(pod, containers, &mut add);
    }
    if let Some(network) = field(pod, "hostNetwork").filter(|value| says_true(value)) {
        add(Rung::Weakened, network.place, "its pods are on the network of their node".to_owned());
    }
    for container in containers {
        mounts(pod, container, &mut add);
    }
    let base = match (sandbox, users) {
        (Some(sandbox), _) => sandbox,
        (None, Some(users)) => {
            Evidence { rung: Rung::Hardened, step: Step::at(users.place, "its pods have a user namespace of their own") }
        }
        (None, None) if !containers.is_empty() && containers.iter().all(is_restricted) => {
            let step =
                Step::at(pod.place, "its containers run under the restricted profile, with a root file system that is read-only");
            Evidence { rung: Rung::Hardened, step }
        }
        (None, None) => {
            let step =
                Step::at(workload.item.header, "its containers share the kernel of their node, with the engine's defaults");
            Evidence { rung: Rung::Default, step }
        }
    };
    found.insert(0, base);
    found
}

/// What a container's security context gives away.
fn kernel(container: &Value, privileged: Rung, add: &mut impl FnMut(Rung, Place, String)) {
    let Some(context) = field(container, "securityContext") else { return };
    let name = name(container);
    if let Some(value) = field(context, "privileged").filter(|value| says_true(value)) {
        add(privileged, value.place, format!("container {name} is privileged"));
    }
    for capability in context.at(&["capabilities", "add"]).map(Value::items).unwrap_or_default() {
        let Some(text) = capability.as_str() else { continue };
        let upper = text.to_ascii_uppercase();
        let short = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if matches!(short, "ALL" | "SYS_MODULE") {
            add(privileged, capability.place, format!("container {name} may load modules into the kernel of its node: {text}"));
        } else if DANGEROUS.contains(&short) {
            add(Rung::Weakened, capability.place, format!("container {name} has the capability {text}"));
        }
    }
    let profiles = [("seccompProfile", "system calls"), ("appArmorProfile", "AppArmor")];
    for (key, what) in profiles {
        if let Some(kind) = context.at(&[key, "type"]).filter(|kind| kind.as_str() == Some("Unconfined")) {
            add(Rung::Weakened, kind.place, format!("nothing confines container {name}: {what}"));
        }
    }
    if let Some(mount) = field(context, "procMount").filter(|value| value.as_str() == Some("Unmasked")) {
        add(Rung::Weakened, mount.place, format!("container {name} sees all of /proc"));
    }
}

fn namespaces(pod: &Value, containers: &[Value], add: &mut impl FnMut(Rung, Place, String)) {
    if let Some(ipc) = field(pod, "hostIPC").filter(|value| says_true(value)) {
        add(Rung::Weakened, ipc.place, "its pods share the memory of processes of their node".to_owned());
    }
    let Some(pid) = field(pod, "hostPID").filter(|value| says_true(value)) else { return };
    let added = containers
        .iter()
        .flat_map(|container| container.at(&["securityContext", "capabilities", "add"]).map(Value::items).unwrap_or_default());
    let traces = added.filter_map(Value::as_str).any(|text| text.ends_with("SYS_PTRACE") || text.ends_with("SYS_ADMIN"));
    match traces {
        true => add(Rung::Host, pid.place, "its pods see the processes of their node and may take them over".to_owned()),
        false => add(Rung::Weakened, pid.place, "its pods see the processes of their node".to_owned()),
    }
}

/// What of its node a container mounts.
fn mounts(pod: &Value, container: &Value, add: &mut impl FnMut(Rung, Place, String)) {
    let volumes = pod.get("volumes").map(Value::items).unwrap_or_default();
    for mount in container.get("volumeMounts").map(Value::items).unwrap_or_default() {
        let wanted = mount.str_at(&["name"]);
        let volume = volumes.iter().find(|volume| wanted.is_some() && volume.str_at(&["name"]) == wanted);
        let Some(path) = volume.and_then(|volume| volume.at(&["hostPath", "path"])) else { continue };
        let Some(text) = path.as_str() else { continue };
        let trimmed = text.trim_end_matches('/');
        let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
        let name = name(container);
        let read_only = field(mount, "readOnly").is_some_and(says_true);
        let file = trimmed.rsplit('/').next().unwrap_or("");
        if SOCKETS.contains(&file) || OF_SOCKETS.contains(&trimmed) {
            add(Rung::Host, path.place, format!("container {name} has the socket of its node's container engine: {text}"));
        } else if read_only {
            if trimmed == "/" {
                add(Rung::Weakened, path.place, format!("container {name} reads all files of its node"));
            }
        } else if OF_HOST.contains(&trimmed) {
            add(Rung::Host, path.place, format!("container {name} changes files that its node runs by: {text}"));
        } else {
            add(Rung::Weakened, path.place, format!("container {name} writes to files of its node: {text}"));
        }
    }
}

/// The restricted profile of the Pod Security Standards, with a root file system that is read-only.
fn is_restricted(container: &Value) -> bool {
    let Some(context) = field(container, "securityContext") else { return false };
    let list = |key: &str| context.at(&["capabilities", key]).map(Value::items).unwrap_or_default();
    let user = || field(context, "runAsUser").and_then(number).is_some_and(|user| user > 0);
    let is = |key: &str, wanted: bool| {
        field(context, key)
            .is_some_and(|value| value.as_bool() == Some(wanted) || value.as_str() == Some(if wanted { "true" } else { "false" }))
    };
    (is("runAsNonRoot", true) || user())
        && is("allowPrivilegeEscalation", false)
        && is("readOnlyRootFilesystem", true)
        && list("drop").iter().any(|capability| capability.as_str() == Some("ALL"))
        && list("add").iter().all(|capability| capability.as_str() == Some("NET_BIND_SERVICE"))
        && matches!(context.str_at(&["seccompProfile", "type"]), Some("RuntimeDefault" | "Localhost"))
}

fn name(container: &Value) -> &str {
    container.str_at(&["name"]).unwrap_or("without a name")
}
