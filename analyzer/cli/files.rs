//! Where a run stands: the working directory, the workspace, and reading from it.

use std::io;
use std::path::Path;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use plimsoll_engine::Files;

use crate::disk::{self, Kind};
use crate::problem::Problem;

/// The folders of a run; all absolute, without symbolic links.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// Where the program was started; what paths are shown relative to.
    pub(crate) working_directory: Utf8PathBuf,
    /// Nothing outside of it is read: the working directory, or what the given paths have in common when one lies outside of it.
    pub(crate) root: Utf8PathBuf,
    /// What is checked.
    pub(crate) targets: Vec<Target>,
}

/// A path of the command line.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    pub(crate) is_folder: bool,
}

impl Workspace {
    /// Finds the folders of these paths.
    pub(crate) fn new(paths: &[Utf8PathBuf]) -> Result<Self, Problem> {
        Self::seen_from(disk::working_directory().map_err(|error| Problem::disk("the working directory", &error))?, paths)
    }

    /// Finds the folders of paths that are relative to another folder than the working directory.
    pub(crate) fn seen_from(working_directory: Utf8PathBuf, paths: &[Utf8PathBuf]) -> Result<Self, Problem> {
        let targets: Vec<Target> = paths.iter().map(|path| target(&working_directory, path)).collect::<Result<_, _>>()?;
        let root = if targets.iter().all(|target| target.path.starts_with(&working_directory)) {
            working_directory.clone()
        } else {
            common_folder(&targets)
        };
        Ok(Self { working_directory, root, targets })
    }

    /// A path of the workspace as it is shown: relative to the working directory.
    pub(crate) fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        if self.root == self.working_directory {
            path.to_owned()
        } else {
            relative(&self.working_directory, &self.root.join(path))
        }
    }

    /// An absolute path as one of the workspace, with forward slashes; `None`: it lies outside.
    pub(crate) fn inside(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        // Taking paths apart would cost more than all else that a walk does here.
        let below = path.as_str().strip_prefix(self.root.as_str()).and_then(|rest| rest.strip_prefix(std::path::MAIN_SEPARATOR));
        let inner = below.map_or_else(|| path.strip_prefix(&self.root), |below| Ok(Utf8Path::new(below))).ok()?;
        Some(if cfg!(windows) { inner.as_str().replace('\\', "/").into() } else { inner.to_owned() })
    }

    /// The folder of the repository: the nearest one above with `.git`, else the working directory or the root.
    pub(crate) fn repository(&self) -> Utf8PathBuf {
        let from = if self.root.starts_with(&self.working_directory) { &self.working_directory } else { &self.root };
        from.ancestors().find(|folder| disk::exists(&folder.join(".git"))).unwrap_or(from).to_owned()
    }
}

fn target(working_directory: &Utf8Path, path: &Utf8Path) -> Result<Target, Problem> {
    let refused = |error: io::Error| Problem::disk(path, &error);
    let joined = working_directory.join(path);
    let is_folder = match disk::kind(joined.as_std_path()).map_err(refused)? {
        Kind::Folder => true,
        Kind::File => false,
        Kind::Other => return Err(Problem::new(format!("{path} is neither a file nor a folder"))),
    };
    let canonical = |path: &Utf8Path| disk::canonical(path.as_std_path()).and_then(disk::utf8).map_err(refused);
    let path = match (is_folder, joined.parent(), joined.file_name()) {
        // A file keeps its own name and folder when it is a symbolic link: it belongs to the module that it lies in.
        (false, Some(folder), Some(name)) => canonical(folder)?.join(name),
        _ => canonical(&joined)?,
    };
    Ok(Target { path, is_folder })
}

fn common_folder(targets: &[Target]) -> Utf8PathBuf {
    let folders = targets.iter().map(|target| if target.is_folder { Some(&*target.path) } else { target.path.parent() });
    let mut common: Option<&Utf8Path> = None;
    for folder in folders.flatten() {
        common = match common {
            None => Some(folder),
            Some(common) => common.ancestors().find(|ancestor| folder.starts_with(ancestor)),
        };
    }
    common.unwrap_or(Utf8Path::new("/")).to_owned()
}

/// `path` as seen from `from`, both absolute, with `..` where it must be and forward slashes.
pub(crate) fn relative(from: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), path.components().collect());
    let shared = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    let up = from.iter().skip(shared).map(|_| "..");
    let down = to.iter().skip(shared).map(Utf8Component::as_str);
    up.chain(down).collect::<Vec<_>>().join("/").into()
}

/// A folder of more files than this is not listed.
const MOST_LISTED: usize = 20_000;

/// Reads files of the workspace, wherever they are hidden in it, and none outside.
#[derive(Debug)]
pub(crate) struct WorkspaceFiles {
    /// Absolute, without symbolic links.
    pub(crate) root: Utf8PathBuf,
    /// In bytes.
    pub(crate) limit: u64,
}

impl WorkspaceFiles {
    /// Reads an absolute path whose real place must lie in the workspace.
    pub(crate) fn read_absolute(&self, path: &Path) -> io::Result<Vec<u8>> {
        // Most files that are asked for are not there (`.env`, `.dockerignore`), and following links takes a call for each folder.
        disk::is_there(path)?;
        let real = disk::canonical(path)?;
        if !real.starts_with(&self.root) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "a symbolic link to a place outside of the workspace"));
        }
        disk::read(&real, self.limit)
    }
}

impl Files for WorkspaceFiles {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.read_absolute(self.root.join(path).as_std_path())
    }

    fn list(&self, folder: &Utf8Path) -> Option<Vec<String>> {
        let real = disk::utf8(disk::canonical(self.root.join(folder).as_std_path()).ok()?).ok()?;
        if real.starts_with(&self.root) { disk::files_below(&real, MOST_LISTED) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_with_dots_where_they_must_be() {
        let rows = [
            ("/a/b", "/a/b/c/d.tf", "c/d.tf"),
            ("/a/b", "/a/x.tf", "../x.tf"),
            ("/a/b/c", "/q", "../../../q"),
            ("/", "/etc/docker", "etc/docker"),
        ];
        for (from, path, expected) in rows {
            assert_eq!(relative(Utf8Path::new(from), Utf8Path::new(path)), expected);
        }
    }

    #[test]
    fn the_common_folder_of_files_and_folders() {
        let target = |path: &str, is_folder| Target { path: path.into(), is_folder };
        assert_eq!(common_folder(&[target("/a/b/x.tf", false)]), "/a/b");
        assert_eq!(common_folder(&[target("/a/b", true), target("/a/bc/d", true)]), "/a");
        assert_eq!(common_folder(&[target("/a/b", true), target("/q/d", true)]), "/");
    }
}
