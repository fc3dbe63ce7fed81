//! Terraform modules: the resources that a root module plans, and its outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_syntax::hcl::{self, ExprId, ExprKind};
use plimsoll_syntax::value::{Entry, Kind, Value as Ours};
use plimsoll_syntax::{FileId, yaml};
use plimsoll_terraform::{
    Evaluation, FileRead, Given, Inputs, Module, ModuleFiles, NoteKind, SourceFile, SourceTree, Workspace, declarations,
    evaluate_with,
};
use serde_json::{Map, Value, json};

use super::expression::{Files, converted, kind};

/// What is no attribute of a resource's own.
const META: &[&str] = &["count", "for_each", "depends_on", "lifecycle", "provisioner", "connection", "provider"];

/// The directories of a case.
struct Directories {
    files: Files,
    modules: BTreeMap<String, Arc<Module>>,
    errors: usize,
    /// The paths, by [`FileId`].
    paths: Vec<String>,
}

enum Held {
    Hcl(Arc<hcl::Tree>),
    Tfvars(Arc<hcl::Tree>),
    Json(yaml::Tree),
}

impl Directories {
    fn new(files: Files) -> Self {
        let mut all: BTreeMap<String, Vec<(String, FileId, Held)>> = BTreeMap::new();
        let (mut errors, mut paths) = (0, Vec::new());
        for (path, text) in &files.0 {
            let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
            let held = if name.ends_with(".tf") || name.ends_with(".tofu") {
                Held::Hcl(Arc::new(hcl::parse(text)))
            } else if name.ends_with(".tfvars") {
                Held::Tfvars(Arc::new(hcl::parse(text)))
            } else if [".tf.json", ".tofu.json", ".tfvars.json"].iter().any(|ending| name.ends_with(ending)) {
                Held::Json(yaml::parse(text))
            } else {
                continue;
            };
            errors += match &held {
                Held::Hcl(tree) | Held::Tfvars(tree) => tree.errors.len(),
                Held::Json(tree) => tree.errors.len(),
            };
            let id = FileId(u32::try_from(paths.len()).unwrap_or(0));
            paths.push(path.clone());
            all.entry(dir.to_owned()).or_default().push((name.to_owned(), id, held));
        }
        let modules = all.iter().map(|(dir, held)| {
            let files = held.iter().map(|(name, file, held)| SourceFile {
                name,
                file: *file,
                tree: match held {
                    Held::Hcl(tree) => SourceTree::Hcl(tree),
                    Held::Tfvars(tree) => SourceTree::Tfvars(tree),
                    Held::Json(tree) => SourceTree::Json(tree),
                },
            });
            (dir.clone(), Arc::new(declarations(&ModuleFiles { dir, files: files.collect() })))
        });
        Self { modules: modules.collect(), files, errors, paths }
    }

    /// Whether a file is of the root module itself.
    fn is_root(&self, file: FileId, root: &str) -> bool {
        self.paths.get(file.0 as usize).is_some_and(|path| path.rsplit_once('/').map_or("", |(dir, _)| dir) == root)
    }
}

impl Workspace for Directories {
    fn module(&self, dir: &str) -> Option<Arc<Module>> {
        self.modules.get(dir).cloned()
    }

    fn read(&self, path: &str) -> FileRead {
        self.files.text(path)
    }

    fn files(&self, dir: &str) -> Option<Vec<String>> {
        Some(self.files.below(dir))
    }
}

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let root = case["root"].as_str().unwrap_or("");
    let directories = Directories::new(Files::of(case));
    let evaluation = evaluate_with(root, &inputs(case, root), &directories);
    // What is certainly wrong says more than what is missing.
    let refused =
        evaluation.notes.iter().filter(|note| note.kind != NoteKind::Limit).min_by_key(|note| note.kind != NoteKind::Invalid);
    if let Some(note) = refused {
        let path = directories.paths.get(note.place.file.0 as usize);
        return json!({"ok": false, "why": note.message.as_str(), "kind": format!("{:?}", note.kind), "path": path, "start": note.place.span.start});
    }
    if directories.errors > 0 {
        return json!({"ok": false, "why": "syntax"});
    }
    let outputs = outputs(&evaluation, &directories, root);
    json!({"ok": true, "resources": resources(&evaluation), "outputs": outputs})
}

