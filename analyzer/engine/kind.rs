//! Which files are read, and as what: by name first, by content where the name does not say.

use camino::Utf8Path;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileKind {
    /// `.tf`, `.tofu`
    Terraform,
    /// `.tf.json`, `.tofu.json`, `.tfvars.json`
    TerraformJson,
    /// `.tfvars`
    Tfvars,
    /// Manifests, in YAML or JSON.
    Kubernetes,
    /// `compose.yaml` and its like.
    Compose,
    /// `Dockerfile`, `Containerfile`
    Dockerfile,
    /// `daemon.json`
    Daemon,
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
            Self::Terraform | Self::TerraformJson | Self::Tfvars => "terraform",
            Self::Kubernetes => "kubernetes",
            Self::Compose => "compose",
            Self::Dockerfile => "dockerfile",
            Self::Daemon => "daemon",
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
    (".dockerfile", FileKind::Dockerfile),
    (".containerfile", FileKind::Dockerfile),
    (".service", FileKind::Systemd),
    (".socket", FileKind::Systemd),
    (".sh", FileKind::Script),
    (".bash", FileKind::Script),
];

fn by_name(path: &Utf8Path) -> ByName {
    let name = path.file_name().unwrap_or("").to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or("");
    if matches!(stem, "dockerfile" | "containerfile") && !name.ends_with(".dockerignore") && !name.ends_with(".md") {
        return ByName::Is(FileKind::Dockerfile);
    }
    if name == "daemon.json" {
        return ByName::Is(FileKind::Daemon);
    }
    if let Some((_, kind)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
        return ByName::Is(*kind);
    }
    let folder = path.parent().and_then(Utf8Path::file_name).unwrap_or("");
    if name.ends_with(".conf") && (folder.ends_with(".service.d") || folder.ends_with(".socket.d")) {
        return ByName::Is(FileKind::Systemd);
    }
    if [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending)) { ByName::AskContent } else { ByName::Other }
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
            if plimsoll_kubernetes::looks_like(text) {
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
