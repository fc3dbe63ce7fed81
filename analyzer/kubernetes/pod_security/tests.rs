//! Near misses of the two levels.

use std::sync::Arc;

use plimsoll_syntax::FileId;
use plimsoll_syntax::yaml::{self, Dialect};

use super::*;

const HARDENED: &str = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
containers:
- name: a
  securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

fn controls(spec: &str, level: Level, version: Minor) -> Vec<&'static str> {
    let text: Arc<str> = spec.into();
    let tree = yaml::parse(&text);
    let root = tree.documents[0].root;
    let spec = yaml::to_value(&tree, root, FileId(0), Dialect::Core);
    let mut names: Vec<_> =
        check(&Value::default(), &spec, level, version).into_iter().map(|violation| violation.control).collect();
    names.dedup();
    names
}

#[test]
fn versions_change_what_is_asked() {
    let plain = "containers: [{name: a}]\n";
    assert_eq!(controls(plain, Level::Restricted, 7), ["runAsNonRoot != true"]);
    assert_eq!(controls(plain, Level::Restricted, 18), ["allowPrivilegeEscalation != false", "runAsNonRoot != true"]);
    assert_eq!(controls(plain, Level::Restricted, 37).len(), 4);
    assert_eq!(controls(plain, Level::Baseline, 37), [""; 0]);
    assert_eq!(controls(HARDENED, Level::Restricted, 37), [""; 0]);
}

#[test]
fn near_misses() {
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("volumes: [{name: v}]\n", &[], &[]),
        ("volumes: [{name: v, hostPath: {path: /}}]\n", &["hostPath volumes"], &["hostPath volumes", "restricted volume types"]),
        (
            "hostUsers: false\nephemeralContainers: [{name: e, securityContext: {procMount: Unmasked, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]\n",
            &[],
            &["procMount"],
        ),
        ("os: {name: windows}\n", &[], &[]),
    ];
    for (more, baseline, restricted) in rows {
        let spec = format!("{HARDENED}{more}");
        assert_eq!(controls(&spec, Level::Baseline, 37), *baseline, "{more}");
        assert_eq!(controls(&spec, Level::Restricted, 37), *restricted, "{more}");
    }
}
