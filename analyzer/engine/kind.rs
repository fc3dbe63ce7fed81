//! Which files are read, and as what: by name first, by content where the name does not say.

use camino::Utf8Path;
use plimsoll_docker::other_engines::Engine;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileKind {
    /// `.tf`, `.tofu`
    Terraform,
    /// `.tf.json`, `.tofu.json`, `.tfvars.json`
    TerraformJson,
    /// `.tfvars`
    Tfvars,
    /// What `terraform show -json` says of a plan.
    Plan,
    /// Manifests, in YAML or JSON.
    Kubernetes,
    /// `compose.yaml` and its like.
    Compose,
    /// `Dockerfile`, `Containerfile`
    Dockerfile,
    /// `daemon.json`
    Daemon,
    /// Assignments of the daemon's flags, `/etc/default/docker`
    DaemonOptions,
    /// containerd, Podman
    OtherEngine(Engine),
    /// `Vagrantfile`
    Vagrant,
    /// `.pkr.hcl`
    Packer,
    /// `.auto.pkrvars.hcl`
    PackerVariables,
    /// Packer's templates in JSON as they were before HCL.
    PackerJson,
    /// Units and drop-ins.
    Systemd,
    /// `#cloud-config`
    CloudInit,
    /// Shell scripts.
    Script,
}

impl FileKind {
    /// The word for it in reports.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Terraform | Self::TerraformJson | Self::Tfvars | Self::Plan => "terraform",
            Self::Kubernetes => "kubernetes",
            Self::Compose => "compose",
            Self::Dockerfile => "dockerfile",
            Self::Daemon | Self::DaemonOptions => "daemon",
            Self::OtherEngine(Engine::Containerd) => "containerd",
            Self::OtherEngine(Engine::Podman | Engine::Registries) => "podman",
            Self::Vagrant => "vagrant",
            Self::Packer | Self::PackerVariables | Self::PackerJson => "packer",
            Self::Systemd => "systemd",
            Self::CloudInit => "cloud-init",
            Self::Script => "script",
        }
    }

    /// Whether it belongs to a Terraform module, not to itself alone.
    #[must_use]
    pub(crate) const fn is_terraform(self) -> bool {
        matches!(self, Self::Terraform | Self::TerraformJson | Self::Tfvars)
    }
}

/// What the name alone says.
enum ByName {
    Is(FileKind),
    AskContent,
    Other,
}

/// Names end so; the first row that fits decides.
const ENDINGS: &[(&str, FileKind)] = &[
    (".tf.json", FileKind::TerraformJson),
    (".tofu.json", FileKind::TerraformJson),
    (".tfvars.json", FileKind::TerraformJson),
    (".tf", FileKind::Terraform),
    (".tofu", FileKind::Terraform),
    (".tfvars", FileKind::Tfvars),
    (".pkr.hcl", FileKind::Packer),
    (".auto.pkrvars.hcl", FileKind::PackerVariables),
    (".dockerfile", FileKind::Dockerfile),
    (".containerfile", FileKind::Dockerfile),
    (".service", FileKind::Systemd),
    (".socket", FileKind::Systemd),
    (".sh", FileKind::Script),
    (".bash", FileKind::Script),
];

/// Files of this name, below a folder of this name where that must be.
const PLACES: &[(&str, &str, FileKind)] = &[
    ("default", "docker", FileKind::DaemonOptions),
    ("sysconfig", "docker", FileKind::DaemonOptions),
    ("conf.d", "docker", FileKind::DaemonOptions),
    ("containerd", "config.toml", FileKind::OtherEngine(Engine::Containerd)),
    ("", "containers.conf", FileKind::OtherEngine(Engine::Podman)),
    ("", "registries.conf", FileKind::OtherEngine(Engine::Registries)),
    ("", "vagrantfile", FileKind::Vagrant),
];

fn in_folder(path: &Utf8Path, name: &str) -> bool {
    path.parent().and_then(Utf8Path::file_name) == Some(name)
}

