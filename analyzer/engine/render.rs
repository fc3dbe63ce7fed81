//! From places to lines: verdicts become a report, with suppressions applied and the same finding of several callers told once.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{FileId, Item, Place, Position, Span, SyntaxError, Value, views};
use plimsoll_terraform::{Note, NoteKind};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::address;
use crate::charts::packed;
use crate::db::{Database, Db, SourceFile};
use crate::eval::RawFix;
use crate::paths::in_order;
use crate::queries;
use crate::relations::Related as Relations;
use crate::report::{
    CheckedFile, Edit, Failure, Finding, Fix, Incomplete, ItemRef, Range, Related, Report, Severity, Text, Undecided,
};
use crate::run::{RawFinding, RawItem, Rulebook, Verdicts};
use crate::suppress::Suppression;

/// Callers of a module that are named in one finding.
const CALLERS: usize = 5;

/// Something that was not understood, before it has lines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lost {
    pub(crate) file: Option<FileId>,
    span: Span,
    reason: String,
}

impl Lost {
    /// A whole file, or the whole workspace.
    pub(crate) fn whole(file: Option<FileId>, reason: String) -> Self {
        Self { file, span: Span::default(), reason }
    }

    /// A place in a file.
    pub(crate) fn at(file: FileId, span: Span, reason: String) -> Self {
        Self { file: Some(file), span, reason }
    }

    /// What a parser skipped.
    pub(crate) fn part(file: FileId, error: &SyntaxError) -> Self {
        Self { file: Some(file), span: error.span, reason: error.message.to_string() }
    }

    /// What Terraform would refuse, or what the analysis gave up on. What is only unknown is no loss: rules hear of it.
    pub(crate) fn note(note: &Note) -> Option<Self> {
        let lost = matches!(note.kind, NoteKind::Invalid | NoteKind::Cycle | NoteKind::Limit);
        (lost && note.place.is_some()).then(|| Self {
            file: Some(note.place.file),
            span: note.place.span,
            reason: note.message.to_string(),
        })
    }
}

pub(crate) struct Renderer<'a> {
    pub(crate) db: &'a Database,
    pub(crate) rulebook: &'a Rulebook,
    pub(crate) today: Option<(u16, u8, u8)>,
    pub(crate) minimum: Option<Severity>,
}

/// The suppressions of a file, and which of them had an effect.
struct Allowed {
    list: Arc<Vec<Suppression>>,
    used: Vec<bool>,
}

