//! Packed sub-charts: the files of `charts/NAME-VERSION.tgz`, as if the archive were a folder.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_helm::{is_archive, unpack};

use crate::db::{Db, SourceFile};

/// How deep packed charts may lie in packed charts.
const MAX_DEPTH: usize = 3;
/// How many files all packed charts of one archive may have together.
const MAX_FILES: usize = 10_000;

/// The files of an archive by their path in it, or why there are none.
#[salsa::tracked(returns(clone), no_eq)]
pub(super) fn files(db: &dyn Db, archive: SourceFile) -> Result<Arc<Vec<(String, SourceFile)>>, String> {
    // Its text is of no use, but asking for it makes this answer as old as the archive.
    if let Some(reason) = &archive.content(db).unread {
        return Err(reason.clone());
    }
    let bytes = db.bytes(archive.path(db)).ok_or("it cannot be read")?;
    let mut found = Vec::new();
    add(db, archive.path(db), "", &bytes, MAX_DEPTH, &mut found)?;
    Ok(Arc::new(found))
}

fn add(
    db: &dyn Db,
    archive: &Utf8Path,
    within: &str,
    bytes: &[u8],
    depth: usize,
    found: &mut Vec<(String, SourceFile)>,
) -> Result<(), String> {
    let Some(depth) = depth.checked_sub(1) else { return Err("charts are packed in charts too deep".to_owned()) };
    for (path, content) in unpack(bytes)? {
        let path = format!("{within}{path}");
        if is_archive(&path) {
            add(db, archive, &format!("{path}/"), &content, depth, found)?;
        } else if found.len() < MAX_FILES {
            let file = db.derived(archive.join(&path), content);
            found.push((path, file));
        }
    }
    Ok(())
}

/// Whether a path lies in an archive: there is nothing on the disk that could be mended.
#[must_use]
pub(crate) fn is_inside(path: &Utf8Path) -> bool {
    path.ancestors().skip(1).any(|above: &Utf8Path| is_archive(above.as_str()))
}

/// The path for another text at the same place: an archive that was packed anew.
#[must_use]
pub(crate) fn renewed(path: &Utf8Path, times: usize) -> Utf8PathBuf {
    if times == 0 { path.to_owned() } else { Utf8PathBuf::from(format!("{path}~{times}")) }
}
