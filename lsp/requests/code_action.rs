//! `textDocument/codeAction`: the fix of a finding, allowing it with a reason, its rule's page, and all safe fixes of a file.

use std::collections::HashMap;

use camino::Utf8Path;
use plimsoll_engine::{Cancelled, Edit, FileReport, Finding, Fix, Snapshot};
use serde_json::json;
use tower_lsp_server::ls_types::*;

use super::touched;
use crate::capabilities::{FIX_ALL, OPEN_RULE};
use crate::convert::Context;
use crate::position::Lines;

/// What a person writes over.
const REASON: &str = "why this is fine here";

/// An action whose edit is asked for when a person chooses it.
pub(crate) struct Late {
    pub(crate) document: Uri,
    range: Range,
    only: Option<Vec<CodeActionKind>>,
    /// Which of the actions it was.
    number: usize,
}

impl Late {
    pub(crate) fn read(data: &LSPAny) -> Option<Self> {
        let part = |key: &str| data.get(key).cloned();
        Some(Self {
            document: serde_json::from_value(part("document")?).ok()?,
            range: serde_json::from_value(part("range")?).ok()?,
            only: part("only").and_then(|only| serde_json::from_value(only).ok()),
            number: part("number")?.as_u64()?.try_into().ok()?,
        })
    }
}

/// The edit of an action that was offered without it.
pub(crate) fn late_edit(
    context: &Context,
    path: &Utf8Path,
    snapshot: &Snapshot,
    report: &FileReport,
    late: &Late,
    title: &str,
) -> Result<Option<WorkspaceEdit>, Cancelled> {
    let params = CodeActionParams {
        text_document: TextDocumentIdentifier { uri: late.document.clone() },
        range: late.range,
        context: CodeActionContext { only: late.only.clone(), ..CodeActionContext::default() },
        work_done_progress_params: WorkDoneProgressParams::default(),
        partial_result_params: PartialResultParams::default(),
    };
    let actions = complete(context, path, snapshot, report, &params)?;
    let is_it = |action: &&CodeAction| action.title == title;
    let found = actions.get(late.number).filter(is_it).or_else(|| actions.iter().find(is_it));
    Ok(found.and_then(|action| action.edit.clone()))
}

/// The actions for a range; without their edits for a client that asks for these when it needs them.
pub(crate) fn code_actions(
    context: &Context,
    path: &Utf8Path,
    snapshot: &Snapshot,
    report: &FileReport,
    params: &CodeActionParams,
) -> Result<CodeActionResponse, Cancelled> {
    let mut actions = complete(context, path, snapshot, report, params)?;
    if context.client.asks_for_edits {
        for (number, action) in actions.iter_mut().enumerate().filter(|(_, action)| action.edit.is_some()) {
            action.edit = None;
            let (document, range) = (&params.text_document.uri, params.range);
            action.data = Some(json!({ "document": document, "range": range, "only": params.context.only, "number": number }));
        }
    }
    Ok(actions.into_iter().map(CodeActionOrCommand::from).collect())
}

