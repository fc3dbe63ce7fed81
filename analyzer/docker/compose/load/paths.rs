//! Paths of a project's files and of what they name.

/// A path relative to a folder, without `.` and `..`; an absolute one as it is.
pub(super) fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder that a file lies in.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as it is shown: under the project's folder.
pub(super) fn shown(directory: &str, folder: &str, path: &str) -> String {
    // A drive of Windows is absolute, too.
    if path.starts_with(['/', '~'])
        || path.as_bytes().get(1) == Some(&b':')
        || path.starts_with(directory)
        || path.contains("://")
    {
        return path.to_owned();
    }
    match join(folder, path) {
        joined if joined.is_empty() => directory.to_owned(),
        joined => format!("{directory}/{joined}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined() {
        let rows =
            [("", "a", "a"), ("x", "./a", "x/a"), ("x/y", "../a", "x/a"), ("", "../a", "../a"), ("x", "/a", "/a"), ("", ".", "")];
        for (folder, path, expected) in rows {
            assert_eq!(join(folder, path), expected, "{folder} {path}");
        }
        assert_eq!(shown("/p", "x", "./a"), "/p/x/a");
        assert_eq!(shown("/p", "", "."), "/p");
        assert_eq!(folder("a/b.yml"), "a");
    }
}
