//! Evaluating Terraform: 2,000 resources in 100 modules, ten times as many (goal: at most 11 times the time and memory), one resource of 10,000
//! instances beside one of 10 (goal: at most twice as long), and edits beside a cold start, the first after it and the next one (goal: at most
//! 1 % for one attribute). Each ratio is of two processor times of the same run, measured by turns.
//!
//! Instances: with `for_each` both workspaces make the same set of 10,000 names, and only the number of instances differs. Those that differ by their keys are
//! looked at one by one up to 1,024. Edits: an evaluation as the language server does it, the declarations of the edited file included; cold:
//! reading all declarations and evaluating.
//!
//! `cargo bench -p plimsoll-tests --bench terraform`

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use plimsoll_syntax::{FileId, hcl};
use plimsoll_terraform::{
    Evaluation, FileRead, Inputs, Memory, Module, ModuleFiles, SourceFile, SourceTree, Workspace, declarations, evaluate,
    evaluate_again,
};
use plimsoll_tests::measure::{self, fastest, median, milliseconds};
use rustc_hash::FxHashMap;

/// What the program allocates with: growth is that of our own work, not of how another allocator puts together what was let go.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A workspace whose declarations are read once.
struct Modules(FxHashMap<String, Arc<Module>>);

impl Workspace for Modules {
    fn module(&self, dir: &str) -> Option<Arc<Module>> {
        self.0.get(dir).cloned()
    }

    fn is_module(&self, dir: &str, known: Option<&Arc<Module>>) -> bool {
        self.0.get(dir).map(Arc::as_ptr) == known.map(Arc::as_ptr)
    }

    fn read(&self, _: &str) -> FileRead {
        FileRead::Missing
    }
}

impl Modules {
    fn new(texts: &[(String, String)]) -> Self {
        Self(texts.iter().enumerate().map(|(at, (dir, text))| (dir.clone(), module(at, dir, text))).collect())
    }

    fn evaluate(&self) -> Evaluation {
        evaluate("", self)
    }
}

fn module(at: usize, dir: &str, text: &str) -> Arc<Module> {
    let tree = Arc::new(hcl::parse(&text.into()));
    let file = SourceFile { name: "main.tf", file: FileId(u32::try_from(at).unwrap_or(0)), tree: SourceTree::Hcl(&tree) };
    Arc::new(declarations(&ModuleFiles { dir, files: vec![file] }))
}

fn main() {
    measure::small_pages();
    // Memory first: what was let go before is taken again without being seen.
    let small = Modules::new(&texts(100, 20));
    let small_memory = memory(&small, 2_001);
    let large = Modules::new(&texts(1_000, 20));
    let large_memory = memory(&large, 20_001);
    let rounds =
        measure::by_turns(31, now, [&mut || drop(black_box(small.evaluate())), &mut || drop(black_box(large.evaluate()))]);
    let [small, large] = [0, 1].map(|which| median(rounds.iter().map(|round| milliseconds(round[which]))));
    // Of two that follow each other, so that a machine that becomes slower or faster does not matter.
    let growth = median(rounds.iter().map(|[small, large]| large.as_secs_f64() / small.as_secs_f64()));
    println!("2,000 resources, 100 modules     {:>9.1} ms  {:>6.1} MB", small, megabytes(small_memory));
    println!(
        "20,000 resources, 1,000 modules  {:>9.1} ms  {:>6.1} MB   {:.1} × the time, {:.1} × the memory (goal: at most 11)",
        large,
        megabytes(large_memory),
        growth,
        megabytes(large_memory) / megabytes(small_memory),
    );
    for (name, repetition, body) in [
        ("count, alike", "count = SIZE", "ami = local.ami"),
        ("for_each, alike", "for_each = local.SIZE", "ami = local.ami"),
        ("by each.key", "for_each = local.SIZE", "ami = each.key"),
        ("by count.index", "count = SIZE", "ami = count.index"),
    ] {
        let (few, many) = (instances("10", repetition, body), instances("10000", repetition, body));
        let rounds =
            measure::by_turns(30, now, [&mut || drop(black_box(few.evaluate())), &mut || drop(black_box(many.evaluate()))]);
        let [few, many] = fastest(&rounds);
        println!(
            "10 and 10,000 instances, {name:<16} {:>9.3} ms {:>9.3} ms   {:.2} × (goal: at most 2)",
            milliseconds(few),
            milliseconds(many),
            many.as_secs_f64() / few.as_secs_f64(),
        );
    }
    // Of a module in the middle, and of the root.
    for (name, dir, old, new) in [
        ("one attribute", "m50", "to_port = 10 + 1", "to_port = 10 + 22"),
        ("one attribute, other length of text", "m50", "to_port = 10 + 1\n", "to_port = 10 + 1222\n"),
        ("an attribute that others use", "m50", "cidr_block = var.cidr", "cidr_block = var.name"),
        (
            "the default of a variable of a module",
            "m50",
            "variable \"extra\" { default = 1 }",
            "variable \"extra\" { default = 2 }",
        ),
        ("the default of a variable of the root", "", "default = \"one\"", "default = \"two\""),
        ("the same, that all modules are given", "", "default = \"eu-central-1\"", "default = \"us-central-1\""),
        ("a word before all that the root says", "", "variable \"region\"", "# word\nvariable \"region\""),
    ] {
        let [cold, first, next] = edited(dir, old, new);
        let percent = |part: Duration| 100.0 * part.as_secs_f64() / cold.as_secs_f64();
        println!(
            "edit {name:<38} cold {:>7.2} ms, after that {:>7.3} ms   {:.2} %, the next one {:>7.3} ms   {:.2} %",
            milliseconds(cold),
            milliseconds(first),
            percent(first),
            milliseconds(next),
            percent(next),
        );
    }
}

