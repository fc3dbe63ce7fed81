//! Paths and the names that clients give them.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use tower_lsp_server::ls_types::Uri;

/// The absolute path of a `file` URI; `None`: it is no file of this machine.
pub(crate) fn path_of(uri: &Uri) -> Option<Utf8PathBuf> {
    if !uri.scheme().as_str().eq_ignore_ascii_case("file") {
        return None;
    }
    let host = uri.authority().map(|authority| authority.host().to_owned()).unwrap_or_default();
    let path = uri.path().decode().to_string().ok()?;
    file_path(&host, &path, cfg!(windows))
}

fn file_path(host: &str, path: &str, windows: bool) -> Option<Utf8PathBuf> {
    let local = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    match (windows, local) {
        (false, true) => path.starts_with('/').then(|| path.into()),
        (false, false) => None,
        (true, false) => Some(format!("//{host}{path}").into()),
        (true, true) => {
            let path = path.strip_prefix('/')?;
            let mut letters = path.chars();
            let (drive, colon) = (letters.next()?, letters.next()?);
            // Clients disagree on the case of drive letters.
            (drive.is_ascii_alphabetic() && colon == ':')
                .then(|| format!("{}:{}", drive.to_ascii_uppercase(), letters.as_str()).into())
        }
    }
}

/// The URI of an absolute path.
pub(crate) fn uri_of(path: &Utf8Path) -> Option<Uri> {
    let path = path.as_str().replace('\\', "/");
    let rooted = if path.starts_with('/') { path } else { format!("/{path}") };
    Uri::from_str(&format!("file://{}", encoded(&rooted))).ok()
}

/// The URI of a file below a folder, in the folder's own spelling; the path has forward slashes.
pub(crate) fn inside(folder: &Uri, path: &Utf8Path) -> Option<Uri> {
    Uri::from_str(&format!("{}/{}", folder.as_str().trim_end_matches('/'), encoded(path.as_str()))).ok()
}

fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_paths_of_this_machine_or_nothing() {
        let rows = [
            ("", "/a/b c.tf", false, Some("/a/b c.tf")),
            ("localhost", "/a", false, Some("/a")),
            ("server", "/a", false, None),
            ("", "/c:/a/b.tf", true, Some("C:/a/b.tf")),
            ("", "/C:/a/b.tf", true, Some("C:/a/b.tf")),
            ("server", "/share/a.tf", true, Some("//server/share/a.tf")),
            ("", "/a/b", true, None),
        ];
        for (host, path, windows, expected) in rows {
            assert_eq!(file_path(host, path, windows).as_deref(), expected.map(Utf8Path::new), "{host} {path}");
        }
        for uri in ["untitled:Untitled-1", "git:/a/b.tf?x", "vscode-notebook-cell:/a#b"] {
            assert_eq!(path_of(&Uri::from_str(uri).unwrap()), None, "{uri}");
        }
    }

    #[test]
    fn paths_come_back() {
        for path in ["/a/b c/d#e.tf", "/ü/ß%20.tf"] {
            assert_eq!(path_of(&uri_of(Utf8Path::new(path)).unwrap()).unwrap(), path);
        }
        let folder = Uri::from_str("file:///c%3A/work").unwrap();
        assert_eq!(inside(&folder, Utf8Path::new("a b.tf")).unwrap().as_str(), "file:///c%3A/work/a%20b.tf");
    }
}
