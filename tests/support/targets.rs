//! What must hold for any input whatever: nothing panics, nothing hangs, and every range lies in its text. One function per fuzz target;
//! the fuzzer, the mutation test and the kept inputs all call these.

use std::io;
use std::sync::{Arc, LazyLock};

pub use crate::expression::expression;
use camino::Utf8Path;
use plimsoll_engine::{Engine, FAULT, Files, Settings, Source};
use plimsoll_rule_language::{Context, Relations, Schemas, compile_page, schema};
use plimsoll_rules::RuleSet;
use plimsoll_syntax::shell::Continuation;
use plimsoll_syntax::yaml::{Dialect, NodeKind};
use plimsoll_syntax::{FileId, LineIndex, Span, SyntaxError, dockerfile, hcl, image, shell, text, yaml};

/// A function that any bytes may be given to; it panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("hcl", hcl),
    ("yaml", yaml),
    ("dockerfile", dockerfile),
    ("shell", shell),
    ("page", page),
    ("check", check),
    ("compose", compose),
    ("vagrant", vagrant),
    ("engines", engines),
    ("helm", crate::chart::helm),
    ("expression", expression),
];

/// HCL.
pub fn hcl(bytes: &[u8]) {
    let source = decoded(bytes);
    let tree = hcl::parse(&source);
    errors(&source, &tree.errors);
    for comment in &tree.comments {
        inside(&source, *comment);
    }
    for (index, expr) in tree.exprs.iter().enumerate() {
        inside(&source, expr.span);
        children(&tree, expr.kind, |child| {
            assert!((child.0 as usize) < index, "expression {index} comes before its child {}", child.0)
        });
        let _ = tree.plain_string(hcl::ExprId(Span::of(0, index).end));
    }
    body(&tree, &source, &tree.body);
}

fn body(tree: &hcl::Tree, source: &Arc<str>, of: &hcl::Body) {
    for attribute in of.attributes() {
        inside(source, attribute.name);
        inside(source, attribute.span);
    }
    for block in of.blocks() {
        inside(source, block.span());
        inside(source, block.open);
        for label in &block.labels {
            let _ = tree.label(*label);
        }
        body(tree, source, &block.body);
    }
}

fn children(tree: &hcl::Tree, kind: hcl::ExprKind, mut each: impl FnMut(hcl::ExprId)) {
    use hcl::ExprKind as E;
    match kind {
        E::GetAttr { base, .. } | E::Paren(base) | E::Unary(_, base) => each(base),
        E::Index { base, key } => [base, key].into_iter().for_each(each),
        E::Splat { source, each: item, .. } => [source, item].into_iter().for_each(each),
        E::Binary(_, left, right) => [left, right].into_iter().for_each(each),
        E::Conditional { condition, then, otherwise } => [condition, then, otherwise].into_iter().for_each(each),
        E::Call { args, .. } | E::Tuple(args) => tree.list(args).iter().copied().for_each(each),
        E::Object(items) => tree.items(items).iter().flat_map(|item| [item.key, item.value]).for_each(each),
        E::For(id) => {
            let parts = tree.for_expr(id);
            [Some(parts.collection), Some(parts.value_expr), parts.key_expr, parts.condition]
                .into_iter()
                .flatten()
                .for_each(each);
        }
        E::Template(_, parts) => tree.parts(parts).iter().for_each(|part| {
            if let hcl::tree::Part::Interpolation { expr, .. } = part {
                each(*expr);
            }
        }),
        E::Error | E::Null | E::Bool(_) | E::Number | E::Variable | E::SplatItem => {}
    }
}

/// YAML, as it is and as a Go template.
pub fn yaml(bytes: &[u8]) {
    let source = decoded(bytes);
    for tree in [yaml::parse(&source), yaml::parse_template(&source)] {
        errors(&source, &tree.errors);
        for span in tree.comments.iter().copied().chain(tree.holes.iter().map(|hole| hole.span)) {
            inside(&source, span);
        }
        for node in &tree.nodes {
            inside(&source, node.span);
            if let NodeKind::Alias(Some(target)) = &node.kind {
                assert!((target.0 as usize) < tree.nodes.len(), "an alias of no node");
            }
        }
        for document in &tree.documents {
            inside(&source, document.span);
            for dialect in [Dialect::Kubernetes, Dialect::Core] {
                let _ = yaml::to_value(&tree, document.root, FileId(0), dialect);
            }
        }
    }
}

/// Dockerfiles, and the shell in them.
pub fn dockerfile(bytes: &[u8]) {
    let source = decoded(bytes);
    let tree = dockerfile::parse(&source);
    errors(&source, &tree.errors);
    errors(&source, &tree.refused);
    for instruction in &tree.instructions {
        inside(&source, instruction.span);
        inside(&source, instruction.arguments);
        for word in &instruction.words {
            inside(&source, word.span);
            let _ = image::parse(&word.text);
        }
        for heredoc in &instruction.heredocs {
            inside(&source, heredoc.body);
        }
        if instruction.keyword == "RUN" && !instruction.exec {
            script(instruction.arguments.text(&source), Continuation::Dockerfile(tree.escape));
        }
    }
}

/// Shell, as a script and as it stands in a Dockerfile.
pub fn shell(bytes: &[u8]) {
    let source = decoded(bytes);
    for continuation in [Continuation::Shell, Continuation::Dockerfile('\\'), Continuation::Dockerfile('`')] {
        script(&source, continuation);
    }
}

