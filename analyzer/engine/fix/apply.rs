//! Applying fixes to a text, and showing what became of it.

use crate::report::Fix;

/// The text with as many of the fixes as do not touch each other, earlier ones first; and how many those are.
#[must_use]
pub fn apply<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> (String, usize) {
    let mut all: Vec<&Fix> = fixes.into_iter().filter(|fix| !fix.edits.is_empty()).collect();
    all.sort_by_key(|fix| fix.edits.iter().map(|edit| (edit.range.span.start, edit.range.span.end)).min());
    let mut taken: Vec<(usize, usize, &str)> = Vec::new();
    let mut count = 0;
    let mut seen: Vec<&Fix> = Vec::new();
    for fix in all {
        if seen.iter().any(|known| known.edits == fix.edits) {
            continue;
        }
        let edits =
            fix.edits.iter().map(|edit| (edit.range.span.start as usize, edit.range.span.end as usize, edit.text.as_str()));
        let meets = |(start, end): (usize, usize)| taken.iter().any(|(from, to, _)| start <= *to && *from <= end);
        let whole = |start, end| text.is_char_boundary(start) && text.is_char_boundary(end) && start <= end && end <= text.len();
        if edits.clone().any(|(start, end, _)| meets((start, end)) || !whole(start, end)) {
            continue;
        }
        taken.extend(edits);
        seen.push(fix);
        count += 1;
    }
    taken.sort_unstable();
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for (start, end, new) in taken {
        out.push_str(text.get(at..start).unwrap_or(""));
        out.push_str(new);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    (out, count)
}

/// Lines of context around a change.
const CONTEXT: usize = 3;
/// Larger differences are shown as one change from the first to the last line that differs.
const MOST: usize = 4_000_000;

/// The difference of two texts in the unified format; empty where they are equal.
#[must_use]
pub fn diff(path: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let foot = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let steps = steps(&old[head..old.len() - foot], &new[head..new.len() - foot]);
    let all: Vec<Step> =
        std::iter::repeat_n(Step::Same, head).chain(steps).chain(std::iter::repeat_n(Step::Same, foot)).collect();
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    let changed: Vec<usize> = all.iter().enumerate().filter(|(_, step)| **step != Step::Same).map(|(at, _)| at).collect();
    let mut next = 0;
    while let Some(&first) = changed.get(next) {
        let mut last = first;
        while let Some(&more) = changed.get(next).filter(|more| **more <= last + 2 * CONTEXT + 1) {
            last = more;
            next += 1;
        }
        let (from, to) = (first.saturating_sub(CONTEXT), (last + CONTEXT + 1).min(all.len()));
        hunk(&all, from, to, &old, &new, &mut out);
    }
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same,
    Removed,
    Added,
}

/// The way from one list of lines to the other, by their longest common subsequence.
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let (rows, columns) = (old.len(), new.len());
    if rows.saturating_mul(columns) > MOST {
        return std::iter::repeat_n(Step::Removed, rows).chain(std::iter::repeat_n(Step::Added, columns)).collect();
    }
    let width = columns + 1;
    let mut longest = vec![0_u32; (rows + 1) * width];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row * width + column] = if old[row] == new[column] {
                longest[(row + 1) * width + column + 1] + 1
            } else {
                longest[(row + 1) * width + column].max(longest[row * width + column + 1])
            };
        }
    }
    let mut out = Vec::with_capacity(rows + columns);
    let (mut row, mut column) = (0, 0);
    while row < rows || column < columns {
        if row < rows && column < columns && old[row] == new[column] {
            out.push(Step::Same);
            (row, column) = (row + 1, column + 1);
        } else if row < rows && (column == columns || longest[(row + 1) * width + column] >= longest[row * width + column + 1]) {
            out.push(Step::Removed);
            row += 1;
        } else {
            out.push(Step::Added);
            column += 1;
        }
    }
    out
}

fn hunk(all: &[Step], from: usize, to: usize, old: &[&str], new: &[&str], out: &mut String) {
    let count = |steps: &[Step], other: Step| steps.iter().filter(|step| **step != other).count();
    let (mut row, mut column) = (count(&all[..from], Step::Added), count(&all[..from], Step::Removed));
    let (rows, columns) = (count(&all[from..to], Step::Added), count(&all[from..to], Step::Removed));
    let start = |at: usize, lines: usize| if lines == 0 { at } else { at + 1 };
    out.push_str(&format!("@@ -{},{rows} +{},{columns} @@\n", start(row, rows), start(column, columns)));
    for step in &all[from..to] {
        let (sign, line) = match step {
            Step::Same => (' ', old[row]),
            Step::Removed => ('-', old[row]),
            Step::Added => ('+', new[column]),
        };
        row += usize::from(*step != Step::Added);
        column += usize::from(*step != Step::Removed);
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}
