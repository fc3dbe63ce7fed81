//! Text that knows, byte by byte, where it comes from.

use std::rc::Rc;

use plimsoll_syntax::{Place, Span};

/// Where a piece of rendered text comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The template's text or action that wrote it; [`Place::NONE`] where no template did (yet).
    pub template: Place,
    /// The bytes of the piece are those of `template`, one by one.
    pub exact: bool,
    /// The value that was inserted, in its values file; [`Place::NONE`]: none, or several.
    pub value: Place,
    /// It is only known when the chart is installed (its namespace, a random password, a date); the text stands in for it.
    pub opaque: bool,
}

/// A piece of rendered text with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The bytes of the rendered text.
    pub span: Span,
    /// Where they come from.
    pub source: Source,
}

/// A string with the sources of its bytes. Runs are sorted and do not overlap; between them nothing is known.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    text: Rc<str>,
    runs: Rc<[Run]>,
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The bytes of a range that lies on character boundaries, with their sources.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        if start == 0 && end == self.text.len() {
            return self.clone();
        }
        let mut out = Builder::default();
        out.push_slice(self, start, end, Source::default());
        out.finish()
    }

    /// The part that `strip` leaves, which must be a piece of the text.
    pub(crate) fn part(&self, strip: impl Fn(&str) -> &str) -> Self {
        let rest = strip(&self.text);
        let start = (rest.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if start.saturating_add(rest.len()) > self.text.len() {
            return Self::from(rest);
        }
        self.slice(start, start + rest.len())
    }

    /// The same sources for other text; they are kept when it is as long.
    pub(crate) fn with(&self, text: String) -> Self {
        if text.len() == self.text.len() {
            return Self { text: text.into(), runs: self.runs.clone() };
        }
        let source = Source { value: self.value(), opaque: self.is_opaque(), ..Source::default() };
        let mut out = Builder::default();
        out.push_str(&text, source);
        out.finish()
    }

    pub(crate) fn is_opaque(&self) -> bool {
        self.runs.iter().any(|run| run.source.opaque)
    }

    /// The one value that the text was made of; `NONE` for none or several.
    pub(crate) fn value(&self) -> Place {
        let mut values = self.runs.iter().map(|run| run.source.value).filter(|value| value.is_some());
        let Some(first) = values.next() else { return Place::NONE };
        if values.all(|value| value == first) { first } else { Place::NONE }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self { text: text.into(), runs: Rc::new([]) }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text: text.into(), runs: Rc::new([]) }
    }
}

/// A text that grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builder {
    text: String,
    runs: Vec<Run>,
}

impl Builder {
    pub(crate) const fn len(&self) -> usize {
        self.text.len()
    }

    /// Text of which nothing is known.
    pub(crate) fn push_plain(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(crate) fn push_str(&mut self, text: &str, source: Source) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        if source != Source::default() {
            self.run(Span::of(start, self.text.len()), source);
        }
    }

    /// A whole text; `fill` is the source of what has none of its own.
    pub(crate) fn push_text(&mut self, text: &Text, fill: Source) {
        self.push_slice(text, 0, text.text.len(), fill);
    }

    pub(crate) fn push_slice(&mut self, text: &Text, start: usize, end: usize, fill: Source) {
        let mut at = start;
        if !text.runs.is_empty() {
            let first = text.runs.partition_point(|run| run.span.end as usize <= start);
            for run in text.runs.iter().skip(first) {
                let (from, to) = ((run.span.start as usize).max(start), (run.span.end as usize).min(end));
                if from >= end {
                    break;
                }
                self.push_str(text.text.get(at..from).unwrap_or(""), fill);
                let mut source = run.source;
                if source.exact {
                    source.template.span = Span::new(
                        source.template.span.start + (Span::of(from, from).start - run.span.start),
                        source.template.span.start + (Span::of(to, to).start - run.span.start),
                    );
                }
                if !source.template.is_some() {
                    source.template = fill.template;
                }
                if !source.value.is_some() && run.source.template == Place::NONE {
                    source.value = fill.value;
                }
                self.push_str(text.text.get(from..to).unwrap_or(""), source);
                at = to;
            }
        }
        self.push_str(text.text.get(at..end).unwrap_or(""), fill);
    }

    fn run(&mut self, span: Span, source: Source) {
        if let Some(last) = self.runs.last_mut()
            && last.span.end == span.start
        {
            let (old, new) = (&mut last.source, &source);
            let same = old.exact == new.exact
                && old.value == new.value
                && old.opaque == new.opaque
                && old.template.file == new.template.file;
            if same && !old.exact && old.template == new.template {
                last.span.end = span.end;
                return;
            }
            if same && old.exact && old.template.span.end == new.template.span.start {
                last.span.end = span.end;
                old.template.span.end = new.template.span.end;
                return;
            }
        }
        self.runs.push(Run { span, source });
    }

    pub(crate) fn finish(self) -> Text {
        Text { text: self.text.into(), runs: self.runs.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_syntax::FileId;

    #[test]
    fn slices_of_exact_text_keep_their_bytes() {
        let mut out = Builder::default();
        out.push_plain("ab");
        let template = Place::new(FileId(1), Span::new(10, 14));
        out.push_str("cdef", Source { template, exact: true, ..Source::default() });
        let text = out.finish().slice(3, 5);
        assert_eq!(text.as_str(), "de");
        assert_eq!(
            text.runs().iter().map(|run| (run.span, run.source.template.span)).collect::<Vec<_>>(),
            [(Span::new(0, 2), Span::new(11, 13))]
        );
    }

    #[test]
    fn what_has_no_source_takes_the_one_of_its_use() {
        let fill = Source { template: Place::new(FileId(0), Span::new(3, 9)), ..Source::default() };
        let mut inner = Builder::default();
        inner.push_plain("a");
        inner.push_str("b", Source { value: Place::new(FileId(2), Span::new(0, 1)), ..Source::default() });
        let mut out = Builder::default();
        out.push_text(&inner.finish(), fill);
        let text = out.finish();
        assert_eq!(text.runs().len(), 2);
        assert!(text.runs().iter().all(|run| run.source.template == fill.template));
        assert_eq!(text.value(), Place::new(FileId(2), Span::new(0, 1)));
    }
}
