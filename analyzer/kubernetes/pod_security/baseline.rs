//! The baseline level.

use plimsoll_syntax::Value;

use super::{Control, Found, Minor, Pod, control, is_unknown, present};

pub(super) const CONTROLS: &[Control] = &[
    control("hostProcess", 0, host_process),
    control("host namespaces", 0, host_namespaces),
    control("privileged", 0, privileged),
    control("non-default capabilities", 0, capabilities),
    control("hostPath volumes", 0, host_path),
    control("hostPort", 0, host_port),
    control("probe or lifecycle host", 34, probe_host),
    control("forbidden AppArmor profile", 0, app_armor),
    control("seLinuxOptions", 0, se_linux),
    control("procMount", 0, proc_mount),
    Control { name: "seccompProfile", since: 0, until: 18, check: seccomp_annotation },
    control("seccompProfile", 19, seccomp),
    control("forbidden sysctls", 0, sysctls),
];

fn host_process(pod: &Pod<'_>, found: &mut Found) {
    for (of, context) in pod.contexts() {
        if let Some(value) = context.at(&["windowsOptions", "hostProcess"])
            && value.as_bool() == Some(true)
        {
            found.add(value.place, format!("{of} must not set securityContext.windowsOptions.hostProcess=true"));
        }
    }
}

fn host_namespaces(pod: &Pod<'_>, found: &mut Found) {
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(value) = pod.spec.get(name)
            && value.as_bool() == Some(true)
        {
            found.add(value.place, format!("{name}=true"));
        }
    }
}

fn privileged(pod: &Pod<'_>, found: &mut Found) {
    for container in pod.containers() {
        if let Some(value) = container.context(&["privileged"])
            && value.as_bool() == Some(true)
        {
            found.add(value.place, format!("{} must not set securityContext.privileged=true", container.words()));
        }
    }
}

/// What Docker gives anyway.
const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities(pod: &Pod<'_>, found: &mut Found) {
    for container in pod.containers() {
        for added in container.context(&["capabilities", "add"]).map(Value::items).unwrap_or_default() {
            if let Some(name) = added.as_str().filter(|name| !DEFAULT_CAPABILITIES.contains(name)) {
                found.add(
                    added.place,
                    format!("{} must not include {name:?} in securityContext.capabilities.add", container.words()),
                );
            }
        }
    }
}

fn host_path(pod: &Pod<'_>, found: &mut Found) {
    for volume in pod.spec.get("volumes").map(Value::items).unwrap_or_default() {
        if present(volume.get("hostPath")).is_some() {
            let name = volume.str_at(&["name"]).unwrap_or("");
            found.add(volume.place, format!("volume {name:?} uses the hostPath volume type"));
        }
    }
}

fn host_port(pod: &Pod<'_>, found: &mut Found) {
    for container in pod.containers() {
        for port in container.value.get("ports").map(Value::items).unwrap_or_default() {
            if let Some(value) = port.get("hostPort")
                && value.as_int().is_some_and(|port| port != 0)
            {
                found.add(value.place, format!("{} must not use hostPort {}", container.words(), value.as_int().unwrap_or(0)));
            }
        }
    }
}

fn probe_host(pod: &Pod<'_>, found: &mut Found) {
    let handlers = [
        ["livenessProbe", ""],
        ["readinessProbe", ""],
        ["startupProbe", ""],
        ["lifecycle", "postStart"],
        ["lifecycle", "preStop"],
    ];
    for container in pod.containers() {
        for path in &handlers {
            let path: Vec<&str> = path.iter().copied().filter(|name| !name.is_empty()).collect();
            let Some(handler) = container.value.at(&path) else { continue };
            for kind in ["httpGet", "tcpSocket"] {
                if let Some(host) = handler.at(&[kind, "host"])
                    && let Some(text) = host.as_str().filter(|text| !text.is_empty())
                {
                    found.add(host.place, format!("{} uses probe or lifecycle host {text:?}", container.words()));
                }
            }
        }
    }
}

