//! Charts: what their files say, before anything is rendered.

pub(crate) mod coalesce;
pub(crate) mod dependencies;
mod ignore;
pub(crate) mod schema;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use plimsoll_syntax::{FileId, Place, Span, Value as Read, yaml};

use crate::files::Files;
use crate::functions::semver::Version;
use crate::text::Source;
use crate::value::{Data, Dict, Value};
use crate::{ChartFile, Problem, ProblemKind};

use dependencies::Requirement;
use ignore::Ignore;

/// How deep charts may lie in charts.
const MAX_DEPTH: usize = 16;

/// Says which files are no part of a chart.
const IGNORE: &str = ".helmignore";

/// A template of a chart.
#[derive(Clone, Debug)]
pub(crate) struct TemplateFile {
    /// Below the chart's directory: `templates/deployment.yaml`.
    pub path: String,
    pub file: FileId,
    pub text: Arc<str>,
}

/// A chart with those inside it.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// The alias under which its parent calls it, or the name.
    pub name: String,
    pub version: String,
    pub is_library: bool,
    /// `Chart.yaml`
    pub metadata: Dict,
    pub templates: Rc<Vec<TemplateFile>>,
    pub files: Rc<Files>,
    pub values: Dict,
    pub schema: Option<Arc<str>>,
    pub requirements: Vec<Requirement>,
    pub charts: Vec<Self>,
}

/// Reads a chart and its sub-charts. Paths are relative to the chart.
pub(crate) fn load(files: &[ChartFile<'_>], depth: usize, problems: &mut Vec<Problem>) -> Option<Chart> {
    let by_path: BTreeMap<&str, &ChartFile<'_>> = files.iter().map(|file| (file.path, file)).collect();
    let first = files.first()?;
    let whole = |file: &ChartFile<'_>, message: String| Problem {
        kind: ProblemKind::Chart,
        template: None,
        place: Place::new(file.file, Span::default()),
        message,
    };
    let Some(chart_file) = by_path.get("Chart.yaml") else {
        problems.push(whole(first, "Chart.yaml file is missing".to_owned()));
        return None;
    };
    let Ok(metadata) = table(chart_file) else {
        problems.push(whole(chart_file, "cannot load Chart.yaml".to_owned()));
        return None;
    };
    if let Some(Ok(old)) = by_path.get("requirements.yaml").map(|file| table(file)) {
        old.entries().into_iter().for_each(|(key, slot)| metadata.set_slot(key, slot));
    }
    if let Err(message) = valid(&metadata) {
        problems.push(whole(chart_file, format!("validation: {message}")));
        return None;
    }
    let values = match by_path.get("values.yaml").map(|file| (file, table(file))) {
        Some((_, Ok(values))) => values,
        None => Dict::default(),
        Some((file, Err(message))) => {
            problems.push(whole(file, format!("cannot load values.yaml: {message}")));
            return None;
        }
    };
    let mut templates = Vec::new();
    let mut others = Files::default();
    let mut inner: BTreeMap<&str, Vec<ChartFile<'_>>> = BTreeMap::new();
    // Helm reads the rules of the outermost chart only, for everything below it.
    let rules = by_path.get(IGNORE).filter(|_| depth == 0).map(|file| Ignore::parse(file.text)).unwrap_or_default();
    for file in files.iter().filter(|file| !rules.covers(file.path)) {
        match file.path {
            "Chart.yaml" | "Chart.lock" | "values.yaml" | "values.schema.json" => {}
            IGNORE if depth == 0 => {}
            "requirements.yaml" | "requirements.lock" if text_of(&metadata, "apiVersion") != "v1" => {}
            path if path.starts_with("templates/.") => {}
            path if path.starts_with("templates/") => {
                templates.push(TemplateFile { path: path.to_owned(), file: file.file, text: file.text.clone() })
            }
            path => match path.strip_prefix("charts/") {
                Some(rest) => {
                    if let Some((name, rest)) = rest.split_once('/').filter(|(name, _)| !name.starts_with(['_', '.'])) {
                        inner.entry(name).or_default().push(ChartFile { path: rest, ..*file });
                    }
                }
                None => {
                    let place = Place::new(file.file, Span::of(0, file.text.len()));
                    others.add(
                        path,
                        file.text.trim_start_matches(plimsoll_syntax::text::BOM),
                        Source { value: place, ..Source::default() },
                    );
                }
            },
        }
    }
    let mut charts = Vec::new();
    for files in inner.values() {
        if depth < MAX_DEPTH && files.iter().any(|file| file.path == "Chart.yaml") {
            charts.push(load(files, depth + 1, problems)?);
        }
    }
    let requirements = dependencies::requirements(&metadata);
    Some(Chart {
        name: text_of(&metadata, "name"),
        version: text_of(&metadata, "version"),
        is_library: text_of(&metadata, "type").eq_ignore_ascii_case("library"),
        requirements,
        metadata,
        templates: Rc::new(templates),
        files: Rc::new(others),
        values,
        schema: by_path.get("values.schema.json").map(|file| file.text.clone()),
        charts,
    })
}

/// A file that holds one map, or nothing.
pub(crate) fn table(file: &ChartFile<'_>) -> Result<Dict, String> {
    let tree = yaml::parse(file.text);
    if let Some(error) = tree.errors.first() {
        return Err(error.message.to_string());
    }
    let Some(document) = tree.documents.first() else { return Ok(Dict::default()) };
    let read: Read = yaml::to_value(&tree, document.root, file.file, yaml::Dialect::Kubernetes);
    match Value::read(&read, file.text).data {
        Data::Map(dict) => Ok(dict),
        Data::Nil => Ok(Dict::default()),
        _ => Err("this is no map".to_owned()),
    }
}

/// A field of `Chart.yaml` that Helm reads as a string.
pub(crate) fn text_of(metadata: &Dict, key: &str) -> String {
    match metadata.get(key) {
        Some(value) if !value.is_nil() => crate::print::plain(&value),
        _ => String::new(),
    }
}

fn valid(metadata: &Dict) -> Result<(), &'static str> {
    let name = text_of(metadata, "name");
    if name.is_empty() {
        return Err("chart.metadata.name is required");
    }
    if name.contains(['/', '\\']) {
        return Err("chart.metadata.name is invalid");
    }
    let version = text_of(metadata, "version");
    if version.is_empty() {
        return Err("chart.metadata.version is required");
    }
    if Version::parse(&version).is_none() {
        return Err("chart.metadata.version is invalid");
    }
    if !matches!(text_of(metadata, "type").as_str(), "" | "application" | "library") {
        return Err("chart.metadata.type must be application or library");
    }
    Ok(())
}
