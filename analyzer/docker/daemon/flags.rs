//! The one table of what `dockerd` can be told, by flag and by key.
//!
//! Source: <https://docs.docker.com/reference/cli/dockerd/>.

/// How a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `--icc=false`; a bare flag is true.
    Bool,
    /// One text.
    Text,
    /// One number.
    Number,
    /// The flag may be repeated.
    List,
    /// The flag may be repeated, each `key=value`.
    Map,
}

/// Flag without its dashes, field of the daemon, form.
pub(super) const SETTINGS: &[(&str, &str, Form)] = &[
    ("add-runtime", "runtimes", Form::Map),
    ("allow-direct-routing", "allow_direct_routing", Form::Bool),
    ("allow-nondistributable-artifacts", "allow_nondistributable_artifacts", Form::List),
    ("api-cors-header", "api_cors_header", Form::Text),
    ("authorization-plugin", "authorization_plugins", Form::List),
    ("bip", "bip", Form::Text),
    ("bridge", "bridge", Form::Text),
    ("cgroup-parent", "cgroup_parent", Form::Text),
    ("config-file", "config_file", Form::Text),
    ("containerd", "containerd", Form::Text),
    ("containerd-namespace", "containerd_namespace", Form::Text),
    ("cpu-rt-period", "cpu_rt_period", Form::Number),
    ("cpu-rt-runtime", "cpu_rt_runtime", Form::Number),
    ("data-root", "data_root", Form::Text),
    ("debug", "debug", Form::Bool),
    ("default-address-pool", "default_address_pools", Form::List),
    ("default-cgroupns-mode", "default_cgroupns_mode", Form::Text),
    ("default-gateway", "default_gateway", Form::Text),
    ("default-gateway-v6", "default_gateway_v6", Form::Text),
    ("default-ipc-mode", "default_ipc_mode", Form::Text),
    ("default-network-opt", "default_network_opts", Form::Map),
    ("default-runtime", "default_runtime", Form::Text),
    ("default-shm-size", "default_shm_size", Form::Text),
    ("default-ulimit", "default_ulimits", Form::Map),
    ("dns", "dns", Form::List),
    ("dns-opt", "dns_opts", Form::List),
    ("dns-search", "dns_search", Form::List),
    ("exec-opt", "exec_opts", Form::List),
    ("exec-root", "exec_root", Form::Text),
    ("experimental", "experimental", Form::Bool),
    ("firewall-backend", "firewall_backend", Form::Text),
    ("fixed-cidr", "fixed_cidr", Form::Text),
    ("fixed-cidr-v6", "fixed_cidr_v6", Form::Text),
    ("group", "group", Form::Text),
    ("host", "hosts", Form::List),
    ("host-gateway-ip", "host_gateway_ip", Form::Text),
    ("http-proxy", "http_proxy", Form::Text),
    ("https-proxy", "https_proxy", Form::Text),
    ("icc", "icc", Form::Bool),
    ("init", "init", Form::Bool),
    ("init-path", "init_path", Form::Text),
    ("insecure-registry", "insecure_registries", Form::List),
    ("ip", "ip", Form::Text),
    ("ip-forward", "ip_forward", Form::Bool),
    ("ip-forward-no-drop", "ip_forward_no_drop", Form::Bool),
    ("ip-masq", "ip_masq", Form::Bool),
    ("ip6tables", "ip6tables", Form::Bool),
    ("iptables", "iptables", Form::Bool),
    ("ipv6", "ipv6", Form::Bool),
    ("label", "labels", Form::List),
    ("live-restore", "live_restore", Form::Bool),
    ("log-driver", "log_driver", Form::Text),
    ("log-format", "log_format", Form::Text),
    ("log-level", "log_level", Form::Text),
    ("log-opt", "log_opts", Form::Map),
    ("max-concurrent-downloads", "max_concurrent_downloads", Form::Number),
    ("max-concurrent-uploads", "max_concurrent_uploads", Form::Number),
    ("max-download-attempts", "max_download_attempts", Form::Number),
    ("metrics-addr", "metrics_addr", Form::Text),
    ("mtu", "mtu", Form::Number),
    ("network-control-plane-mtu", "network_control_plane_mtu", Form::Number),
    ("no-new-privileges", "no_new_privileges", Form::Bool),
    ("no-proxy", "no_proxy", Form::Text),
    ("node-generic-resource", "node_generic_resources", Form::List),
    ("oom-score-adjust", "oom_score_adjust", Form::Number),
    ("pidfile", "pidfile", Form::Text),
    ("raw-logs", "raw_logs", Form::Bool),
    ("registry-mirror", "registry_mirrors", Form::List),
    ("rootless", "rootless", Form::Bool),
    ("seccomp-profile", "seccomp_profile", Form::Text),
    ("selinux-enabled", "selinux_enabled", Form::Bool),
    ("shutdown-timeout", "shutdown_timeout", Form::Number),
    ("storage-driver", "storage_driver", Form::Text),
    ("storage-opt", "storage_opts", Form::List),
    ("swarm-default-advertise-addr", "swarm_default_advertise_addr", Form::Text),
    ("tls", "tls", Form::Bool),
    ("tlscacert", "tlscacert", Form::Text),
    ("tlscert", "tlscert", Form::Text),
    ("tlskey", "tlskey", Form::Text),
    ("tlsverify", "tlsverify", Form::Bool),
    ("userland-proxy", "userland_proxy", Form::Bool),
    ("userland-proxy-path", "userland_proxy_path", Form::Text),
    ("userns-remap", "userns_remap", Form::Text),
    ("validate", "validate", Form::Bool),
];

