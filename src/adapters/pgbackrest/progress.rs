//! How far a backup or restore is, from the lines it logs at level `detail`.

/// The share that is done, in percent, from a line about a file:
/// `P01 DETAIL: backup file /data/base/5/1255 (768KB, 3.38%) checksum 8360…`. Other lines tell nothing.
pub fn percent(line: &str) -> Option<f64> {
    let (_, about) = line.split_once("DETAIL: ")?;
    if !about.contains(" file ") {
        return None;
    }
    let (before, _) = about.rsplit_once("%)")?;
    let (_, number) = before.rsplit_once(", ")?;
    number
        .parse()
        .ok()
        .filter(|percent| (0.0..=100.0).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_files_tell_how_far_it_is() {
        for (line, expected) in [
            (
                "2026-11-27 16:58:39.342 P01 DETAIL: backup file /d/base/5/1255 (768KB, 3.38%) checksum 8360",
                3.38,
            ),
            (
                "2026-11-27 16:58:39.342 P01 DETAIL: backup file pg-1:/d/base/5/1255 (bundle 1/0, 8KB, 100.00%) \
                 checksum 8360",
                100.0,
            ),
            (
                "2026-11-27 16:58:39.342 P02 DETAIL: restore file /d/base/5/1 (0B, 99.96%)",
                99.96,
            ),
            (
                "2026-11-27 16:58:39.342 P02 DETAIL: match file from prior backup /d/PG_VERSION (3B, 99.96%) checksum 1",
                99.96,
            ),
        ] {
            assert_eq!(percent(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_lines_tell_nothing() {
        for line in [
            "",
            "2026-11-27 16:58:38.160 P00   INFO: check archive for prior segment 000000010000000000000001",
            "2026-11-27 16:58:45.408 P00 DETAIL: create path '/d/base'",
            "2026-11-27 16:58:39.342 P01 DETAIL: backup file /d/base/5/1255 (768KB, x%) checksum 8360",
            "2026-11-27 16:58:39.342 P01 DETAIL: backup file /d/base/5/1255 (768KB, 338%) checksum 8360",
        ] {
            assert_eq!(percent(line), None, "{line}");
        }
    }
}
