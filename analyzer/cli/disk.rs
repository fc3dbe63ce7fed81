//! The disk. No other module of this program touches it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

/// The working directory, without symbolic links.
pub(crate) fn working_directory() -> io::Result<Utf8PathBuf> {
    utf8(canonical(&std::env::current_dir()?)?)
}

/// The path without symbolic links, `.` and `..`; it must exist.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// The path as text.
pub(crate) fn utf8(path: PathBuf) -> io::Result<Utf8PathBuf> {
    let not_utf8 = |path: PathBuf| io::Error::new(io::ErrorKind::InvalidFilename, format!("{} is not UTF-8", path.display()));
    Utf8PathBuf::from_path_buf(path).map_err(not_utf8)
}

/// What is at a path, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A pipe, a socket, a device: reading it could wait for ever.
    Other,
}

/// What is at a path, symbolic links followed.
pub(crate) fn kind(path: &Path) -> io::Result<Kind> {
    let found = fs::metadata(path)?;
    Ok(if found.is_file() {
        Kind::File
    } else if found.is_dir() {
        Kind::Folder
    } else {
        Kind::Other
    })
}

/// An error unless there is something at a path.
pub(crate) fn is_there(path: &Path) -> io::Result<()> {
    fs::symlink_metadata(path).map(drop)
}

/// Whether there is something at a path.
pub(crate) fn exists(path: &Utf8Path) -> bool {
    is_there(path.as_std_path()).is_ok()
}

/// Reads a file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("not a file"));
    }
    if found.len() > limit {
        let message = format!("larger than {limit} bytes, see --max-file-size");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    if found.len() == 0 {
        // Some file systems tell no length.
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut bytes = vec![0; usize::try_from(found.len()).map_err(io::Error::other)?];
    let mut filled = 0;
    // Where the length is reached nothing is asked for its end.
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match (&file).read(rest) {
            Ok(0) => bytes.truncate(filled),
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Reads a text file.
pub(crate) fn read_text(path: &Utf8Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Writes a whole file.
pub(crate) fn write(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)
}

/// Writes a file that must not exist yet, with the folders above it.
pub(crate) fn write_new(path: &Utf8Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create_new(path)?.write_all(text.as_bytes())
}

/// The names in a folder, sorted; those that are not UTF-8 are left out.
pub(crate) fn names(folder: &Utf8Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Every file below a folder, relative to it, with forward slashes; links to folders are not followed. `None`: there are more than
/// `most`, or a folder could not be read.
pub(crate) fn files_below(folder: &Utf8Path, most: usize) -> Option<Vec<String>> {
    let (mut found, mut waiting) = (Vec::new(), vec![String::new()]);
    while let Some(inner) = waiting.pop() {
        for entry in fs::read_dir(folder.join(&inner)).ok()? {
            let entry = entry.ok()?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if inner.is_empty() { name } else { format!("{inner}/{name}") };
            if entry.file_type().ok()?.is_dir() {
                waiting.push(path);
            } else {
                found.push(path);
            }
            if found.len() + waiting.len() > most {
                return None;
            }
        }
    }
    found.sort();
    Some(found)
}

/// The Markdown pages below a folder (or the one page), sorted by path, without READMEs and hidden files.
pub(crate) fn pages(path: &Utf8Path) -> io::Result<Vec<(Utf8PathBuf, String)>> {
    let mut pages = Vec::new();
    collect_pages(path, &mut pages)?;
    Ok(pages)
}

fn collect_pages(path: &Utf8Path, pages: &mut Vec<(Utf8PathBuf, String)>) -> io::Result<()> {
    if kind(path.as_std_path())? == Kind::File {
        pages.push((path.to_owned(), read_text(path)?));
        return Ok(());
    }
    for name in names(path)? {
        let inner = path.join(&name);
        // A link to a folder may lead in a circle.
        let is_folder = fs::symlink_metadata(&inner)?.is_dir();
        if !name.starts_with('.') && (is_folder || name.ends_with(".md") && !name.eq_ignore_ascii_case("readme.md")) {
            collect_pages(&inner, pages)?;
        }
    }
    Ok(())
}