/// Letters that stand for a flag.
pub(super) const LETTERS: &[(char, &str)] = &[
    ('b', "bridge"),
    ('D', "debug"),
    ('G', "group"),
    ('H', "host"),
    ('l', "log-level"),
    ('p', "pidfile"),
    ('s', "storage-driver"),
];

/// Keys of `daemon.json` that no flag has, or that are called otherwise there, with the field; older releases' are among them.
const KEYS: &[(&str, &str)] = &[
    ("bip6", "bip6"),
    ("bridge-accept-fwmark", "bridge_accept_fwmark"),
    ("builder", "builder"),
    ("cdi-spec-dirs", "cdi_spec_dirs"),
    ("cluster-advertise", "cluster_advertise"),
    ("cluster-store", "cluster_store"),
    ("cluster-store-opts", "cluster_store_opts"),
    ("containerd-plugins-namespace", "containerd_plugins_namespace"),
    ("deprecated-key-path", "deprecated_key_path"),
    ("disable-legacy-registry", "disable_legacy_registry"),
    ("features", "features"),
    ("graph", "data_root"),
    ("host-gateway-ips", "host_gateway_ips"),
    ("min-api-version", "min_api_version"),
    ("network-diagnostic-port", "network_diagnostic_port"),
    ("nri-opts", "nri_opts"),
    ("proxies", "proxies"),
];

/// Whether the daemon knows a key of its `daemon.json`.
pub(super) fn is_known(key: &str) -> bool {
    let field = field_of(key);
    KEYS.iter().any(|(known, _)| *known == key)
        || SETTINGS.iter().any(|(flag, known, _)| *known == field && (*flag == key || known.replace('_', "-") == key))
}

/// The field that a key of `daemon.json` becomes.
pub(super) fn field_of(key: &str) -> String {
    KEYS.iter().find(|(known, _)| *known == key).map_or_else(|| key.replace('-', "_"), |(_, field)| (*field).to_owned())
}

/// The setting of a flag without its dashes.
pub(super) fn setting(flag: &str) -> Option<(&'static str, Form)> {
    SETTINGS.iter().find(|(name, ..)| *name == flag).map(|(_, field, form)| (*field, *form))
}