/// What is given on the command line and by the environment, in the default workspace.
fn inputs(case: &Value, root: &str) -> Inputs {
    let args: Vec<&str> = case["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let prefix = if root.is_empty() { String::new() } else { format!("{root}/") };
    let given = args.chunks(2).filter_map(|pair| match pair {
        ["-var", setting] => setting.split_once('=').map(|(name, text)| Given::Variable(name.to_owned(), text.to_owned())),
        ["-var-file", path] => Some(Given::File(format!("{prefix}{path}"))),
        _ => None,
    });
    let environment = case["env"].as_object().into_iter().flatten();
    let environment =
        environment.filter_map(|(name, text)| Some((name.strip_prefix("TF_VAR_")?.to_owned(), text.as_str()?.to_owned())));
    Inputs { environment: environment.collect(), given: given.collect(), workspace: Some("default".to_owned()) }
}

fn resources(evaluation: &Evaluation) -> Vec<Value> {
    let mut all = Vec::new();
    for item in &evaluation.items {
        let is_resource = item.views.iter().any(|view| matches!(view.as_str(), "resource" | "data"));
        if let (true, Some(map)) = (is_resource, item.value.as_map()) {
            // Derived fields have no key of their own.
            let written = map.entries.iter().filter(|entry| entry.key_place.is_some() && !META.contains(&entry.key.as_str()));
            all.push(json!({"addr": item.name.as_str(), "values": written.filter_map(attribute).collect::<Map<_, _>>()}));
        }
    }
    all
}

/// An attribute; `None`: it is null, or there are no blocks of that type.
fn attribute(entry: &Entry) -> Option<(String, Value)> {
    let blocks = entry.value.as_list().filter(|list| list.blocks);
    match blocks {
        Some(list) if list.items.is_empty() && list.tail.is_none() => None,
        Some(list) if list.tail.is_none() => Some((entry.key.to_string(), list.items.iter().map(block).collect())),
        _ if entry.value.is_null() => None,
        _ => Some((entry.key.to_string(), converted(&entry.value))),
    }
}

fn block(value: &Ours) -> Value {
    match &value.kind {
        Kind::Map(map) => map.entries.iter().filter_map(attribute).collect::<Map<_, _>>().into(),
        _ => converted(value),
    }
}

fn outputs(evaluation: &Evaluation, directories: &Directories, root: &str) -> Map<String, Value> {
    let all = evaluation
        .items
        .iter()
        .filter(|item| item.views.iter().any(|view| view == "output") && directories.is_root(item.header.file, root));
    all.filter_map(|item| {
        let value = item.value.get("value")?;
        let is_sensitive = item.value.get("sensitive").and_then(Ours::as_bool).filter(|is| *is);
        let of = item.value.str_at(&["type"]).map(|text| hcl::parse(&format!("x = {text}\n").into()));
        let of = of.and_then(|tree| Some(named(&tree, tree.body.attributes().next()?.expr))).unwrap_or_else(|| kind(value));
        let output = json!({"type": of, "value": converted(value), "sensitive": is_sensitive});
        Some((item.value.str_at(&["name"])?.to_owned(), output))
    })
    .collect()
}

/// A type in the oracle's words.
fn named(tree: &hcl::Tree, of: ExprId) -> Value {
    match tree[of].kind {
        ExprKind::Call { name, args, .. } => {
            let inner = tree.list(args).first().map(|&inner| named(tree, inner));
            json!([tree.text(name), inner])
        }
        ExprKind::Tuple(items) => tree.list(items).iter().map(|&item| named(tree, item)).collect(),
        ExprKind::Object(items) => {
            let field = |item: &hcl::tree::ObjectItem| {
                let name = tree.plain_string(item.key).unwrap_or_else(|| tree.text(tree[item.key].span).into());
                (name.to_string(), named(tree, item.value))
            };
            tree.items(items).iter().map(field).collect::<Map<_, _>>().into()
        }
        _ => json!(tree.text(tree[of].span)),
    }
}
