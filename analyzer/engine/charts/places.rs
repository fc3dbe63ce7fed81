//! From places in a rendered manifest to those in its template and in `values.yaml`.

use std::sync::Arc;

use plimsoll_helm::{Manifest, Run};
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Choice, Entry, How, List, Map, Part, Reason, Unknown, Via};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};
use rustc_hash::FxHashMap;

/// The file that rendered places lie in until they are mapped back.
pub(super) const RENDERED: FileId = FileId(u32::MAX - 1);

/// The way back from one manifest.
pub(super) struct Places<'m> {
    manifest: &'m Manifest,
    /// The text of a file.
    source: &'m dyn Fn(FileId) -> Option<Arc<str>>,
    /// Maps and lists that were mapped already: items share them.
    maps: FxHashMap<usize, (Arc<Map>, Arc<Map>)>,
    lists: FxHashMap<usize, (Arc<List>, Arc<List>)>,
}

impl<'m> Places<'m> {
    pub(super) fn new(manifest: &'m Manifest, source: &'m dyn Fn(FileId) -> Option<Arc<str>>) -> Self {
        Self { manifest, source, maps: FxHashMap::default(), lists: FxHashMap::default() }
    }

    /// Maps everything in an item.
    pub(super) fn item(&mut self, item: &mut Item) {
        if item.header.file != RENDERED {
            return;
        }
        item.header = self.extent(item.header.span);
        item.range = self.range(item.range, item.header);
        self.value(&mut item.value);
        item.value.via = Some(Arc::new(Via { how: How::Rendered, place: item.header, from: item.value.via.take() }));
        if let Some(Owner { range, .. }) = &mut item.owner
            && range.file == RENDERED
        {
            *range = self.home(range.span);
        }
    }

    fn value(&mut self, value: &mut Value) {
        let written = value.place;
        let is_scalar = !matches!(value.kind, Kind::Map(_) | Kind::List(_));
        if written.file == RENDERED {
            let inserted = if is_scalar { self.inserted(written.span) } else { None };
            match inserted {
                Some((of_value, template)) => {
                    value.place = of_value;
                    value.via = Some(Arc::new(Via { how: How::Setting, place: template, from: value.via.take() }));
                }
                None => value.place = self.extent(written.span),
            }
        }
        if let Some(via) = &value.via {
            value.via = Some(self.via(via));
        }
        match &mut value.kind {
            Kind::Map(map) => *map = self.map(map, value.place),
            Kind::List(list) => *list = self.list(list),
            Kind::Unknown(unknown) => self.unknown(unknown, written),
            Kind::Template(parts) => {
                let mut changed = parts.to_vec();
                for part in &mut changed {
                    if let Part::Hole(unknown) = part {
                        self.unknown(unknown, written);
                    }
                }
                *parts = changed.into();
            }
            Kind::Choice(choice) => {
                let mut changed = Choice::clone(choice);
                changed.arms.iter_mut().for_each(|arm| self.value(arm));
                *choice = Arc::new(changed);
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
        }
    }

    fn map(&mut self, map: &Arc<Map>, place: Place) -> Arc<Map> {
        let key = Arc::as_ptr(map) as usize;
        if let Some((_, mapped)) = self.maps.get(&key) {
            return mapped.clone();
        }
        let mut changed = Map::clone(map);
        if !map.range.is_empty() {
            changed.range = self.range(map.range, place);
        }
        for Entry { key_place, place, value, .. } in &mut changed.entries {
            for place in [key_place, place] {
                if place.file == RENDERED {
                    *place = self.extent(place.span);
                }
            }
            self.value(value);
        }
        let changed = Arc::new(changed);
        self.maps.insert(key, (map.clone(), changed.clone()));
        changed
    }

    fn list(&mut self, list: &Arc<List>) -> Arc<List> {
        let key = Arc::as_ptr(list) as usize;
        if let Some((_, mapped)) = self.lists.get(&key) {
            return mapped.clone();
        }
        let mut changed = List::clone(list);
        changed.items.iter_mut().for_each(|item| self.value(item));
        let changed = Arc::new(changed);
        self.lists.insert(key, (list.clone(), changed.clone()));
        changed
    }

    fn via(&self, via: &Arc<Via>) -> Arc<Via> {
        if via.place.file != RENDERED && via.from.is_none() {
            return via.clone();
        }
        let place = if via.place.file == RENDERED { self.extent(via.place.span) } else { via.place };
        Arc::new(Via { how: via.how.clone(), place, from: via.from.as_ref().map(|from| self.via(from)) })
    }

    /// What is only known at installation is called by the action that asks for it.
    fn unknown(&self, unknown: &mut Arc<Unknown>, written: Place) {
        if unknown.reason != Reason::Rendered || written.file != RENDERED || unknown.source.starts_with("{{") {
            return;
        }
        let action = self.runs(written.span).find(|run| run.source.opaque).map(|run| run.source.template);
        let text = action.and_then(|place| Some(place.span.text(&(self.source)(place.file)?).lines().next()?.to_owned()));
        if let Some(text) = text {
            *unknown = Arc::new(Unknown { source: text.into(), ..Unknown::clone(unknown) });
        }
    }

    /// The runs that share a byte with a span, or stand where it is empty.
    fn runs(&self, span: Span) -> impl DoubleEndedIterator<Item = &'m Run> {
        let runs = &self.manifest.runs;
        let first = runs.partition_point(|run| run.span.end <= span.start);
        let last = runs.partition_point(|run| run.span.start < span.end).max(first + usize::from(first < runs.len()));
        runs.get(first..last).unwrap_or(&[]).iter()
    }

