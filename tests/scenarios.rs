//! Who can reach whom, on small projects with their answers: `tests/scenarios/**/*.md`, whose format its README describes.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fmt::Write;
use std::fs;
use std::sync::Arc;

use camino::Utf8PathBuf;
use plimsoll_engine::{Asked, Engine, Exposed, Settings, Source, Stated};
use plimsoll_tests::{NoDisk, files_below, workspace};

/// One `##` section of a page.
struct Scenario {
    /// Page and heading.
    name: String,
    files: Vec<(String, String)>,
    /// Lines of the ```answers block.
    expected: Vec<String>,
    settings: Option<String>,
}

/// Where a block without a title lies, by its language.
const PLACES: &[(&str, &str)] = &[
    ("terraform", "main.tf"),
    ("yaml", "manifests.yaml"),
    ("compose", "compose.yaml"),
    ("dockerfile", "Dockerfile"),
    ("vagrant", "Vagrantfile"),
    ("json", "daemon.json"),
    ("systemd", "docker.service"),
    ("cloud-init", "cloud-init.yaml"),
    ("sh", "setup.sh"),
];

fn scenarios(page: &str, text: &str) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            all.push(Scenario { name: format!("{page}: {heading}"), files: Vec::new(), expected: Vec::new(), settings: None });
        } else if let Some(fence) = line.strip_prefix("```").filter(|fence| !fence.is_empty()) {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let Some(scenario) = all.last_mut() else { continue };
            let language = fence.split_whitespace().next().unwrap_or("");
            let title = fence.split_once("title=\"").and_then(|(_, rest)| rest.split('"').next());
            match language {
                "answers" => scenario.expected = body.iter().map(|line| (*line).to_owned()).collect(),
                "toml" => scenario.settings = Some(body.join("\n")),
                _ => {
                    let place = PLACES.iter().find(|(name, _)| *name == language).map(|(_, place)| *place);
                    let path = title.or(place).unwrap_or_else(|| panic!("{page}: no title for {language}"));
                    scenario.files.push((path.to_owned(), body.join("\n") + "\n"));
                }
            }
        }
    }
    all
}

/// `internet -> aws_instance.web :22 reachable`, with what must be told after it.
fn judge(engine: &Engine, line: &str, wrong: &mut String) {
    let (asked, expected) = read(line);
    let answers = match engine.exposure(&asked) {
        Ok(answers) => answers,
        Err(error) => return writeln!(wrong, "  {line}\n    {error}").unwrap(),
    };
    if !answers.iter().any(|answer| expected.iter().all(|word| holds(answer, word))) {
        writeln!(wrong, "  {line}").unwrap();
        for answer in &answers {
            let steps: Vec<String> = answer.steps.iter().map(told).collect();
            let wall = answer.wall_place.as_ref().map(told).unwrap_or_default();
            let (ports, missing) = (answer.ports.join(","), answer.missing.join("; "));
            writeln!(wrong, "    is: {} [{ports}] missing [{missing}] wall [{wall}] steps {steps:#?}", answer.verdict).unwrap();
        }
    }
}

/// What is asked region by region is what the world as a whole answers.
fn compare(engine: &Engine, wrong: &mut String) {
    let answers = |from: Option<&str>| {
        let asked = Asked { from: from.map(str::to_owned), ..Asked::default() };
        let mut all: Vec<String> = engine.exposure(&asked).unwrap().iter().map(|answer| format!("{answer:?}")).collect();
        all.sort();
        all
    };
    let (regions, whole) = (answers(None), answers(Some("internet")));
    for (one, other, what) in [(&regions, &whole, "only some region says"), (&whole, &regions, "no region says")] {
        one.iter().filter(|line| !other.contains(line)).for_each(|line| writeln!(wrong, "  {what}: {line}").unwrap());
    }
}

fn told(step: &plimsoll_engine::Stretch) -> String {
    let line = step.range.map(|range| range.start.line.to_string()).unwrap_or_default();
    format!("{} ({}:{line})", step.message, step.path.as_ref().map(|path| path.as_str()).unwrap_or("-"))
}

/// The question, and what the answer must hold.
fn read(line: &str) -> (Asked, Vec<(String, String)>) {
    let (from, rest) = line.split_once(" -> ").expect("FROM -> TO");
    let (head, tail) = rest.split_once(": ").expect("TO [:PORT]: VERDICT");
    let (to, port) = match head.rsplit_once(" :") {
        Some((to, port)) => (to, Some(port.parse().expect("a port"))),
        None => (head, None),
    };
    let mut parts = tail.split(", ");
    let verdict = parts.next().expect("a verdict");
    let mut expected = vec![("verdict".to_owned(), verdict.to_owned())];
    for part in parts {
        let (word, text) = part.split_once(' ').expect("WORD TEXT");
        expected.push((word.to_owned(), text.to_owned()));
    }
    (Asked { from: Some(from.to_owned()), to: Some(to.to_owned()), port }, expected)
}

fn holds(answer: &Exposed, (word, text): &(String, String)) -> bool {
    match word.as_str() {
        "verdict" => answer.verdict == text,
        "ports" => answer.ports.join(" ") == *text,
        "missing" => answer.missing.iter().any(|missing| missing.contains(text.as_str())),
        "wall" => answer.wall_place.as_ref().is_some_and(|wall| told(wall).contains(text.as_str())),
        "step" => answer.steps.iter().any(|step| told(step).contains(text.as_str())),
        _ => panic!("{word} is nothing that an answer has"),
    }
}

#[test]
fn every_scenario_is_answered_as_its_page_says() {
    let root = workspace().join("tests/scenarios");
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let (mut count, mut failures) = (0, String::new());
    for path in files_below(&root, |name| name.ends_with(".md") && name != "README.md") {
        let page = Utf8PathBuf::from_path_buf(path.clone()).unwrap();
        let page = page.strip_prefix(Utf8PathBuf::from_path_buf(root.clone()).unwrap()).unwrap().to_string();
        for scenario in scenarios(&page, &fs::read_to_string(&path).unwrap()) {
            if !scenario.name.contains(&only) {
                continue;
            }
            count += 1;
            let stated = scenario.settings.as_deref().map(|text| Stated::parse(text).unwrap()).unwrap_or_default();
            let settings = Settings { stated, ..Settings::default() };
            let mut engine = Engine::new(Arc::new(NoDisk), &plimsoll_rules::RuleSet::default(), &settings).unwrap();
            let source = |(path, text): (String, String)| Source::new(path, Ok(text.into_bytes()));
            engine.add(scenario.files.into_iter().map(source).collect());
            let mut wrong = String::new();
            assert!(!scenario.expected.is_empty(), "{} expects nothing", scenario.name);
            for line in scenario.expected.iter().filter(|line| !line.trim().is_empty()) {
                judge(&engine, line, &mut wrong);
            }
            compare(&engine, &mut wrong);
            if !wrong.is_empty() {
                write!(failures, "{}\n{wrong}\n", scenario.name).unwrap();
            }
        }
    }
    assert!(count > 0, "no scenario");
    assert!(failures.is_empty(), "\n{failures}");
}
