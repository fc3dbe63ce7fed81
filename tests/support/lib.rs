//! What the tests, the fuzz targets and the benches share: texts made up from a seed, what must hold for any input, and measuring.
//!
//! Nothing here knows a rule.

pub mod chart;
pub mod expression;
pub mod generate;
pub mod measure;
pub mod mutate;
pub mod random;
pub mod targets;

use std::io;
use std::path::PathBuf;

use camino::Utf8Path;
use plimsoll_engine::Files;

/// A disk with nothing on it: there is only what was added.
#[derive(Debug)]
pub struct NoDisk;

impl Files for NoDisk {
    fn read(&self, _: &Utf8Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The top of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map_or_else(|| tests.clone(), PathBuf::from)
}

/// Every file below a folder, sorted, for which `wanted` holds; symbolic links are not followed.
#[must_use]
pub fn files_below(folder: &std::path::Path, wanted: fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() && wanted(&entry.file_name().to_string_lossy()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}