    /// The value that a scalar is, and the action that inserts it: when nothing else is in it but quotes.
    fn inserted(&self, span: Span) -> Option<(Place, Place)> {
        let mut found: Option<(Place, Place)> = None;
        for run in self.runs(span).filter(|run| run.span.start < span.end) {
            let inside = Span::new(run.span.start.max(span.start), run.span.end.min(span.end));
            let text = inside.text(&self.manifest.text);
            let value = run.source.value;
            match found {
                _ if text.chars().all(|c| c.is_whitespace() || matches!(c, '"' | '\'')) => {}
                Some((known, _)) if known == value => {}
                None if value.is_some() => found = Some((value, run.source.template)),
                _ => return None,
            }
        }
        found
    }

    /// Where a byte of a run comes from in its template; `end`: the byte before.
    fn point(run: &Run, offset: u32, end: bool) -> u32 {
        let template = run.source.template.span;
        match (run.source.exact, end) {
            (true, _) => template.start + offset.clamp(run.span.start, run.span.end) - run.span.start,
            (false, false) => template.start,
            (false, true) => template.end,
        }
    }

    /// The place in the template, or of the value where it begins with one that was inserted with its key.
    pub(super) fn extent(&self, span: Span) -> Place {
        let mut runs = self.runs(span);
        let Some(first) = runs.next().or_else(|| self.manifest.runs.last()) else {
            return Place::new(self.manifest.file, Span::default());
        };
        if first.source.value.is_some() {
            let start = first.source.value;
            let inserted =
                runs.rev().map(|run| run.source.value).find(|value| value.file == start.file && value.span.end >= start.span.end);
            return Place::new(start.file, inserted.map_or(start.span, |last| start.span.to(last.span)));
        }
        let template = first.source.template;
        let start = Self::point(first, span.start, false);
        let mut end = Self::point(first, span.end, true).max(start);
        for run in runs.rev() {
            let candidate = Self::point(run, span.end, true);
            if run.source.template.file == template.file && run.span.start < span.end && candidate >= start {
                end = candidate;
                break;
            }
        }
        Place::new(template.file, Span::new(start, end))
    }

    /// What the template itself writes of a span; what it includes does not count.
    fn home(&self, span: Span) -> Place {
        let mut own = self.runs(span).filter(|run| run.source.template.file == self.manifest.file && run.source.exact);
        match own.next() {
            Some(first) => {
                let start = Place::new(self.manifest.file, Span::at(Self::point(first, span.start, false)));
                Place::new(self.manifest.file, self.range(span, start))
            }
            None => self.extent(span),
        }
    }

    /// All of a span that lies in the file of a header, which it holds.
    fn range(&self, span: Span, header: Place) -> Span {
        let mut out = header.span;
        for run in self.runs(span).filter(|run| run.source.template.file == header.file && run.span.start < span.end) {
            out = out.to(Span::new(Self::point(run, span.start, false), Self::point(run, span.end, true)));
        }
        out
    }
}