/// A cold start, the first edit after it, and the next one, as when somebody types: of one workspace, whose state a language server keeps.
fn edited(dir: &str, old: &str, new: &str) -> [Duration; 3] {
    let mut all = texts(100, 20);
    let at = all.iter().position(|(known, _)| known == dir).unwrap_or(0);
    assert!(all[at].1.contains(old), "{old} is not there");
    let again = |workspace: &Modules, memory: &Memory| black_box(evaluate_again("", &Inputs::default(), workspace, memory));
    let mut best = [Duration::MAX; 3];
    for _ in 0..30 {
        let memory = Memory::default();
        let start = now();
        let mut workspace = Modules::new(&all);
        let evaluation = again(&workspace, &memory);
        best[0] = best[0].min(now() - start);
        for (best, (from, to)) in best.iter_mut().skip(1).zip([(old, new), (new, old)]) {
            all[at].1 = all[at].1.replacen(from, to, 1);
            let start = now();
            workspace.0.insert(dir.to_owned(), module(at, dir, &all[at].1));
            let after = again(&workspace, &memory);
            *best = (now() - start).min(*best);
            assert_eq!(after.items.len(), evaluation.items.len(), "something is lost");
        }
    }
    best
}

/// The most memory that an evaluation takes, with what it returns.
fn memory(workspace: &Modules, resources: usize) -> usize {
    measure::forget_peak();
    let before = measure::peak().unwrap_or(0);
    let evaluation = workspace.evaluate();
    let used = measure::peak().unwrap_or(0).saturating_sub(before);
    let made = evaluation.items.iter().filter(|item| item.views.iter().any(|view| view == "resource")).count();
    assert_eq!(made, resources, "not everything was evaluated");
    usize::try_from(used).unwrap_or(0)
}

/// A root that calls modules, each with resources that refer to each other and to what the root gives.
fn texts(modules: usize, resources: usize) -> Vec<(String, String)> {
    let mut root = String::from(
        "variable \"region\" {\n  default = \"eu-central-1\"\n}\nvariable \"few\" {\n  default = \"one\"\n}\nresource \"aws_eip\" \"few\" {\n  tags = { Few = var.few }\n}\nlocals {\n  tags = { Team = \"a\", Region = var.region }\n}\n",
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
            "variable \"name\" { type = string }\nvariable \"tags\" { type = map(string) }\nvariable \"cidr\" {}\nvariable \"extra\" { default = 1 }\noutput \"cidr\" {\n  value = var.name == \"\" ? var.cidr : \"10.0.0.0/16\"\n}\n\
             resource \"aws_vpc\" \"r0\" {\n  cidr_block = var.cidr\n  netmask = var.extra\n  tags = merge(var.tags, { Name = var.name })\n}\n",
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

/// One resource; both sets of names are always made.
fn instances(size: &str, repetition: &str, body: &str) -> Modules {
    let repetition = repetition.replace("local.SIZE", &format!("local.of_{size}")).replace("SIZE", size);
    let names = "  of_10 = toset([for at in range(10) : \"n${at}\"])\n  of_10000 = toset(flatten([for ten in range(10) : [for at in range(1000) : \"n${ten}-${at}\"]]))\n";
    let names = if repetition.starts_with("for_each") { names } else { "" };
    let text = format!(
        "locals {{\n  ami = \"ami-1\"\n{names}}}\nresource \"aws_instance\" \"x\" {{\n  {repetition}\n  {body}\n  instance_type = \"t3.micro\"\n  root_block_device {{\n    \
         encrypted = true\n  }}\n}}\n"
    );
    Modules::new(&[(String::new(), text)])
}

/// Processor time where it can be had, so that what else runs on the machine does not matter.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    measure::thread().unwrap_or_else(|| START.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "megabytes are counted roughly")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
