//! Places of the engine in the protocol's words.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Cancelled, Range as EngineRange, Snapshot, Stretch, Text};
use tower_lsp_server::ls_types::{Location, Position, Range, Uri};

use crate::convert::Context;
use crate::position::Lines;

/// The lines of files, looked for when they are needed.
pub(crate) struct Places<'a> {
    pub(crate) context: &'a Context,
    snapshot: &'a Snapshot,
    known: BTreeMap<Utf8PathBuf, Option<(Arc<Text>, Lines)>>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(context: &'a Context, snapshot: &'a Snapshot) -> Self {
        Self { context, snapshot, known: BTreeMap::new() }
    }

    fn lines(&mut self, path: &Utf8Path) -> Result<Option<&(Arc<Text>, Lines)>, Cancelled> {
        if !self.known.contains_key(path) {
            let text = self.snapshot.text_of(path)?;
            let lines = text.map(|text| {
                let lines = Lines::new(&text.text, self.context.client.encoding);
                (text, lines)
            });
            self.known.insert(path.to_owned(), lines);
        }
        Ok(self.known.get(path).and_then(Option::as_ref))
    }

    /// A range of a file.
    pub(crate) fn range(&mut self, path: &Utf8Path, range: &EngineRange) -> Result<Range, Cancelled> {
        Ok(self.lines(path)?.map(|(text, lines)| lines.range(&text.text, range)).unwrap_or_default())
    }

    /// The position of a byte.
    pub(crate) fn position(&mut self, path: &Utf8Path, offset: usize) -> Result<Position, Cancelled> {
        Ok(self.lines(path)?.map(|(text, lines)| lines.position(&text.text, offset)).unwrap_or_default())
    }

    /// The byte of a position.
    pub(crate) fn offset(&mut self, path: &Utf8Path, position: Position) -> Result<usize, Cancelled> {
        Ok(self.lines(path)?.map_or(0, |(text, lines)| lines.offset(&text.text, position)))
    }

    /// A range with its file.
    pub(crate) fn location(&mut self, path: &Utf8Path, range: &EngineRange) -> Result<Option<Location>, Cancelled> {
        let range = self.range(path, range)?;
        Ok(self.context.uri(path).map(|uri| Location { uri, range }))
    }

    /// A line as a link.
    pub(crate) fn link(&self, path: &Utf8Path, line: u32) -> String {
        match self.context.uri(path) {
            Some(uri) => format!("[{path}:{line}]({}#L{line})", uri.as_str()),
            None => format!("{path}:{line}"),
        }
    }

    /// A step with its line.
    pub(crate) fn told(&self, step: &Stretch) -> String {
        match (&step.path, &step.range) {
            (Some(path), Some(range)) => format!("{} ({})", step.message, self.link(path, range.start.line)),
            _ => step.message.clone(),
        }
    }

    /// A step as data: its message, and where it is.
    pub(crate) fn step(&mut self, step: &Stretch) -> Result<(String, Option<(Uri, Range)>), Cancelled> {
        let place = match (&step.path, &step.range) {
            (Some(path), Some(range)) => self.location(path, range)?.map(|location| (location.uri, location.range)),
            _ => None,
        };
        Ok((step.message.clone(), place))
    }
}
