//! How far a backup or restore is, from the lines it logs at level `detail`.

/// The last share that a log tells of, in whole percent.
pub fn last_percent(log: &str) -> Option<u8> {
    let percent = log.lines().rev().find_map(percent)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a percentage is between 0 and 100"
    )]
    Some(percent.clamp(0.0, 100.0) as u8)
}

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

/// The bytes of the file that a line tells of.
pub fn bytes(line: &str) -> Option<u64> {
    percent(line)?;
    let (before, _) = line.rsplit_once("%)")?;
    let (before, _) = before.rsplit_once(", ")?;
    let word = before.rsplit(['(', ' ']).next()?;
    let digits = word.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let scale = match word.get(digits.len()..)? {
        "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    // One decimal at most, as pgBackRest prints sizes.
    let (whole, tenth) = digits.split_once('.').unwrap_or((digits, "0"));
    let (whole, tenth): (u64, u64) = (whole.parse().ok()?, tenth.parse().ok()?);
    Some(whole * scale + scale / 10 * tenth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_files_tell_their_sizes() {
        for (about, expected) in [
            (
                "backup file /d/base/5/1255 (768KB, 3.38%) checksum 8360",
                768 << 10,
            ),
            (
                "backup file pg-1:/d/b (bundle 1/0, 8KB, 100.00%) checksum 8",
                8192,
            ),
            ("restore file /d/base/5/1 (0B, 99.96%)", 0),
            (
                "restore file /d/base/5/1 (1.5GB, 99.96%)",
                (1 << 30) + (1 << 30) / 10 * 5,
            ),
        ] {
            let line = format!("2026-11-27 16:58:39.342 P01 DETAIL: {about}");
            assert_eq!(bytes(&line), Some(expected), "{line}");
        }
    }

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
