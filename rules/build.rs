//! Compiles every rule page into one table, so that a finished binary reads none.
//!
//! A page with an error, a page whose Rust half is missing, a Rust half without a page, and two rules of one name stop the build.

#![expect(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a build script reads the pages and speaks to Cargo")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use plimsoll_rule_language::{Context, Relations, Schemas, compile_page, schema};

/// Folders of this crate that hold no pages.
const NOT_PAGES: &[&str] = &["language", "schemas", "facts", "target"];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            for error in errors {
                eprintln!("{error}\n");
            }
            ExitCode::FAILURE
        }
    }
}

type Errors = Vec<String>;

fn build() -> Result<(), Errors> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(text)?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(text)?);
    let schemas = compile_schemas(&root, &out)?;
    let relations = read_relations(&root, &out)?;
    let context = Context { schemas: &schemas, relations: &relations };

    let mut pages = Vec::new();
    let mut halves = Vec::new();
    walk(&root, &root, &mut pages, &mut halves).map_err(text)?;
    pages.sort();
    let mut errors = Vec::new();
    // By name, as a set of rules has them.
    let mut table: BTreeMap<String, String> = BTreeMap::new();
    let mut modules = String::new();
    let (mut texts, mut headers) = (Vec::new(), Vec::new());
    let mut names: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in pages {
        let shown = format!("rules/{}", slashes(path.strip_prefix(&root).unwrap_or(&path)));
        let source = fs::read_to_string(&path).map_err(text)?;
        let name = stem(&path);
        if let Some(other) = names.insert(name.clone(), path.clone()) {
            errors.push(format!("error: two rules are called `{name}`\n --> {shown}\n --> {}", slashes(&other)));
        }
        let (page, rule) = match compile_page(&shown, &source, context) {
            Ok(compiled) => compiled,
            Err(faults) => {
                errors.extend(faults.iter().map(ToString::to_string));
                continue;
            }
        };
        let half = path.with_extension("rs");
        let has_half = halves.iter().position(|known| *known == half).map(|at| halves.swap_remove(at)).is_some();
        if rule.rust != has_half {
            let missing =
                if rule.rust { "`check = rust`, but there is no Rust half" } else { "a Rust half, but no `check = rust`" };
            errors.push(format!("error: the page has {missing}\n --> {shown}"));
        }
        let module = name.replace('-', "_");
        let check = if has_half { format!("Some({module}::check)") } else { "None".to_owned() };
        if has_half {
            let _ = writeln!(modules, "#[path = {:?}]\nmod {module};", half.display().to_string());
        }
        let group = path.parent().and_then(|folder| folder.strip_prefix(&root).ok()).map(slashes).unwrap_or_default();
        let facts = packed(&mut texts, rule.facts(&group, &page).as_bytes());
        let whole = packed(&mut texts, source.as_bytes());
        let header = packed(&mut headers, &postcard::to_allocvec(&rule).map_err(text)?);
        let row = format!(
            "    RuleInfo {{ name: CompactString::const_new({name:?}), facts: Stored::Packed({facts}), page: Stored::Packed({whole}), \
             block: ({}, {}), rule: Header::packed({header}), profile: Profile::{:?}, check: {check} }},\n",
            page.header_block.start, page.header_block.end, rule.profile,
        );
        table.insert(name, row);
    }
    errors.extend(halves.iter().map(|half| format!("error: a Rust half without a page\n --> {}", slashes(half))));
    if !errors.is_empty() {
        return Err(errors);
    }
    let code =
        format!("{modules}\nstatic BUILT_IN: [RuleInfo; {}] = [\n{}];\n", table.len(), table.into_values().collect::<String>());
    fs::write(out.join("texts.txt"), texts).map_err(text)?;
    fs::write(out.join("headers.bin"), headers).map_err(text)?;
    fs::write(out.join("rules.rs"), code).map_err(text)
}

/// Adds bytes; where they begin and end.
fn packed(all: &mut Vec<u8>, bytes: &[u8]) -> String {
    let start = all.len();
    all.extend_from_slice(bytes);
    format!("{start}, {}", all.len())
}

fn compile_schemas(root: &Path, out: &Path) -> Result<Schemas, Errors> {
    let texts = read_folder(&root.join("schemas"), "schema")?;
    let borrowed: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let blob = schema::compile(&borrowed).map_err(|error| vec![error.to_string()])?;
    fs::write(out.join("schemas.bin"), &blob).map_err(text)?;
    Ok(Schemas::from_static(blob.leak()))
}

fn read_relations(root: &Path, out: &Path) -> Result<Relations, Errors> {
    let mut relations = Relations::default();
    let mut errors = Vec::new();
    for (name, source) in read_folder(&root.join("facts"), "hcl")? {
        if let Err(faults) = relations.read(&format!("rules/facts/{name}"), &source) {
            errors.extend(faults.iter().map(ToString::to_string));
        }
    }
    fs::write(out.join("relations.bin"), postcard::to_allocvec(&relations).map_err(text)?).map_err(text)?;
    if errors.is_empty() { Ok(relations) } else { Err(errors) }
}

/// The files of one folder with this extension, by name.
fn read_folder(folder: &Path, extension: &str) -> Result<Vec<(String, String)>, Errors> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(text)? {
        let path = entry.map_err(text)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            println!("cargo::rerun-if-changed={}", path.display());
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            all.push((name, fs::read_to_string(&path).map_err(text)?));
        }
    }
    all.sort();
    Ok(all)
}

/// The pages and the Rust halves below a folder.
fn walk(root: &Path, folder: &Path, pages: &mut Vec<PathBuf>, halves: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !(folder == root && NOT_PAGES.contains(&name.as_str())) {
                walk(root, &path, pages, halves)?;
            }
        } else if folder != root {
            println!("cargo::rerun-if-changed={}", path.display());
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("md") => pages.push(path),
                Some("rs") => halves.push(path),
                _ => {}
            }
        }
    }
    Ok(())
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn text(error: impl ToString) -> Errors {
    vec![error.to_string()]
}
