//! The branches of a database's history in the repository, and which one was lived when.
//!
//! A cluster lives on one timeline at a time, and each promotion or restore begins one with a higher number. So a
//! moment belongs to exactly one timeline: the newest that had begun by then. In particular a moment before a branch
//! began belongs to its parent, also when the parent's later part was then abandoned by a restore.

use std::collections::BTreeMap;

use super::backup::Backup;
use super::history::History;
use super::history_files::HistoryFile;
use crate::domain::words::{BackupId, Lsn, Timeline, Timestamp};

/// The timelines of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timelines {
    files: Vec<HistoryFile>,
    /// When each timeline but the first began.
    began: BTreeMap<Timeline, Timestamp>,
    histories: BTreeMap<Timeline, History>,
}

/// Whether recovery can go from a place in one timeline on to another timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Yes,
    /// The other timeline left before that place, or does not descend from there.
    No,
    /// The history file that would tell was not read or is missing.
    Unknown,
}

impl Timelines {
    /// From the history files in the archive, those of them that were read, and the backups of the same database.
    ///
    /// The beginning of a timeline is the time of its history file. It is corrected where that cannot be: a backup
    /// made on a timeline began after it, and so did every later timeline. (A copied repository has the time of the
    /// copy on all files.)
    pub fn new<'a>(
        mut files: Vec<HistoryFile>,
        histories: impl IntoIterator<Item = History>,
        backups: impl IntoIterator<Item = &'a Backup>,
    ) -> Self {
        files.sort();
        let mut began: BTreeMap<Timeline, Timestamp> = BTreeMap::new();
        let known = files.iter().map(|file| (file.timeline, file.stored));
        let made = backups
            .into_iter()
            .filter_map(|b| Some((b.timeline()?, b.started)));
        for (timeline, at) in known
            .chain(made)
            .filter(|(timeline, _)| timeline.has_history())
        {
            began
                .entry(timeline)
                .and_modify(|began| *began = at.min(*began))
                .or_insert(at);
        }
        let mut next = Timestamp::MAX;
        for began in began.values_mut().rev() {
            next = next.min(*began);
            *began = next;
        }
        let histories = histories
            .into_iter()
            .map(|history| (history.timeline, history))
            .collect();
        Self {
            files,
            began,
            histories,
        }
    }

    /// The history files, by timeline: what `list-backups` shows as restores.
    pub fn files(&self) -> &[HistoryFile] {
        &self.files
    }

    /// The timeline that a listing names by `id`. Two that began in the same second share their name; the newer one
    /// is meant then.
    pub fn named(&self, id: BackupId) -> Option<Timeline> {
        self.files
            .iter()
            .rev()
            .find(|file| file.id() == id)
            .map(|file| file.timeline)
    }

    /// The one with the highest number.
    pub fn newest(&self) -> Timeline {
        self.began
            .keys()
            .next_back()
            .copied()
            .unwrap_or(Timeline::FIRST)
    }

    /// The timeline the cluster lived on at this moment.
    pub fn live_at(&self, moment: Timestamp) -> Timeline {
        self.began
            .iter()
            .rev()
            .find(|(_, began)| **began <= moment)
            .map_or(Timeline::FIRST, |(timeline, _)| *timeline)
    }

    /// When it began; unknown for the first.
    pub fn began(&self, timeline: Timeline) -> Option<Timestamp> {
        self.began.get(&timeline).copied()
    }

    /// Which timeline came after it, and when; none after the newest.
    pub fn ended(&self, timeline: Timeline) -> Option<(Timeline, Timestamp)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let mut later = self.began.range((Excluded(timeline), Unbounded));
        later.next().map(|(next, began)| (*next, *began))
    }

    /// Adds a history file that was read.
    pub fn learn(&mut self, history: History) {
        self.histories.insert(history.timeline, history);
    }

    /// What is known of how it came about.
    pub fn history(&self, timeline: Timeline) -> Option<&History> {
        self.histories.get(&timeline)
    }

    /// Whether recovery can go from `lsn` on timeline `from` to timeline `to`.
    pub fn reach(&self, from: Timeline, lsn: Lsn, to: Timeline) -> Reach {
        if from == to {
            return Reach::Yes;
        }
        if from > to {
            return Reach::No;
        }
        match self.histories.get(&to) {
            None => Reach::Unknown,
            Some(history) if history.left(from).is_some_and(|left| lsn <= left) => Reach::Yes,
            Some(_) => Reach::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timeline(number: u32) -> Timeline {
        Timeline::new(number).unwrap()
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn file(number: u32, stored: i64) -> HistoryFile {
        HistoryFile {
            timeline: timeline(number),
            stored: second(stored),
        }
    }

    fn lsn(text: &str) -> Lsn {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_belongs_to_the_newest_timeline_that_had_begun() {
        let timelines = Timelines::new(vec![file(2, 100), file(3, 200), file(16, 300)], [], []);
        let lived: Vec<_> = [0, 99, 100, 199, 200, 299, 300, 999]
            .map(|at| timelines.live_at(second(at)).number())
            .into();
        assert_eq!(lived, [1, 1, 2, 2, 3, 3, 16, 16]);
        assert_eq!(timelines.newest(), timeline(16));
        assert_eq!(
            timelines.ended(timeline(1)),
            Some((timeline(2), second(100)))
        );
        assert_eq!(
            timelines.ended(timeline(3)),
            Some((timeline(16), second(300)))
        );
        assert_eq!(timelines.ended(timeline(16)), None);
    }

    #[test]
    fn a_database_without_history_files_is_on_its_first_timeline() {
        let timelines = Timelines::new(vec![], [], []);
        assert_eq!(timelines.newest(), Timeline::FIRST);
        assert_eq!(timelines.live_at(second(5)), Timeline::FIRST);
    }

    #[test]
    fn in_a_copied_repository_backups_tell_when_a_timeline_had_begun() {
        let mut backup = super::super::backup::sample("20260101-000000F", 50);
        backup.wal_stop = Some("000000030000000000000007".parse().unwrap());
        let timelines = Timelines::new(
            vec![file(2, 9000), file(3, 9000), file(4, 9000)],
            [],
            [&backup],
        );
        assert_eq!(timelines.began(timeline(3)), Some(backup.started));
        assert_eq!(timelines.began(timeline(2)), Some(backup.started));
        assert_eq!(timelines.began(timeline(4)), Some(second(9000)));
    }

    #[test]
    fn of_two_restores_in_the_same_second_the_id_means_the_newer() {
        let timelines = Timelines::new(vec![file(2, 100), file(3, 100)], [], []);
        assert_eq!(timelines.named(file(2, 100).id()), Some(timeline(3)));
    }

    #[test]
    fn recovery_reaches_another_timeline_only_from_before_the_branch() {
        let history = History::parse(timeline(4), "1\t0/9000000\tx\n2\t0/B000000\ty\n").unwrap();
        let timelines = Timelines::new(vec![], [history], []);
        let reach = |from, at, to| timelines.reach(timeline(from), lsn(at), timeline(to));
        assert_eq!(reach(1, "0/8000000", 4), Reach::Yes);
        assert_eq!(reach(1, "0/9000000", 4), Reach::Yes);
        assert_eq!(reach(1, "0/9000001", 4), Reach::No);
        assert_eq!(reach(2, "0/A000000", 4), Reach::Yes);
        assert_eq!(reach(3, "0/1000000", 4), Reach::No);
        assert_eq!(reach(4, "0/F000000", 4), Reach::Yes);
        assert_eq!(reach(4, "0/1000000", 3), Reach::No);
        assert_eq!(reach(1, "0/1000000", 3), Reach::Unknown);
    }

    proptest! {
        #[test]
        fn timelines_never_go_back_as_time_goes_on(
            files in proptest::collection::btree_map(2..40_u32, 0..1000_i64, 0..10), early in 0..1000_i64, later in 0..1000_i64,
        ) {
            let files = files.into_iter().map(|(number, at)| file(number, at)).collect();
            let timelines = Timelines::new(files, [], []);
            let (early, later) = (early.min(later), early.max(later));
            prop_assert!(timelines.live_at(second(early)) <= timelines.live_at(second(later)));
            let live = timelines.live_at(second(early));
            if let Some((_, end)) = timelines.ended(live) {
                prop_assert!(second(early) < end);
            }
        }
    }
}