impl Renderer<'_> {
    pub(crate) fn report(&self, files: &[SourceFile], verdicts: &[Arc<Verdicts>], lost: Vec<Lost>) -> Report {
        let (db, rulebook) = (self.db, self.rulebook);
        let (checked, mut allowed) = both(db, |db| checked(db, files), |db| allowed(db, &with_partials(db, files, verdicts)));
        let mut report = Report { files: checked, ..Report::default() };
        let findings = verdicts.iter().flat_map(|verdicts| &verdicts.findings);
        let mut groups = merged(findings);
        groups.retain(|group| self.finding(group, &mut allowed, &mut report));
        let own = self.about_suppressions(&allowed);
        let mut own = merged(own.findings.iter());
        own.retain(|group| self.finding(group, &mut allowed, &mut report));
        let told = groups.iter().chain(&own).filter_map(|group| group.first());
        let told = told.map(|raw| (raw.fix.as_ref(), raw.place.file)).collect();
        let (fixes, undecided) = both(db, |db| fixes(db, told), |db| undecided(db, rulebook, verdicts));
        report.findings.iter_mut().zip(fixes).for_each(|(finding, fix)| finding.fix = fix);
        report.undecided = undecided;
        for (rule, message) in verdicts.iter().flat_map(|verdicts| &verdicts.failures) {
            let rule = self.rulebook.rules.get(*rule as usize).map(|rule| rule.info.name.clone()).unwrap_or_default();
            report.failures.push(Failure { rule, message: message.clone() });
        }
        report.failures.sort_by(|a, b| a.rule.cmp(&b.rule));
        report.failures.dedup_by(|a, b| a.rule == b.rule);
        for lost in lost {
            let file = lost.file.and_then(|file| self.db.by_id(file));
            let path = file.map(|file| file.path(self.db).clone()).unwrap_or_default();
            let range = file.map_or_else(nowhere, |file| self.range(file, lost.span));
            report.incomplete.push(Incomplete { path, range, reason: lost.reason });
        }
        report
            .incomplete
            .sort_by(|a, b| in_order(&a.path, &b.path).then_with(|| (a.range, &a.reason).cmp(&(b.range, &b.reason))));
        report.incomplete.dedup();
        report.findings.sort_by(|a, b| {
            in_order(&a.path, &b.path).then_with(|| (a.range, &a.rule, &a.message).cmp(&(b.range, &b.rule, &b.message)))
        });
        fingerprint(&mut report.findings);
        self.texts(&mut report);
        report
    }

    /// One finding of one or several instances, without its fix; the first one speaks for all. Whether it is told.
    fn finding(&self, group: &[&RawFinding], allowed: &mut FxHashMap<FileId, Allowed>, report: &mut Report) -> bool {
        let Some(raw) = group.first() else { return false };
        let Some(rule) = self.rulebook.rules.get(raw.rule as usize) else { return false };
        let Some(file) = self.db.by_id(raw.place.file) else { return false };
        let range = self.range(file, raw.place.span);
        let item_here = raw.item.range.file == raw.place.file && raw.item.range.is_some();
        let item_range = if item_here { self.range(file, raw.item.range.span) } else { range };
        if self.is_allowed_anywhere(raw, range, item_here.then_some(item_range), allowed) {
            report.suppressed += 1;
            return false;
        }
        if self.minimum.is_some_and(|minimum| raw.severity < minimum) {
            return false;
        }
        let related = raw.related.iter().filter_map(|(place, message)| self.related(*place, message.clone()));
        let mut related: Vec<Related> = related.collect();
        related.dedup();
        related.extend(self.callers(group));
        report.findings.push(Finding {
            rule: rule.info.name.clone(),
            severity: raw.severity,
            message: raw.message.clone(),
            path: file.path(self.db).clone(),
            range,
            item: ItemRef { name: raw.item.name.clone(), range: item_range },
            related,
            peers: rule.info.row_peers(raw.row as usize).into_iter().map(Into::into).collect(),
            fix: None,
            fingerprint: String::new(),
        });
        true
    }

    /// The other instances that the same line stands for.
    fn callers(&self, group: &[&RawFinding]) -> Vec<Related> {
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut out = Vec::new();
        for raw in group {
            let module = address::module(&raw.item.name);
            if group.len() > 1 && !module.is_empty() && seen.insert(module) && seen.len() <= CALLERS {
                out.extend(self.related(raw.place, format!("as `{}`", raw.item.name)));
            }
        }
        if seen.len() > 1 { out } else { Vec::new() }
    }

    fn related(&self, place: Place, message: String) -> Option<Related> {
        let file = self.db.by_id(place.file)?;
        Some(Related { path: file.path(self.db).clone(), range: self.range(file, place.span), message })
    }

    /// Whether a comment allows it; one at a finding in a file that a resource reads may also stand at the resource.
    fn is_allowed_anywhere(
        &self,
        raw: &RawFinding,
        range: Range,
        item: Option<Range>,
        allowed: &mut FxHashMap<FileId, Allowed>,
    ) -> bool {
        let here = self.is_allowed(raw, raw.place.file, range, item, allowed);
        let reader = raw.item.range;
        let elsewhere = if reader.is_some() && reader.file != raw.place.file { self.db.by_id(reader.file) } else { None };
        let there = elsewhere.is_some_and(|file| {
            let range = self.range(file, reader.span);
            self.is_allowed(raw, reader.file, range, Some(range), allowed)
        });
        here || there
    }

    fn is_allowed(
        &self,
        raw: &RawFinding,
        file: FileId,
        range: Range,
        item: Option<Range>,
        allowed: &mut FxHashMap<FileId, Allowed>,
    ) -> bool {
        let Some(here) = allowed.get_mut(&file) else { return false };
        let Some(rule) = self.rulebook.rules.get(raw.rule as usize) else { return false };
        let aliases: Vec<&str> = rule.info.rule.aliases.iter().map(|alias| alias.as_str()).collect();
        let peers = rule.info.row_peers(raw.row as usize);
        let mut hit = false;
        for (suppression, used) in here.list.iter().zip(&mut here.used) {
            let line = range.start.line;
            let inside = |lines: Range| (lines.start.line..=lines.end.line).contains(suppression.lines.start());
            let reaches = suppression.lines.contains(&line)
                || (suppression.of_item && item.is_some_and(inside))
                || item.is_some_and(|item| {
                    suppression.lines.contains(&item.start.line) && *suppression.lines.end() >= item.end.line
                });
            if reaches && !self.is_expired(suppression) && suppression.names_rule(&rule.info.name, &aliases, &peers) {
                *used = true;
                hit = true;
            }
        }
        hit
    }

    fn is_expired(&self, suppression: &Suppression) -> bool {
        matches!((suppression.until, self.today), (Some(until), Some(today)) if until < today)
    }

    /// Suppressions are items themselves: rules judge those of ours that had no effect or have expired.
    fn about_suppressions(&self, allowed: &FxHashMap<FileId, Allowed>) -> Verdicts {
        if !self.rulebook.looks_at("suppression") {
            return Verdicts::default();
        }
        let mut files: Vec<&FileId> = allowed.keys().collect();
        files.sort();
        let mut items = Vec::new();
        for file in files {
            let Some(here) = allowed.get(file) else { continue };
            for (suppression, used) in here.list.iter().zip(&here.used).filter(|(suppression, _)| suppression.ours) {
                items.push(self.suppression_item(*file, suppression, *used));
            }
        }
        self.rulebook.run(&items, &Relations::new(plimsoll_rules::relations(), &items, || None))
    }

    fn suppression_item(&self, file: FileId, suppression: &Suppression, used: bool) -> Item {
        let place = Place::new(file, suppression.span);
        let text = |word: &str| Value::string(word, place);
        let is_active =
            |name: &&String| {
                *name == "*"
                    || self.rulebook.rules.iter().any(|rule| {
                        *rule.info.name == **name || rule.info.rule.aliases.iter().any(|alias| alias == name.as_str())
                    })
            };
        let active = suppression.names.iter().filter(is_active).count();
        let mut map = Map::default();
        map.set("names", Value::list(suppression.names.iter().map(|name| text(name)).collect(), place));
        map.set("active", Value::list(suppression.names.iter().filter(is_active).map(|name| text(name)).collect(), place));
        // What rules that did not run would have said is not known: such a suppression is not called unused.
        map.set("used", Value::bool(used || active == 0, place));
        map.set("expired", Value::bool(self.is_expired(suppression), place));
        let until = suppression.until.map(|(year, month, day)| text(&format!("{year:04}-{month:02}-{day:02}")));
        map.set("until", until.unwrap_or_default());
        Item {
            views: views!["suppression".into()],
            name: suppression.names.join(", ").into(),
            header: place,
            range: suppression.span,
            value: Value::map(map, place),
            owner: None,
            index: 0,
        }
    }

    fn range(&self, file: SourceFile, span: Span) -> Range {
        range(self.db, file, span)
    }

    /// The texts that findings and losses point into.
    fn texts(&self, report: &mut Report) {
        let of_findings =
            report.findings.iter().flat_map(|finding| finding.related.iter().map(|related| &related.path).chain([&finding.path]));
        let mut paths: Vec<Utf8PathBuf> = of_findings.chain(report.incomplete.iter().map(|lost| &lost.path)).cloned().collect();
        paths.sort();
        paths.dedup();
        let texts: BTreeMap<Utf8PathBuf, Arc<Text>> =
            paths.into_iter().filter_map(|path| self.db.file(&path).map(|file| (path, queries::text(self.db, file)))).collect();
        report.texts = texts;
    }
}

