//! What editors show beside findings: lenses, hints, links, and the edits of actions that are asked for late.

use tower_lsp_server::ls_types::*;

use super::{Owner, innermost};
use crate::message::{Message, Reply};
use crate::requests::links::{self, Way};
use crate::requests::{code_action, code_lens};
use crate::uri;

impl Owner {
    /// Lenses need the whole world, which has been put together when everything has been judged: until then the question waits, so
    /// that it takes no time from diagnostics.
    pub(super) fn code_lens(&mut self, params: CodeLensParams, reply: Reply<Option<Vec<CodeLens>>>) {
        if !self.preferences.code_lens {
            return reply.send(Ok(None));
        }
        let document = params.text_document.uri.clone();
        let folder = uri::path_of(&document).and_then(|path| innermost(&mut self.folders, &path));
        if let Some(folder) = folder.filter(|folder| !folder.ready.as_ref().is_some_and(|ready| ready.is_settled())) {
            folder.waiting.push(Message::CodeLens(params, reply));
            return;
        }
        let again = |reply| Message::CodeLens(params, reply);
        self.answer(&document, reply, again, |asked| {
            code_lens::code_lenses(&asked.context, &asked.path, asked.snapshot).map(Some)
        });
    }

    /// Nothing unless the settings ask for it.
    pub(super) fn inlay_hint(&mut self, params: InlayHintParams, reply: Reply<Option<Vec<InlayHint>>>) {
        if !self.preferences.inlay_hints {
            return reply.send(Ok(None));
        }
        let (document, range) = (params.text_document.uri.clone(), params.range);
        let again = |reply| Message::InlayHint(params, reply);
        self.answer(&document, reply, again, move |asked| {
            links::inlay_hints(&asked.context, &asked.path, asked.snapshot, range).map(Some)
        });
    }

    pub(super) fn definition(&mut self, params: GotoDefinitionParams, reply: Reply<Option<GotoDefinitionResponse>>) {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params.clone();
        let again = |reply| Message::Definition(params, reply);
        self.answer(&text_document.uri, reply, again, move |asked| {
            let found = links::linked(&asked.context, &asked.path, asked.snapshot, position, Way::Definitions)?;
            Ok(found.map(GotoDefinitionResponse::Array))
        });
    }

    pub(super) fn references(&mut self, params: ReferenceParams, reply: Reply<Option<Vec<Location>>>) {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position.clone();
        let again = |reply| Message::References(params, reply);
        self.answer(&text_document.uri, reply, again, move |asked| {
            links::linked(&asked.context, &asked.path, asked.snapshot, position, Way::References)
        });
    }

    pub(super) fn document_link(&mut self, params: DocumentLinkParams, reply: Reply<Option<Vec<DocumentLink>>>) {
        let document = params.text_document.uri.clone();
        let again = |reply| Message::DocumentLink(params, reply);
        self.answer(&document, reply, again, |asked| {
            links::document_links(&asked.context, &asked.path, asked.snapshot).map(Some)
        });
    }

    /// The edit of an action that was offered without it.
    pub(super) fn resolve(&mut self, action: CodeAction, reply: Reply<Option<CodeAction>>) {
        let Some(late) = action.data.as_ref().and_then(code_action::Late::read) else {
            return reply.send(Ok(Some(action)));
        };
        let (document, title) = (late.document.clone(), action.title.clone());
        let again = |reply| Message::Resolve(Box::new(action.clone()), reply);
        self.answer(&document, reply, again, {
            let action = action.clone();
            move |asked| {
                let edit = code_action::late_edit(&asked.context, &asked.path, asked.snapshot, &asked.report()?, &late, &title)?;
                Ok(Some(CodeAction { edit, ..action }))
            }
        });
    }
}