fn script(source: &str, continuation: Continuation) {
    for command in shell::parse(source, continuation).commands {
        inside(source, command.span);
        let assigned = command.assignments.iter().chain(&command.redirects).map(|(_, word)| word);
        let bodies = command.documents.iter().map(|document| &document.body);
        for word in command.argv.iter().chain(assigned).chain(bodies) {
            inside(source, word.span);
            let _ = word.text();
        }
    }
}

/// What pages are compiled against here: a schema that holds a field of every type, so that nothing of the product's own is needed.
static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
    const TEXT: &str = "view thing\n  name, text string\n  open bool = false\n  count number\n  ports ports\n  sources addresses\n  image image\n  limits map(quantity)\n  \
                        tags list(string)\n  part block*\n    name, value string\n    size quantity\nresource aws_thing\n  size number = 1\n  ingress block*\n    port number\n";
    let blob = schema::compile(&[("any.schema", TEXT)]).unwrap_or_default();
    Schemas::from_static(blob.leak())
});

/// Rule pages.
pub fn page(bytes: &[u8]) {
    let source = decoded(bytes);
    let relations = Relations::default();
    let context = Context { schemas: &SCHEMAS, relations: &relations };
    match compile_page("page.md", &source, context) {
        Ok((page, _)) => {
            inside(&source, page.header);
            let _ = page.prose(&source);
        }
        Err(faults) => {
            for fault in faults {
                inside(&source, fault.span);
                let _ = fault.to_string();
            }
        }
    }
}

/// The names that the first byte of an input chooses from: one for each kind of file.
pub const NAMES: &[&str] = &[
    "main.tf",
    "main.tf.json",
    "terraform.tfvars",
    "plan.json",
    "pod.yaml",
    "compose.yaml",
    "Dockerfile",
    "daemon.json",
    "a.service",
    "a.sh",
    "user-data.yaml",
    "kustomization.yaml",
    "Chart.yaml",
    "templates/pod.yaml",
    "Vagrantfile",
];

/// A disk with nothing on it but what was added.
struct Nothing;

impl Files for Nothing {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        assert!(!path.is_absolute() && !path.as_str().contains(".."), "{path} leaves the workspace");
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Every rule, read once.
static RULES: LazyLock<RuleSet> = LazyLock::new(RuleSet::builtin);

/// A whole check: the first byte chooses the file's name, the others are what is in it.
pub fn check(bytes: &[u8]) {
    one_of(NAMES, bytes);
}

/// A whole check of a Compose file.
pub fn compose(bytes: &[u8]) {
    checked("compose.yaml", bytes);
}

/// A whole check of a Vagrantfile.
pub fn vagrant(bytes: &[u8]) {
    checked("Vagrantfile", bytes);
}

/// What configures engines besides Docker's, in TOML.
pub const ENGINES: &[&str] = &["containerd/config.toml", "containers.conf", "registries.conf"];

/// A whole check of one of them, as the first byte chooses.
pub fn engines(bytes: &[u8]) {
    one_of(ENGINES, bytes);
}

fn one_of(names: &[&str], bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let Some(name) = names.get(usize::from(first) % names.len()) else { return };
    checked(name, rest);
}

fn checked(name: &str, content: &[u8]) {
    let settings = Settings { select: vec!["all".to_owned()], today: Some((2026, 1, 1)), ..Settings::default() };
    let engine = Engine::new(Arc::new(Nothing), &RULES, &settings);
    assert!(engine.is_ok(), "the rules are refused");
    let Ok(mut engine) = engine else { return };
    let source = decoded(content);
    let mut sources = vec![Source::new(name, Ok(content.to_vec()))];
    // A template is nothing without its chart.
    if name.starts_with("templates/") {
        sources.push(Source::new("Chart.yaml", Ok(b"apiVersion: v2\nname: a\nversion: 1.0.0\n".to_vec())));
    }
    engine.add(sources);
    let report = engine.check(&|_, _| {});
    assert!(report.failures.is_empty(), "a rule fails: {:?}", report.failures);
    for finding in report.findings.iter().filter(|finding| finding.path == name) {
        inside(&source, finding.range.span);
        if finding.item.range.span.end as usize <= source.len() {
            inside(&source, finding.item.range.span);
        }
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            inside(&source, edit.range.span);
        }
    }
    for lost in &report.incomplete {
        assert!(!lost.reason.starts_with(FAULT), "{}: {}", lost.path, lost.reason);
    }
}

/// The text as every reader gets it: with the offsets of the bytes.
fn decoded(bytes: &[u8]) -> Arc<str> {
    let (decoded, _) = text::decode(bytes.to_vec());
    assert_eq!(decoded.len(), bytes.len(), "decoding moves offsets");
    decoded.into()
}

fn inside(source: &str, span: Span) {
    assert!(source.get(span.range()).is_some(), "{span:?} is no range of a text of {} bytes", source.len());
}

fn errors(source: &str, errors: &[SyntaxError]) {
    let index = LineIndex::new(source);
    for error in errors {
        inside(source, error.span);
        let _ = index.position(error.span.start, source);
    }
    assert!(errors.is_sorted_by_key(|error| error.span.start), "errors are not in order");
}
