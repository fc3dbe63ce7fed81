//! Helm charts: the manifests that a chart renders to.

use std::sync::Arc;

use plimsoll_helm::{ChartFile, Kubernetes, Options, ProblemKind, render};
use plimsoll_syntax::FileId;
use serde_json::{Map, Value, json};

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let texts: Vec<(&str, Arc<str>)> = case["files"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(path, text)| Some((path.as_str(), Arc::from(text.as_str()?))))
        .collect();
    let number = |at: usize| FileId(u32::try_from(at).unwrap_or(0));
    let files: Vec<ChartFile<'_>> =
        texts.iter().enumerate().map(|(at, (path, text))| ChartFile { path, file: number(at), text }).collect();
    let given: Arc<str> = case["values"].as_str().unwrap_or("").into();
    let values = [ChartFile { path: "values", file: number(texts.len()), text: &given }];
    // The reference is the library's `ProcessDependencies`, which forgets nulls, without a cluster.
    let options = Options {
        release: "rel",
        namespace: "ns",
        kubernetes: Kubernetes::Library,
        required_is_open: false,
        keep_nulls: false,
        values: &values,
    };
    let rendered = render(&files, &options);
    if let Some(problem) = rendered.problems.iter().find(|problem| problem.kind != ProblemKind::MissingDependency) {
        let path = texts.get(problem.place.file.0 as usize).map(|(path, _)| *path);
        return json!({"error": problem.message, "path": path, "start": problem.place.span.start});
    }
    let manifests: Map<String, Value> =
        rendered.manifests.iter().map(|manifest| (manifest.path.clone(), json!(&*manifest.text))).collect();
    json!({"manifests": manifests})
}
