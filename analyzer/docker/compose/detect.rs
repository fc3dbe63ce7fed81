//! Telling Compose files from other YAML.

/// Keys of which a service has at least one.
const SERVICE: &[&str] = &["image:", "build:", "extends:"];
/// Keys at the top level that no Compose file has.
const OTHERS: &[&str] =
    &["apiVersion:", "kind:", "stages:", "jobs:", "pipelines:", "script:", "on:", "steps:", "hosts:", "language:"];

/// Whether a YAML file of this name and text is a Compose file: by its name, or because `services:` at its top level holds
/// mappings with an image, a build or a service to extend.
#[must_use]
pub fn looks_like(text: &str, name: &str) -> bool {
    by_name(name) || by_content(text)
}

/// `compose.yaml`, `docker-compose.prod.yml`, `podman-compose.yml`
fn by_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(".yml").or_else(|| lower.strip_suffix(".yaml")) else { return false };
    ["compose", "docker-compose", "podman-compose", "container-compose"]
        .iter()
        .any(|known| stem.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_'])))
}

fn by_content(text: &str) -> bool {
    let mut inside = false;
    let mut found = false;
    let mut level = 0;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let code = line.trim_end();
        let words = code.trim_start();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let indent = code.len() - words.len();
        if indent == 0 {
            if OTHERS.iter().any(|other| words.starts_with(other)) {
                return false;
            }
            // A list at the margin (`services:` of a CI job) is no mapping.
            inside = words == "services:" || words.starts_with("services: #") || words == "services: ";
            level = 0;
        } else if inside {
            // The first line says how deep the services' names lie; what they consist of lies deeper.
            if level == 0 {
                level = indent;
            }
            found |= indent > level && SERVICE.iter().any(|key| words.starts_with(key));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn names_and_contents() {
        let rows = [
            ("compose.yaml", "", true),
            ("compose.override.yml", "", true),
            ("docker-compose-prod.yml", "", true),
            ("composer.yml", "", false),
            ("compose.json", "", false),
            ("stack.yml", "version: '3'\nservices:\n  web:\n    image: a\n", true),
            ("stack.yml", "services:\n  # c\n  web:\n    build: .\nvolumes: {}\n", true),
            (".gitlab-ci.yml", "services:\n  - docker:dind\nbuild:\n  image: a\n", false),
            (".gitlab-ci.yml", "stages: [a]\nservices:\n  - name: a\n    image: b\n", false),
            ("ci.yml", "on: push\njobs:\n  a:\n    services:\n      db:\n        image: a\n", false),
            ("app.yml", "services:\n  image: a\n", false),
            ("symfony.yaml", "services:\n  App\\Mailer:\n    arguments: []\n", false),
            ("pod.yml", "apiVersion: v1\nkind: Pod\nservices:\n  a:\n    image: b\n", false),
        ];
        for (name, text, expected) in rows {
            assert_eq!(looks_like(text, name), expected, "{name}: {text}");
        }
    }
}
