//! Packed charts: what `helm package` and `helm dependency build` leave in `charts/` as `NAME-VERSION.tgz`.
//!
//! An archive is read in memory; how many files it has, how large they are and how far they unpack is bounded, so that a small
//! archive that unpacks to more than the memory holds costs no more than a chart of honest size.

use std::io::Read;

use flate2::read::GzDecoder;
use tar::Archive;

/// How many files a packed chart may have.
const MAX_FILES: usize = 5_000;
/// How many bytes all files of a packed chart may have together, and with them the headers between.
const MAX_BYTES: u64 = 32 << 20;

/// Whether a path below a chart is that of a packed chart inside it.
#[must_use]
pub fn is_archive(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folder == "charts" || folder.ends_with("/charts")) && name.ends_with(".tgz") && !name.starts_with(['_', '.'])
}

/// The files of a packed chart, by their path below the chart's own folder.
///
/// # Errors
/// In a sentence without a full stop, when it is no such archive or unpacks too far.
pub fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let broken = |error: std::io::Error| format!("this is no packed chart: {error}");
    let mut archive = Archive::new(GzDecoder::new(bytes).take(MAX_BYTES));
    let mut files = Vec::new();
    let mut unpacked = 0_u64;
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(broken)?.to_string_lossy().replace('\\', "/");
        // Helm refuses what leaves the chart's folder; nothing is written here, but nothing may pretend to lie elsewhere.
        let Some((_, inside)) = path.trim_start_matches("./").split_once('/') else { continue };
        if inside.is_empty() || inside.split('/').any(|part| matches!(part, "" | "." | "..")) {
            continue;
        }
        let inside = inside.to_owned();
        unpacked = unpacked.saturating_add(entry.size());
        if files.len() >= MAX_FILES || unpacked > MAX_BYTES {
            return Err("this packed chart unpacks to more than is read of one".to_owned());
        }
        let mut content = Vec::new();
        entry.take(MAX_BYTES).read_to_end(&mut content).map_err(broken)?;
        files.push((inside, content));
    }
    if files.is_empty() { Err("there is no chart in this archive".to_owned()) } else { Ok(files) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    use super::*;

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            // As an archive may say it, not as this library would write it.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(&builder.into_inner().unwrap()).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn files_are_named_from_the_chart() {
        let bytes = packed(&[("web/Chart.yaml", b"name: web"), ("web/templates/a.yaml", b"a"), ("web/../b", b""), ("c", b"")]);
        let files = unpack(&bytes).unwrap();
        let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["Chart.yaml", "templates/a.yaml"]);
        assert_eq!(files[0].1, b"name: web");
    }

    #[test]
    fn what_is_no_chart_is_refused() {
        let large = vec![0_u8; 40 << 20];
        let rows: [(&[u8], &str); 4] = [
            (b"", "no packed chart"),
            (b"PK\x03\x04", "no packed chart"),
            (&packed(&[("web/a", &large)]), "more than is read"),
            (&packed(&[("a", b"")]), "no chart"),
        ];
        for (bytes, words) in rows {
            let error = unpack(bytes).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn archives_lie_among_charts() {
        let rows =
            [("charts/a-1.0.tgz", true), ("charts/b/charts/a.tgz", true), ("files/a.tgz", false), ("charts/_a.tgz", false)];
        for (path, expected) in rows {
            assert_eq!(is_archive(path), expected, "{path}");
        }
    }
}