fn by_name(path: &Utf8Path) -> ByName {
    let name = path.file_name().unwrap_or("").to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or("");
    if matches!(stem, "dockerfile" | "containerfile") && !name.ends_with(".dockerignore") && !name.ends_with(".md") {
        return ByName::Is(FileKind::Dockerfile);
    }
    if name == "daemon.json" {
        return ByName::Is(FileKind::Daemon);
    }
    if let Some((_, _, kind)) =
        PLACES.iter().find(|(parent, known, _)| *known == name && (parent.is_empty() || in_folder(path, parent)))
    {
        return ByName::Is(*kind);
    }
    if let Some((_, kind)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
        return ByName::Is(*kind);
    }
    let folder = path.parent().and_then(Utf8Path::file_name).unwrap_or("");
    if name.ends_with(".conf") && (folder.ends_with(".service.d") || folder.ends_with(".socket.d")) {
        return ByName::Is(FileKind::Systemd);
    }
    if name == "kustomization" || [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending)) {
        ByName::AskContent
    } else {
        ByName::Other
    }
}

/// Whether a file of this name may be of a kind that is read.
#[must_use]
pub fn may_be_read(path: &Utf8Path) -> bool {
    !matches!(by_name(path), ByName::Other)
}

/// What a file is; `None`: nothing for us.
#[must_use]
pub(crate) fn kind(path: &Utf8Path, text: &str) -> Option<FileKind> {
    match by_name(path) {
        ByName::Is(kind) => Some(kind),
        ByName::Other => None,
        ByName::AskContent => {
            let name = path.file_name().unwrap_or("");
            if name.ends_with(".json") && plimsoll_terraform::is_plan(text) {
                Some(FileKind::Plan)
            } else if name.ends_with(".json") && plimsoll_docker::packer::looks_like_legacy(text) {
                Some(FileKind::PackerJson)
            } else if plimsoll_kubernetes::looks_like(text) {
                Some(FileKind::Kubernetes)
            } else if plimsoll_docker::compose::looks_like(text, name) {
                Some(FileKind::Compose)
            } else if text.trim_start_matches('\u{feff}').starts_with("#cloud-config") {
                Some(FileKind::CloudInit)
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let rows = [
            ("a/Dockerfile", Some(FileKind::Dockerfile)),
            ("Dockerfile.prod", Some(FileKind::Dockerfile)),
            ("web.Dockerfile", Some(FileKind::Dockerfile)),
            ("Containerfile", Some(FileKind::Dockerfile)),
            ("Dockerfile.dockerignore", None),
            ("main.tf", Some(FileKind::Terraform)),
            ("main.tf.json", Some(FileKind::TerraformJson)),
            ("x.auto.tfvars", Some(FileKind::Tfvars)),
            ("terraform.tfvars.json", Some(FileKind::TerraformJson)),
            ("etc/docker/daemon.json", Some(FileKind::Daemon)),
            ("docker.service.d/override.conf", Some(FileKind::Systemd)),
            ("etc/default/docker", Some(FileKind::DaemonOptions)),
            ("files/conf.d/docker", Some(FileKind::DaemonOptions)),
            ("bin/docker", None),
            ("etc/containerd/config.toml", Some(FileKind::OtherEngine(Engine::Containerd))),
            ("config.toml", None),
            ("etc/containers/registries.conf", Some(FileKind::OtherEngine(Engine::Registries))),
            ("Vagrantfile", Some(FileKind::Vagrant)),
            ("images/web.pkr.hcl", Some(FileKind::Packer)),
            ("images/web.auto.pkrvars.hcl", Some(FileKind::PackerVariables)),
            ("terragrunt.hcl", None),
            ("nginx/site.conf", None),
            ("values.yaml", None),
            ("README.md", None),
        ];
        for (path, expected) in rows {
            assert_eq!(kind(Utf8Path::new(path), "a: 1\n"), expected, "{path}");
        }
        let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
        assert_eq!(kind(Utf8Path::new("x.yml"), pod), Some(FileKind::Kubernetes));
    }
}