fn app_armor(pod: &Pod<'_>, found: &mut Found) {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    let annotations = pod.metadata.get("annotations").and_then(Value::as_map);
    for entry in annotations.map(|map| map.entries.as_slice()).unwrap_or_default() {
        if entry.key.starts_with(PREFIX)
            && let Some(profile) = entry.value.as_str()
            && !(profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/"))
        {
            found.add(entry.place, format!("annotation must not set AppArmor profile type to \"{}={profile:?}\"", entry.key));
        }
    }
    for (of, context) in pod.contexts() {
        if let Some(value) = context.at(&["appArmorProfile", "type"])
            && let Some(kind) = value.as_str()
            && !matches!(kind, "RuntimeDefault" | "Localhost")
        {
            found.add(value.place, format!("{of} must not set AppArmor profile type to {kind:?}"));
        }
    }
}

/// The types that stay in the container's domain; the last one since 1.31.
const SE_LINUX_TYPES: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn se_linux(pod: &Pod<'_>, found: &mut Found) {
    let known = if pod.version >= 31 { SE_LINUX_TYPES } else { &SE_LINUX_TYPES[..4] };
    for (of, context) in pod.contexts() {
        let Some(options) = context.get("seLinuxOptions") else { continue };
        if let Some(value) = options.get("type")
            && let Some(kind) = value.as_str().filter(|kind| !known.contains(kind))
        {
            found.add(value.place, format!("{of} set forbidden securityContext.seLinuxOptions: type {kind:?}"));
        }
        for name in ["user", "role"] {
            if let Some(value) = options.get(name)
                && value.as_str().is_some_and(|text| !text.is_empty())
            {
                found.add(value.place, format!("{of} set forbidden securityContext.seLinuxOptions: {name} may not be set"));
            }
        }
    }
}

fn proc_mount(pod: &Pod<'_>, found: &mut Found) {
    // In a user namespace of its own, what an unmasked /proc shows does no harm.
    if pod.version >= 35 && pod.spec.get("hostUsers").is_some_and(|value| value.as_bool() == Some(false) || is_unknown(value)) {
        return;
    }
    super::restricted::proc_mount(pod, found);
}

fn seccomp_annotation(pod: &Pod<'_>, found: &mut Found) {
    const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
    let annotations = pod.metadata.get("annotations").and_then(Value::as_map);
    for entry in annotations.map(|map| map.entries.as_slice()).unwrap_or_default() {
        if (entry.key == POD || entry.key.starts_with(CONTAINER))
            && let Some(profile) = entry.value.as_str()
            && !(matches!(profile, "runtime/default" | "docker/default") || profile.starts_with("localhost/"))
        {
            found.add(entry.place, format!("forbidden annotation {}={profile:?}", entry.key));
        }
    }
}

fn seccomp(pod: &Pod<'_>, found: &mut Found) {
    for (of, context) in pod.contexts() {
        if let Some(value) = context.at(&["seccompProfile", "type"])
            && let Some(kind) = value.as_str().filter(|kind| !matches!(*kind, "RuntimeDefault" | "Localhost"))
        {
            found.add(value.place, format!("{of} must not set securityContext.seccompProfile.type to {kind:?}"));
        }
    }
}

/// The sysctls that reach no other pod, with the version since which the standard knows them.
const SAFE_SYSCTLS: &[(&str, Minor)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

fn sysctls(pod: &Pod<'_>, found: &mut Found) {
    for sysctl in pod.spec.at(&["securityContext", "sysctls"]).map(Value::items).unwrap_or_default() {
        let Some(name) = sysctl.str_at(&["name"]) else { continue };
        if !SAFE_SYSCTLS.iter().any(|(safe, since)| *safe == name && *since <= pod.version) {
            found.add(sysctl.place, format!("pod must not set sysctl {name:?}"));
        }
    }
}
