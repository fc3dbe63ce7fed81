//! Evaluating Terraform: 2,000 resources in 100 modules, ten times as many (goal: at most 11 times the time and memory), one resource of 10,000
//! instances beside one of 10 (goal: at most twice as long), and an edit of one attribute beside a cold start (goal: at most 1 %).
//!
//! `cargo bench -p plimsoll-tests --bench terraform`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_syntax::{FileId, hcl};
use plimsoll_terraform::{Evaluation, FileRead, Module, ModuleFiles, SourceFile, SourceTree, Workspace, declarations, evaluate};
use plimsoll_tests::measure;

/// A workspace whose declarations are read once.
struct Modules(BTreeMap<String, Arc<Module>>);

impl Workspace for Modules {
    fn module(&self, dir: &str) -> Option<Arc<Module>> {
        self.0.get(dir).cloned()
    }

    fn read(&self, _: &str) -> FileRead {
        FileRead::Missing
    }
}

impl Modules {
    fn new(texts: &[(String, String)]) -> Self {
        let module = |(at, (dir, text)): (usize, &(String, String))| {
            let tree = Arc::new(hcl::parse(&text.as_str().into()));
            let file = SourceFile { name: "main.tf", file: FileId(u32::try_from(at).unwrap_or(0)), tree: SourceTree::Hcl(&tree) };
            (dir.clone(), Arc::new(declarations(&ModuleFiles { dir, files: vec![file] })))
        };
        Self(texts.iter().enumerate().map(module).collect())
    }

    fn evaluate(&self) -> Evaluation {
        evaluate("", self)
    }
}

fn main() {
    let (small, small_memory) = project(100, 20);
    let (large, large_memory) = project(1_000, 20);
    println!("2,000 resources, 100 modules     {:>9.1} ms  {:>6.1} MB", milliseconds(small), megabytes(small_memory));
    println!(
        "20,000 resources, 1,000 modules  {:>9.1} ms  {:>6.1} MB   {:.1} × the time, {:.1} × the memory (goal: at most 11)",
        milliseconds(large),
        megabytes(large_memory),
        large.as_secs_f64() / small.as_secs_f64(),
        megabytes(large_memory) / megabytes(small_memory),
    );
    for (name, body) in [("alike", "ami = local.ami"), ("by each.key", "ami = each.key")] {
        let (few, many) = (instances(10, body), instances(10_000, body));
        println!(
            "10 and 10,000 instances, {name:<12} {:>9.3} ms {:>9.3} ms   {:.1} × (goal: at most 2)",
            milliseconds(few),
            milliseconds(many),
            many.as_secs_f64() / few.as_secs_f64(),
        );
    }
}

fn project(modules: usize, resources: usize) -> (Duration, usize) {
    let workspace = Modules::new(&texts(modules, resources));
    measure::forget_peak();
    let before = measure::peak().unwrap_or(0);
    let evaluation = workspace.evaluate();
    let used = measure::peak().unwrap_or(0).saturating_sub(before);
    let made = evaluation.items.iter().filter(|item| item.views.iter().any(|view| view == "resource")).count();
    assert_eq!(made, modules * resources, "not everything was evaluated");
    drop(evaluation);
    (best(5, || workspace.evaluate()), usize::try_from(used).unwrap_or(0))
}

/// A root that calls modules, each with resources that refer to each other and to what the root gives.
fn texts(modules: usize, resources: usize) -> Vec<(String, String)> {
    let mut root = String::from(
        "variable \"region\" {\n  default = \"eu-central-1\"\n}\nlocals {\n  tags = { Team = \"a\", Region = var.region }\n}\n",
    );
    let mut all = Vec::new();
    for module in 0..modules {
        let before =
            module.checked_sub(1).map_or_else(|| "\"10.0.0.0/16\"".to_owned(), |before| format!("module.m{before}.cidr"));
        let _ = write!(
            root,
            "module \"m{module}\" {{\n  source = \"./m{module}\"\n  name = \"m{module}\"\n  tags = local.tags\n  cidr = {before}\n}}\n"
        );
        let mut text = String::from(
            "variable \"name\" { type = string }\nvariable \"tags\" { type = map(string) }\nvariable \"cidr\" {}\noutput \"cidr\" {\n  value = var.name == \"\" ? var.cidr : \"10.0.0.0/16\"\n}\n\
             resource \"aws_vpc\" \"r0\" {\n  cidr_block = var.cidr\n  tags = merge(var.tags, { Name = var.name })\n}\n",
        );
        for resource in 1..resources {
            let _ = write!(
                text,
                "resource \"aws_security_group\" \"r{resource}\" {{\n  name = \"${{var.name}}-{resource}\"\n  vpc_id = aws_vpc.r0.id\n  tags = merge(var.tags, {{ Name = \"{resource}\" }})\n  \
                 ingress {{\n    from_port = {resource}\n    to_port = {resource} + 1\n    protocol = \"tcp\"\n    cidr_blocks = [cidrsubnet(\"10.0.0.0/8\", 8, {resource})]\n  }}\n}}\n"
            );
        }
        all.push((format!("m{module}"), text));
    }
    all.push((String::new(), root));
    all
}

fn instances(count: usize, body: &str) -> Duration {
    let names: Vec<String> = (0..count).map(|at| format!("\"n{at}\"")).collect();
    let text = format!(
        "locals {{\n  ami = \"ami-1\"\n}}\nresource \"aws_instance\" \"x\" {{\n  for_each = toset([{}])\n  {body}\n  instance_type = \"t3.micro\"\n  root_block_device {{\n    encrypted = true\n  }}\n}}\n",
        names.join(", ")
    );
    let workspace = Modules::new(&[(String::new(), text)]);
    best(20, || workspace.evaluate())
}

/// The fastest of several rounds.
fn best<T>(rounds: usize, mut work: impl FnMut() -> T) -> Duration {
    let round = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..rounds).map(round).min().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "megabytes are counted roughly")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
