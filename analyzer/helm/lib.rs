//! Helm charts: what `helm template` makes of a chart and its default values, with the way back.
//!
//! Go templates with the functions of sprig and Helm are executed on values that know where they are written, so that every byte
//! of a rendered manifest knows the template text or action that wrote it and, where a value was inserted, that value's place in
//! `values.yaml`. Sub-charts, library charts, conditions, tags, aliases, imported values and schemas are followed as Helm 3 does.
//! Nothing is fetched: a sub-chart that is not there is a [`Problem`]. What is only known at installation (the namespace,
//! random passwords, certificates, dates) is marked as such in the [`Source`] of its bytes. This crate knows no Kubernetes object and no rule.
//!
//! Rendering never panics and always ends: steps, output and nesting are limited.

mod archive;
mod capabilities;
mod chart;
mod containers;
mod files;
mod functions;
mod glob;
mod json;
mod memory;
mod object;
mod parser;
mod print;
mod printf;
mod render;
mod run;
mod text;
mod value;
mod watch;
mod yaml;

use std::sync::Arc;

use plimsoll_syntax::{FileId, Place};

pub use archive::{is_archive, unpack};
pub use memory::Memory;
pub use text::{Run, Source};

/// A file of a chart.
#[derive(Clone, Copy, Debug)]
pub struct ChartFile<'t> {
    /// Relative to the chart's directory, with forward slashes.
    pub path: &'t str,
    /// The number that places carry.
    pub file: FileId,
    /// Its text.
    pub text: &'t Arc<str>,
}

/// What a chart is rendered for.
#[derive(Clone, Copy, Debug)]
pub struct Options<'t> {
    /// `.Release.Name`
    pub release: &'t str,
    /// `.Release.Namespace`
    pub namespace: &'t str,
    /// What the templates are told of the cluster.
    pub kubernetes: Kubernetes,
    /// A value that `required` misses is only known at installation; else the template that asks for it fails, as in Helm.
    pub required_is_open: bool,
    /// A null in a parent's values deletes the sub-chart's default, as the `helm` program does; its library has an older way, too,
    /// that forgets such nulls.
    pub keep_nulls: bool,
    /// Values over the chart's own; the last file holds.
    pub values: &'t [ChartFile<'t>],
}

/// The cluster of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kubernetes {
    /// None: version 1.20, with every API version that Helm's library has ever known.
    Library,
    /// Kubernetes 1 of this minor version, with the API versions that it serves.
    Minor(u32),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            release: "release-name",
            namespace: "default",
            kubernetes: Kubernetes::Minor(37),
            required_is_open: true,
            keep_nulls: true,
            values: &[],
        }
    }
}

/// What became of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The templates that were rendered, deepest first.
    pub manifests: Vec<Arc<Manifest>>,
    /// What was not.
    pub problems: Vec<Problem>,
}

/// A rendered template.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `chart/templates/deployment.yaml`, as Helm names it.
    pub path: String,
    /// The template.
    pub file: FileId,
    /// What it was rendered to.
    pub text: Arc<str>,
    /// The source map: sorted, without overlaps.
    pub runs: Vec<Run>,
}

impl Manifest {
    /// The run that holds a byte of the rendered text.
    #[must_use]
    pub fn run_at(&self, offset: u32) -> Option<&Run> {
        let at = self.runs.partition_point(|run| run.span.end <= offset);
        self.runs.get(at).filter(|run| run.span.start <= offset)
    }
}

/// Something that could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it means for the chart.
    pub kind: ProblemKind,
    /// The template that was not rendered.
    pub template: Option<FileId>,
    /// Where the cause is.
    pub place: Place,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// What a problem means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Nothing of the chart is rendered.
    Chart,
    /// One template is not rendered.
    Template,
    /// A sub-chart is not there.
    MissingDependency,
}

/// Renders a chart with its default values. Files may come in any order; those of sub-charts lie below `charts/`.
#[must_use]
pub fn render(files: &[ChartFile<'_>], options: &Options<'_>) -> Rendered {
    render_again(files, options, None).0
}

/// The same, with what was rendered last: a manifest that stays as it was is the same one, by its pointer.
#[must_use]
pub fn render_again(files: &[ChartFile<'_>], options: &Options<'_>, before: Option<&Memory>) -> (Rendered, Memory) {
    render::render(files, options, before)
}

#[cfg(test)]
mod tests;
