//! The order of paths.

use std::cmp::Ordering;

use camino::Utf8Path;

/// The order in which a workspace lists its files, folder by folder: that of [`Utf8Path`]'s own comparison, which takes a path apart for
/// each, for paths that are relative to the workspace and hold neither `.` nor `//`.
#[must_use]
pub fn in_order(a: &Utf8Path, b: &Utf8Path) -> Ordering {
    let (a, b) = (a.as_str().as_bytes(), b.as_str().as_bytes());
    let differ = a.iter().zip(b).find(|(left, right)| left != right);
    differ.map_or(a.len().cmp(&b.len()), |(left, right)| {
        // What ends a folder's name comes before whatever the name might go on with.
        (*left != b'/').cmp(&(*right != b'/')).then(left.cmp(right))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_paths() {
        let texts =
            ["", "a", "a/b", "a-b", "a-b/c", "a/b.tf", "a/b", "a/b/c", "ab", "a.b/c", "ä/b", "a/ä", "b", "a b/c", "a\u{1}/b"];
        for left in texts.map(Utf8Path::new) {
            for right in texts.map(Utf8Path::new) {
                assert_eq!(in_order(left, right), left.cmp(right), "{left} and {right}");
            }
        }
    }
}