fn complete(
    context: &Context,
    path: &Utf8Path,
    snapshot: &Snapshot,
    report: &FileReport,
    params: &CodeActionParams,
) -> Result<Vec<CodeAction>, Cancelled> {
    let only = params.context.only.as_deref();
    let wants = |kind: &str| only.is_none_or(|kinds| kinds.iter().any(|wanted| is_under(kind, wanted.as_str())));
    let writer = Writer { context, path, report };
    let mut actions = Vec::new();
    if wants("quickfix") {
        let found = touched(report, path, params.range, context.client.encoding);
        for finding in &found {
            let diagnostics = of_finding(finding, &params.context.diagnostics);
            if let Some(fix) = &finding.fix {
                let title = capitalised(&fix.message);
                let action =
                    CodeAction { is_preferred: Some(fix.safe), ..writer.quick_fix(title, &fix.edits, diagnostics.clone()) };
                actions.push(action);
            }
            if let Some(edit) = snapshot.allowance(path, finding, REASON)? {
                actions.push(writer.quick_fix(format!("Allow `{}` here, with a reason", finding.rule), &[edit], diagnostics));
            }
        }
        let mut rules: Vec<&str> = Vec::new();
        for finding in found {
            if let Some(page) =
                context.page(finding).filter(|_| context.client.shows_documents && !rules.contains(&&*finding.rule))
            {
                rules.push(&finding.rule);
                let title = format!("Open the page of `{}`", finding.rule);
                let command =
                    Command { title: title.clone(), command: OPEN_RULE.to_owned(), arguments: Some(vec![json!(page.as_str())]) };
                let kind = Some(CodeActionKind::QUICKFIX);
                actions.push(CodeAction { title, kind, command: Some(command), ..CodeAction::default() });
            }
        }
    }
    // An editor asks for it by name, when a file is saved for example.
    if only.is_some() && wants(FIX_ALL) {
        let edits = safe_edits(report);
        if !edits.is_empty() {
            let title = "Apply all safe fixes of plimsoll".to_owned();
            let kind = Some(CodeActionKind::from(FIX_ALL));
            actions.push(CodeAction { title, kind, edit: writer.edit(&edits), ..CodeAction::default() });
        }
    }
    Ok(actions)
}

/// `source.fixAll.plimsoll` is under `source.fixAll` and `source`.
fn is_under(kind: &str, wanted: &str) -> bool {
    kind.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wanted.is_empty())
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The client's diagnostics that are this finding.
fn of_finding(finding: &Finding, all: &[Diagnostic]) -> Option<Vec<Diagnostic>> {
    let is_it = |diagnostic: &&Diagnostic| {
        diagnostic.message == finding.message && diagnostic.code == Some(NumberOrString::String(finding.rule.to_string()))
    };
    let own: Vec<Diagnostic> = all.iter().filter(is_it).cloned().collect();
    (!own.is_empty()).then_some(own)
}

/// The edits of all safe fixes that do not touch an earlier one.
fn safe_edits(report: &FileReport) -> Vec<Edit> {
    let safe = report.findings.iter().filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.safe);
    let mut taken: Vec<&Fix> = Vec::new();
    for fix in safe {
        let touches = |edit: &Edit| {
            let others = taken.iter().flat_map(|fix| &fix.edits).map(|edit| edit.range.span);
            others.into_iter().any(|other| edit.range.span.start <= other.end && other.start <= edit.range.span.end)
        };
        if !fix.edits.iter().any(touches) {
            taken.push(fix);
        }
    }
    taken.iter().flat_map(|fix| fix.edits.iter().cloned()).collect()
}

struct Writer<'a> {
    context: &'a Context,
    path: &'a Utf8Path,
    report: &'a FileReport,
}

impl Writer<'_> {
    fn quick_fix(&self, title: String, edits: &[Edit], diagnostics: Option<Vec<Diagnostic>>) -> CodeAction {
        CodeAction { title, kind: Some(CodeActionKind::QUICKFIX), diagnostics, edit: self.edit(edits), ..CodeAction::default() }
    }

    fn edit(&self, edits: &[Edit]) -> Option<WorkspaceEdit> {
        let uri = self.context.uri(self.path)?;
        let text = &self.report.texts.get(self.path)?.text;
        let lines = Lines::new(text, self.context.client.encoding);
        let edits: Vec<TextEdit> =
            edits.iter().map(|edit| TextEdit { range: lines.range(text, &edit.range), new_text: edit.text.clone() }).collect();
        if !self.context.client.document_changes {
            return Some(WorkspaceEdit { changes: Some(HashMap::from([(uri, edits)])), ..WorkspaceEdit::default() });
        }
        let text_document = OptionalVersionedTextDocumentIdentifier { uri, version: self.context.version(self.path) };
        let edits = edits.into_iter().map(OneOf::Left).collect();
        let changes = DocumentChanges::Edits(vec![TextDocumentEdit { text_document, edits }]);
        Some(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_under_their_prefixes() {
        for (wanted, expected) in
            [("source.fixAll", true), ("source", true), ("", true), ("source.fix", false), ("quickfix", false)]
        {
            assert_eq!(is_under(FIX_ALL, wanted), expected, "{wanted}");
        }
    }
}