/// Does two things, each with a handle of the database: on two threads, where the caller is one of several.
fn both<A: Send, B: Send>(
    db: &Database,
    one: impl FnOnce(&Database) -> A + Send,
    other: impl FnOnce(&Database) -> B + Send,
) -> (A, B) {
    if rayon::current_thread_index().is_none() {
        return (one(db), other(db));
    }
    let (db_of_one, db_of_other) = (db.clone(), db.clone());
    rayon::join(move || one(&db_of_one), move || other(&db_of_other))
}

fn checked(db: &Database, files: &[SourceFile]) -> Vec<CheckedFile> {
    let known = files.iter().filter_map(|file| Some((file, file.content(db).kind?)));
    known.map(|(file, kind)| CheckedFile { path: file.path(db).clone(), kind: kind.name() }).collect()
}

/// These files, and those that only findings lead to: a chart's partials, what a packed chart holds.
fn with_partials(db: &Database, files: &[SourceFile], verdicts: &[Arc<Verdicts>]) -> Vec<SourceFile> {
    let known: FxHashSet<FileId> = files.iter().map(|file| file.id(db)).collect();
    let findings = verdicts.iter().flat_map(|verdicts| &verdicts.findings);
    let mut others: Vec<FileId> =
        findings.flat_map(|finding| [finding.place.file, finding.item.range.file]).filter(|file| !known.contains(file)).collect();
    others.sort_unstable();
    others.dedup();
    files.iter().copied().chain(others.into_iter().filter_map(|file| db.by_id(file))).collect()
}

