//! The WAL that a restore has to read, and where it is missing.

use std::collections::BTreeMap;

use super::backup::Backup;
use super::history::History;
use crate::domain::words::{Lsn, SegmentSize, Timeline, Timestamp, WalSegment};

/// A segment in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    /// When it was stored.
    pub stored: Timestamp,
    /// Its bytes in the repository.
    pub size: u64,
}

/// The segments of an archive that lie on the path of a restore.
pub type Archive = BTreeMap<WalSegment, Archived>;

/// The timelines that a restore passes, the backup's own first, each with where it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<(Timeline, Option<Lsn>)>);

/// What the archive holds for a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Segments that are missing between others.
    pub missing: Vec<WalSegment>,
    /// The last segment before the first gap, or before the end of the archive.
    pub last: Option<(WalSegment, Archived)>,
    /// Bytes of all that is read.
    pub bytes: u64,
}

/// The segments in the output of `repo-ls --output=json` of a folder of the archive. Names go on after the segment's with
/// a checksum and the compression; what is no segment is left out.
///
/// # Errors
///
/// When it is no such output.
pub fn archived_segments(listing: &[u8]) -> Result<Archive, serde_json::Error> {
    #[derive(serde::Deserialize)]
    struct Item {
        #[serde(default)]
        time: i64,
        #[serde(default)]
        size: u64,
    }

    let items: BTreeMap<String, Item> = serde_json::from_slice(listing)?;
    let segment = |(name, item): (String, Item)| {
        let (segment, _) = name.split_once('-')?;
        let stored = Timestamp::from_second(item.time).ok()?;
        let size = item.size;
        Some((segment.parse().ok()?, Archived { stored, size }))
    };
    Ok(items.into_iter().filter_map(segment).collect())
}

impl Path {
    /// From the timeline of a backup to another, by that one's history.
    pub fn of(from: Timeline, to: Timeline, history: Option<&History>) -> Self {
        let branches = history.map_or(&[][..], |history| &history.branches);
        let mut path: Vec<_> = branches
            .iter()
            .filter(|branch| branch.from >= from && branch.from < to)
            .map(|branch| (branch.from, Some(branch.at)))
            .collect();
        path.push((to, None));
        Self(path)
    }

    /// The timelines.
    pub fn timelines(&self) -> Vec<Timeline> {
        self.0.iter().map(|(timeline, _)| *timeline).collect()
    }

    /// What an archive holds of it, from where a backup began up to a position or, without one, to the end.
    ///
    /// A timeline begins with a copy of the segment in which it left its parent, so that one is not needed of the parent.
    pub fn coverage(
        &self,
        backup: &Backup,
        until: Option<Lsn>,
        archive: &Archive,
        size: SegmentSize,
    ) -> Coverage {
        let mut found = Coverage::default();
        let Some(mut next) = backup.wal_start else {
            return found;
        };
        let mut whole = true;
        for (timeline, left) in &self.0 {
            next = next.on(*timeline);
            let end = left.or(until);
            let end = end.map(|lsn| WalSegment::holding(*timeline, lsn, size));
            let newest = archive
                .range(next..)
                .take_while(|(segment, _)| segment.timeline() == *timeline)
                .last()
                .map(|(segment, _)| *segment);
            // What is after the newest has not been archived yet: that is an end, and no gap.
            let end = match (left.is_some(), end, newest) {
                (true, Some(end), _) => end.previous(size),
                (_, Some(end), Some(newest)) => Some(end.min(newest)),
                (_, _, newest) => newest,
            };
            let Some(end) = end else { continue };
            while next <= end {
                if let Some(there) = archive.get(&next) {
                    found.bytes += there.size;
                    if whole {
                        found.last = Some((next, *there));
                    }
                } else {
                    whole = false;
                    found.missing.push(next);
                }
                let Some(after) = next.next(size) else { break };
                next = after;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(number: u32) -> Timeline {
        Timeline::new(number).unwrap()
    }

    fn archive(names: &[&str]) -> Archive {
        let stored = |second| Archived {
            stored: Timestamp::from_second(second).unwrap(),
            size: 100,
        };
        names
            .iter()
            .zip(1..)
            .map(|(name, second)| (name.parse().unwrap(), stored(second)))
            .collect()
    }

    fn coverage(path: &Path, names: &[&str], until: Option<&str>) -> Coverage {
        // It began in segment 3 of timeline 1.
        let backup = super::super::backup::sample("20260101-000000F", 0);
        let until = until.map(|lsn| lsn.parse().unwrap());
        path.coverage(&backup, until, &archive(names), SegmentSize::DEFAULT)
    }

    fn names(segments: &[WalSegment]) -> Vec<String> {
        segments.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_segment_that_is_missing_is_named_and_what_is_before_it_can_be_reached() {
        let path = Path::of(timeline(1), timeline(1), None);
        let found = coverage(
            &path,
            &[
                "000000010000000000000003",
                "000000010000000000000004",
                "000000010000000000000006",
            ],
            None,
        );
        assert_eq!(names(&found.missing), ["000000010000000000000005"]);
        let (last, archived) = found.last.unwrap();
        assert_eq!(last.to_string(), "000000010000000000000004");
        assert_eq!(archived.stored, Timestamp::from_second(2).unwrap());
        assert_eq!(found.bytes, 300);
        let earlier = coverage(
            &path,
            &["000000010000000000000003", "000000010000000000000006"],
            Some("0/3FFFFFF"),
        );
        assert_eq!(names(&earlier.missing), Vec::<String>::new());
    }

    #[test]
    fn a_path_changes_to_the_next_timeline_where_the_history_says() {
        let history = History::parse(timeline(3), "1\t0/4800000\tx\n2\t0/6000000\ty\n").unwrap();
        let path = Path::of(timeline(1), timeline(3), Some(&history));
        assert_eq!(path.timelines(), [timeline(1), timeline(2), timeline(3)]);
        let whole = [
            "000000010000000000000003",
            "000000020000000000000004",
            "000000020000000000000005",
            "000000030000000000000006",
            "000000030000000000000007",
        ];
        let found = coverage(&path, &whole, None);
        assert_eq!(names(&found.missing), Vec::<String>::new());
        assert_eq!(found.last.unwrap().0.to_string(), whole[4]);
        assert_eq!(found.bytes, 500);
        let without = [whole[0], whole[1], whole[3], whole[4]];
        let found = coverage(&path, &without, None);
        assert_eq!(names(&found.missing), [whole[2]]);
        assert_eq!(found.last.unwrap().0.to_string(), whole[1]);
    }

    #[test]
    fn a_timeline_in_hexadecimal_is_a_number_all_the_same() {
        let history = History::parse(timeline(16), "15\t0/5000000\tx\n").unwrap();
        let path = Path::of(timeline(15), timeline(16), Some(&history));
        assert_eq!(path.timelines(), [timeline(15), timeline(16)]);
    }
}
