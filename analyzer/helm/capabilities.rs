//! What templates see of Helm and the cluster.

use std::rc::Rc;

use crate::Kubernetes;
use crate::object::Object;
use crate::value::{Data, Value};

/// The API versions that Helm's library knows, each with the minor version of Kubernetes that serves it no more; `NEVER` for
/// those that are off unless somebody turns them on.
const API_VERSIONS: &[(&str, u32)] = &[
    ("v1", STILL),
    ("admissionregistration.k8s.io/v1", STILL),
    ("admissionregistration.k8s.io/v1alpha1", NEVER),
    ("admissionregistration.k8s.io/v1beta1", 22),
    ("internal.apiserver.k8s.io/v1alpha1", NEVER),
    ("apps/v1", STILL),
    ("apps/v1beta1", 16),
    ("apps/v1beta2", 16),
    ("authentication.k8s.io/v1", STILL),
    ("authentication.k8s.io/v1alpha1", NEVER),
    ("authentication.k8s.io/v1beta1", 22),
    ("authorization.k8s.io/v1", STILL),
    ("authorization.k8s.io/v1beta1", 22),
    ("autoscaling/v1", STILL),
    ("autoscaling/v2", STILL),
    ("autoscaling/v2beta1", 25),
    ("autoscaling/v2beta2", 26),
    ("batch/v1", STILL),
    ("batch/v1beta1", 25),
    ("certificates.k8s.io/v1", STILL),
    ("certificates.k8s.io/v1alpha1", NEVER),
    ("certificates.k8s.io/v1beta1", 22),
    ("coordination.k8s.io/v1", STILL),
    ("coordination.k8s.io/v1alpha2", NEVER),
    ("coordination.k8s.io/v1beta1", 22),
    ("discovery.k8s.io/v1", STILL),
    ("discovery.k8s.io/v1beta1", 25),
    ("events.k8s.io/v1", STILL),
    ("events.k8s.io/v1beta1", 25),
    ("extensions/v1beta1", 22),
    ("flowcontrol.apiserver.k8s.io/v1", STILL),
    ("flowcontrol.apiserver.k8s.io/v1beta1", 26),
    ("flowcontrol.apiserver.k8s.io/v1beta2", 29),
    ("flowcontrol.apiserver.k8s.io/v1beta3", 32),
    ("networking.k8s.io/v1", STILL),
    ("networking.k8s.io/v1beta1", 22),
    ("node.k8s.io/v1", STILL),
    ("node.k8s.io/v1alpha1", NEVER),
    ("node.k8s.io/v1beta1", 25),
    ("policy/v1", STILL),
    ("policy/v1beta1", 25),
    ("rbac.authorization.k8s.io/v1", STILL),
    ("rbac.authorization.k8s.io/v1alpha1", NEVER),
    ("rbac.authorization.k8s.io/v1beta1", 22),
    ("resource.k8s.io/v1", STILL),
    ("resource.k8s.io/v1alpha3", NEVER),
    ("resource.k8s.io/v1beta1", NEVER),
    ("resource.k8s.io/v1beta2", NEVER),
    ("scheduling.k8s.io/v1", STILL),
    ("scheduling.k8s.io/v1alpha1", NEVER),
    ("scheduling.k8s.io/v1beta1", 22),
    ("storage.k8s.io/v1", STILL),
    ("storage.k8s.io/v1alpha1", NEVER),
    ("storage.k8s.io/v1beta1", 27),
    ("storagemigration.k8s.io/v1alpha1", NEVER),
    ("apiextensions.k8s.io/v1", STILL),
    ("apiextensions.k8s.io/v1beta1", 22),
];

const STILL: u32 = u32::MAX;
const NEVER: u32 = 0;

/// `.Capabilities`
pub(crate) fn capabilities(kubernetes: Kubernetes) -> Value {
    let minor = match kubernetes {
        Kubernetes::Library => 20,
        Kubernetes::Minor(minor) => minor,
    };
    let version: Rc<str> = format!("v1.{minor}.0").into();
    let version_info = Object::structure(
        "chartutil.KubeVersion",
        [("Version", Value::string(&*version)), ("Major", "1".into()), ("Minor", minor.to_string().into())],
        Some(version),
    );
    let helm = Object::structure(
        "version.BuildInfo",
        [("Version", "v3.19".into()), ("GitCommit", "".into()), ("GitTreeState", "".into()), ("GoVersion", "go1.24".into())],
        None,
    );
    let serves = |removed: u32| kubernetes == Kubernetes::Library || minor < removed;
    let versions = API_VERSIONS.iter().filter(|(_, removed)| serves(*removed)).map(|(version, _)| Rc::from(*version)).collect();
    let versions = Value::new(Data::Object(Object::ApiVersions(Rc::new(versions))));
    Object::structure(
        "chartutil.Capabilities",
        [("KubeVersion", version_info), ("APIVersions", versions), ("HelmVersion", helm)],
        None,
    )
}
