//! `textDocument/definition`, `references`, `documentLink` and `inlayHint`.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Cancelled, Range as EngineRange, Snapshot};
use tower_lsp_server::ls_types::*;

use super::places::Places;
use crate::convert::Context;

/// Which way a link is followed.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// To where something comes from.
    Definitions,
    /// To where it is used.
    References,
}

/// The places that belong to a position.
pub(crate) fn linked(
    context: &Context,
    path: &Utf8Path,
    snapshot: &Snapshot,
    position: Position,
    way: Way,
) -> Result<Option<Vec<Location>>, Cancelled> {
    let mut places = Places::new(context, snapshot);
    let offset = places.offset(path, position)?;
    let found: Vec<(Utf8PathBuf, EngineRange)> = match way {
        Way::Definitions => snapshot.definitions(path, offset)?,
        Way::References => snapshot.references(path, offset)?,
    };
    let mut all = Vec::new();
    for (path, range) in found {
        all.extend(places.location(&path, &range)?);
    }
    Ok((!all.is_empty()).then_some(all))
}

/// The pages of the rules that comments name.
pub(crate) fn document_links(context: &Context, path: &Utf8Path, snapshot: &Snapshot) -> Result<Vec<DocumentLink>, Cancelled> {
    let mut places = Places::new(context, snapshot);
    let mut links = Vec::new();
    for (name, range) in snapshot.allowed_rules(path)? {
        let page = context.host.page_of(&context.rules, &name).and_then(|page| Uri::from_str(&page).ok());
        if page.is_some() && context.rules.get(&name).is_some() {
            let tooltip = Some(format!("The page of `{name}`"));
            links.push(DocumentLink { range: places.range(path, &range)?, target: page, tooltip, data: None });
        }
    }
    Ok(links)
}

/// The values of references.
pub(crate) fn inlay_hints(
    context: &Context,
    path: &Utf8Path,
    snapshot: &Snapshot,
    range: Range,
) -> Result<Vec<InlayHint>, Cancelled> {
    let mut places = Places::new(context, snapshot);
    let (start, end) = (places.offset(path, range.start)?, places.offset(path, range.end)?);
    let mut hints = Vec::new();
    for hint in snapshot.hints(path, start..end)? {
        hints.push(InlayHint {
            position: places.position(path, hint.after as usize)?,
            label: InlayHintLabel::String(hint.text),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
    }
    Ok(hints)
}