fn allowed(db: &Database, files: &[SourceFile]) -> FxHashMap<FileId, Allowed> {
    let mut allowed = FxHashMap::default();
    for &file in files {
        let list = queries::suppressions(db, file);
        if !list.is_empty() {
            let used = vec![false; list.len()];
            allowed.insert(file.id(db), Allowed { list, used });
        }
    }
    allowed
}

fn undecided(db: &Database, rulebook: &Rulebook, verdicts: &[Arc<Verdicts>]) -> Vec<Undecided> {
    let mut all = Vec::new();
    for raw in verdicts.iter().flat_map(|verdicts| &verdicts.undecided) {
        let (Some(rule), Some(file)) = (rulebook.rules.get(raw.rule as usize), db.by_id(raw.place.file)) else { continue };
        all.push(Undecided {
            rule: rule.info.name.clone(),
            path: file.path(db).clone(),
            range: range(db, file, raw.place.span),
            missing: raw.missing.clone(),
        });
    }
    all.sort_by(|a, b| {
        in_order(&a.path, &b.path).then_with(|| (a.range, &a.rule, &a.missing).cmp(&(b.range, &b.rule, &b.missing)))
    });
    all.dedup();
    all
}

fn range(db: &Database, file: SourceFile, span: Span) -> Range {
    let text = queries::text(db, file);
    let position = |offset| text.lines.position(offset, &text.text);
    Range { start: position(span.start), end: position(span.end), span }
}

/// What mends each finding. The files are read once more for it: on all threads, where the caller is one of several.
fn fixes(db: &Database, wanted: Vec<(Option<&RawFix>, FileId)>) -> Vec<Option<Fix>> {
    let one = |db: &Database, (raw, file): (Option<&RawFix>, FileId)| fix(db, raw?, file);
    if rayon::current_thread_index().is_none() {
        return wanted.into_iter().map(|wanted| one(db, wanted)).collect();
    }
    wanted.into_par_iter().map_with(db.clone(), |db, wanted| one(db, wanted)).collect()
}

/// A fix counts where its place really holds a literal: an expression that has the same value is left alone.
fn fix(db: &Database, fix: &RawFix, file: FileId) -> Option<Fix> {
    let source = db.by_id(file).filter(|source| !packed::is_inside(source.path(db)))?;
    let edits = crate::fix::lower(db, fix, source)?;
    let edits = edits.into_iter().map(|edit| Edit { range: range(db, source, edit.span), text: edit.text });
    Some(Fix { message: fix.message.clone(), safe: fix.safe, edits: edits.collect() })
}

fn nowhere() -> Range {
    let first = Position { line: 1, column: 1 };
    Range { start: first, end: first, span: Span::default() }
}

/// Findings of one rule at one place are one: instances of a resource, callers of a module.
fn merged<'v>(findings: impl Iterator<Item = &'v RawFinding>) -> Vec<Vec<&'v RawFinding>> {
    let mut groups: Vec<Vec<&RawFinding>> = Vec::new();
    let mut known: FxHashMap<(u32, Place), usize> = FxHashMap::default();
    for finding in findings {
        match known.get(&(finding.rule, finding.place)) {
            Some(&at) => groups[at].push(finding),
            None => {
                known.insert((finding.rule, finding.place), groups.len());
                groups.push(vec![finding]);
            }
        }
    }
    let name = |finding: &&RawFinding| (finding.item.name.clone(), finding.message.clone());
    for group in &mut groups {
        group.sort_by_cached_key(name);
        group.dedup_by(|a, b| same(&a.item, &b.item));
    }
    groups
}

fn same(a: &RawItem, b: &RawItem) -> bool {
    a == b
}

/// Rule, path, item and message, hashed (FNV-1a, 64 bits); the n-th of several that are equal in all of them counts n in.
fn fingerprint(findings: &mut [Finding]) {
    let mut seen: FxHashMap<u64, u64> = FxHashMap::default();
    for finding in findings {
        let parts = [&*finding.rule, finding.path.as_str(), &finding.item.name, &finding.message];
        let hash = parts.iter().fold(FNV_OFFSET, |hash, part| fnv(fnv(hash, part.as_bytes()), &[0]));
        let count = seen.entry(hash).or_default();
        finding.fingerprint = format!("{:016x}", if *count == 0 { hash } else { fnv(hash, &count.to_le_bytes()) });
        *count += 1;
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}
