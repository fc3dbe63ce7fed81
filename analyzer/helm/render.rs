//! From a chart to its manifests.

use std::rc::Rc;
use std::sync::Arc;

use plimsoll_syntax::{FileId, Place, Span};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::capabilities::capabilities;
use crate::chart::{self, Chart, TemplateFile, coalesce, dependencies, schema, text_of};
use crate::functions;
use crate::memory::{Kept, Memory};
use crate::object::Object;
use crate::parser;
use crate::run::{Code, Machine, Template, Templates};
use crate::text::{Source, Text};
use crate::value::{Data, Dict, Value};
use crate::watch::Watch;
use crate::{ChartFile, Manifest, Options, Problem, ProblemKind, Rendered};

/// Renders a chart; `before`: what was rendered last.
pub(crate) fn render(files: &[ChartFile<'_>], options: &Options<'_>, before: Option<&Memory>) -> (Rendered, Memory) {
    let mut out = (Rendered::default(), Memory::of(files, options));
    match rendered(files, options, before, &mut out) {
        Ok(true) => out,
        // A template has changed values that others were said not to see change.
        Ok(false) => render(files, options, None),
        Err(problem) => {
            out.0.problems.push(*problem);
            out
        }
    }
}

/// Whether all of it can be trusted.
fn rendered(
    files: &[ChartFile<'_>],
    options: &Options<'_>,
    before: Option<&Memory>,
    (out, memory): &mut (Rendered, Memory),
) -> Result<bool, Box<Problem>> {
    let Some(mut chart) = chart::load(files, 0, &mut out.problems) else { return Ok(true) };
    let start = |name: &str| {
        files.iter().find(|file| file.path == name).map_or(Place::NONE, |file| Place::new(file.file, Span::default()))
    };
    let refused = |kind: ProblemKind, place: Place, message: String| Box::new(Problem { kind, template: None, place, message });
    let given = Dict::default();
    for file in options.values {
        let table =
            chart::table(file).map_err(|message| refused(ProblemKind::Chart, Place::new(file.file, Span::default()), message))?;
        coalesce::over(&given, &table);
    }
    let mut missing = Vec::new();
    let whole = |message: String| refused(ProblemKind::Chart, start("Chart.yaml"), message);
    dependencies::select(&mut chart, &given, "", &mut missing).map_err(whole)?;
    dependencies::import(&mut chart, options.keep_nulls).map_err(whole)?;
    for requirement in missing {
        let message = format!("the chart {} is not unpacked here, so what it brings is not seen", requirement.name);
        out.problems.push(Problem { kind: ProblemKind::MissingDependency, template: None, place: requirement.place, message });
    }
    let values = coalesce::coalesced(&chart, &given, false).map_err(whole)?;
    if let Some((place, message)) = schema::check(&chart, &values) {
        let place = if place.is_some() { place } else { start("values.yaml") };
        return Err(refused(ProblemKind::Chart, if place.is_some() { place } else { start("Chart.yaml") }, message));
    }
    let release = Dict::default();
    release.set("Name", options.release);
    // Names must fit each other, so the release has one; where it is installed is left open.
    release.set("Namespace", Value::opaque(options.namespace));
    release.set("Service", "Helm");
    release.set("IsInstall", true);
    release.set("IsUpgrade", false);
    release.set("Revision", Value::new(Data::Int(1)));
    let mut all = Vec::new();
    let around = Around { release: release.clone().into(), capabilities: capabilities(options.kubernetes) };
    let mut maps = vec![release];
    contexts(&chart, &chart.name, true, values.clone().into(), &around, &mut all);
    maps.extend(all.iter().map(|rendering| rendering.dot.clone()));
    // Deep files first, so that what lies above them overrides their definitions.
    all.sort_by(|a, b| (depth(&b.name), &b.name).cmp(&(depth(&a.name), &a.name)));
    let watch = Watch::over(&values, &maps);
    execute(&all, options.required_is_open, &watch, before, out, memory);
    if watch.is_written() {
        // What one template writes, those after it read: none can be kept without the others.
        memory.kept.clear();
        return Ok(before.is_none_or(|before| before.kept.is_empty()));
    }
    Ok(true)
}

fn depth(name: &str) -> usize {
    name.matches('/').count()
}

/// What is the same for all charts of a release.
struct Around {
    release: Value,
    capabilities: Value,
}

/// A template with what it is rendered with.
struct Rendering {
    /// `chart/charts/sub/templates/x.yaml`
    name: String,
    base: String,
    template: TemplateFile,
    dot: Dict,
}

fn contexts(chart: &Chart, path: &str, is_root: bool, values: Value, around: &Around, all: &mut Vec<Rendering>) -> Dict {
    let (dot, inner_dots) = (Dict::default(), Dict::default());
    dot.set("Chart", metadata(chart, is_root));
    dot.set("Files", Value::new(Data::Object(Object::Files(chart.files.clone()))));
    dot.set("Release", around.release.clone());
    dot.set("Capabilities", around.capabilities.clone());
    dot.set("Values", values.clone());
    dot.set("Subcharts", inner_dots.clone());
    for inner in &chart.charts {
        let own = values.as_dict().and_then(|values| values.table(&inner.name)).unwrap_or_default();
        let inner_dot = contexts(inner, &format!("{path}/charts/{}", inner.name), false, own.into(), around, all);
        inner_dots.set(inner.name.as_str(), inner_dot);
    }
    for template in chart.templates.iter() {
        let file_name = template.path.rsplit('/').next().unwrap_or("");
        if !chart.is_library || file_name.starts_with('_') {
            all.push(Rendering {
                name: format!("{path}/{}", template.path),
                base: format!("{path}/templates"),
                template: template.clone(),
                dot: dot.clone(),
            });
        }
    }
    dot
}

/// `.Chart`
fn metadata(chart: &Chart, is_root: bool) -> Value {
    const TEXTS: &[(&str, &str)] = &[
        ("Home", "home"),
        ("Description", "description"),
        ("Icon", "icon"),
        ("APIVersion", "apiVersion"),
        ("Condition", "condition"),
        ("Tags", "tags"),
        ("AppVersion", "appVersion"),
        ("KubeVersion", "kubeVersion"),
        ("Type", "type"),
    ];
    let texts = |name: &'static str, key: &str| {
        let mut value = Value::from(text_of(&chart.metadata, key));
        value.origin = chart.metadata.get(key).map(|value| value.origin).unwrap_or_default();
        (name, value)
    };
    let mut fields =
        vec![("Name", Value::string(chart.name.as_str())), texts("Version", "version"), ("IsRoot", Value::bool(is_root))];
    fields.extend(TEXTS.iter().map(|(name, key)| texts(name, key)));
    fields.push(("Annotations", chart.metadata.table("annotations").unwrap_or_default().into()));
    fields.push(("Deprecated", Value::bool(chart.metadata.get("deprecated").is_some_and(|value| value.truth()))));
    for (name, key) in
        [("Sources", "sources"), ("Keywords", "keywords"), ("Maintainers", "maintainers"), ("Dependencies", "dependencies")]
    {
        fields.push((name, chart.metadata.get(key).filter(|value| !value.is_nil()).unwrap_or_else(|| Value::list(Vec::new()))));
    }
    Object::structure("chart.Metadata", fields, None)
}

/// Reads all templates, then renders those that are no partials.
fn execute(
    all: &[Rendering],
    required_is_open: bool,
    watch: &Watch,
    before: Option<&Memory>,
    out: &mut Rendered,
    memory: &mut Memory,
) {
    let mut broken: Vec<FileId> = Vec::new();
    let templates = read(all, &mut broken, &mut out.problems);
    memory.names = names(&templates);
    let before = before.filter(|before| before.around == memory.around && before.names == memory.names);
    let mut machine = Machine::new(templates, required_is_open);
    for rendering in all {
        let file_name = rendering.template.path.rsplit('/').next().unwrap_or("");
        if file_name.starts_with('_') || broken.contains(&rendering.template.file) {
            continue;
        }
        if let Some(kept) = before.and_then(|before| still(rendering, before, memory, watch, &mut machine)) {
            out.manifests.push(kept.manifest.clone());
            memory.kept.insert(rendering.name.clone(), kept);
            continue;
        }
        let info = Dict::default();
        info.set("Name", rendering.name.as_str());
        info.set("BasePath", rendering.base.as_str());
        // Each template finds its own name there.
        rendering.dot.set_quietly("Template", info);
        watch.forget();
        machine.executed.clear();
        let written = machine.spent().1;
        match machine.render(&rendering.name, rendering.dot.clone().into()) {
            Some(Ok(text)) => {
                let text = functions::without_no_value(&text);
                let manifest = Arc::new(Manifest {
                    path: rendering.name.clone(),
                    file: rendering.template.file,
                    text: Arc::from(text.as_str()),
                    runs: text.runs().to_vec(),
                });
                out.manifests.push(manifest.clone());
                let (steps, now) = machine.spent();
                let kept = Kept {
                    manifest,
                    seen: watch.seen(),
                    executed: machine.executed.iter().copied().collect(),
                    steps,
                    written: now.saturating_sub(written),
                };
                memory.kept.insert(rendering.name.clone(), kept);
            }
            Some(Err(fault)) => {
                out.problems.push(Problem {
                    kind: ProblemKind::Template,
                    template: Some(rendering.template.file),
                    place: fault.place,
                    message: fault.message,
                });
            }
            None => {}
        }
    }
}

/// What a template was rendered to, when it would be rendered to the same now.
fn still(rendering: &Rendering, before: &Memory, now: &Memory, watch: &Watch, machine: &mut Machine) -> Option<Kept> {
    let kept = before.kept.get(&rendering.name)?;
    let same = kept.manifest.file == rendering.template.file
        && kept.executed.iter().all(|file| now.agrees(before, *file))
        && kept.seen.iter().all(|seen| watch.is_same(seen));
    let manifest = if same { now.moved(&kept.manifest, before)? } else { return None };
    machine.skip(kept.steps, kept.written)?;
    Some(Kept { manifest, ..kept.clone() })
}

/// The definitions of all templates; what cannot be read is `broken`.
fn read(all: &[Rendering], broken: &mut Vec<FileId>, problems: &mut Vec<Problem>) -> Templates {
    let mut templates: Templates = FxHashMap::default();
    for rendering in all {
        let TemplateFile { file, text, .. } = &rendering.template;
        let parsed = match parser::parse(text, &functions::is_known) {
            Ok(parsed) => parsed,
            Err((span, message)) => {
                if !broken.contains(file) {
                    broken.push(*file);
                    problems.push(Problem {
                        kind: ProblemKind::Template,
                        template: Some(*file),
                        place: Place::new(*file, span),
                        message,
                    });
                }
                continue;
            }
        };
        let code = Rc::new(Code { file: Some(*file), text: Text::from(&**text), source: Source::default() });
        let whole = parser::Definition { name: rendering.name.as_str().into(), nodes: parsed.nodes };
        for definition in parsed.definitions.into_iter().chain([whole]) {
            let is_empty = definition.is_empty(text);
            if !is_empty || templates.get(&definition.name).is_none_or(|known| known.is_empty) {
                templates.insert(definition.name, Template { code: code.clone(), nodes: Rc::new(definition.nodes), is_empty });
            }
        }
    }
    templates
}

/// Which file defines what.
fn names(templates: &Templates) -> [u8; 32] {
    let mut names: Vec<(&str, Option<FileId>, bool)> =
        templates.iter().map(|(name, template)| (&**name, template.code.file, template.is_empty)).collect();
    names.sort_unstable();
    Sha256::digest(format!("{names:?}")).into()
}
