//! A cluster that is backed up, fails over and is restored at random, with a record of what it held at each second.
//! Whatever happened to it, a restore to a second gives what it held then.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::backups::backup::sample;
use crate::domain::backups::target::{Shortfall, after_shortfall};
use crate::domain::backups::{BackupInfo, Branch, Database, DatabaseId, History, HistoryFile};
use crate::domain::words::{Lsn, SystemId};

/// What a history file says of a timeline that began where its parent ended.
const AT_THE_END: &str = "no recovery target specified";

#[derive(Clone, Debug)]
enum Event {
    Commit,
    Backup,
    /// Forget the oldest backup.
    Expire,
    /// A failover, whose history file reaches the archive so many seconds later.
    Failover(i64),
    /// A restore to so many thousandths of the past.
    Restore(i64),
    RestoreLatest,
    /// A restore to the end of a backup.
    RestoreBackup(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Commit),
        3 => Just(Event::Backup),
        1 => Just(Event::Expire),
        2 => (0..3_i64).prop_map(Event::Failover),
        2 => (0..=1000_i64).prop_map(Event::Restore),
        1 => Just(Event::RestoreLatest),
        1 => any::<usize>().prop_map(Event::RestoreBackup),
    ]
}

/// A commit in the WAL of a timeline. Its number is the second it was made.
#[derive(Clone, Copy, Debug)]
struct Commit {
    at: Lsn,
    second: i64,
}

struct Cluster {
    now: i64,
    lsn: u64,
    timeline: Timeline,
    wal: BTreeMap<Timeline, Vec<Commit>>,
    histories: BTreeMap<Timeline, History>,
    files: Vec<HistoryFile>,
    backups: Vec<Backup>,
    /// What the database held at each second.
    held: BTreeMap<i64, Vec<i64>>,
}

/// What recovery came to.
struct Recovered {
    held: Vec<i64>,
    end: Lsn,
    followed: Timeline,
    /// Without, PostgreSQL gives up: “recovery ended before configured recovery target was reached”.
    reached: bool,
    /// What the history file of the timeline that begins then says.
    reason: &'static str,
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl Cluster {
    fn new() -> Self {
        Self {
            now: 0,
            lsn: 1 << 24,
            timeline: Timeline::FIRST,
            wal: BTreeMap::new(),
            histories: BTreeMap::new(),
            files: vec![],
            backups: vec![],
            held: BTreeMap::from([(0, vec![])]),
        }
    }

    fn catalogue(&self) -> Catalogue {
        let database = Database {
            id: DatabaseId(1),
            system: SystemId::new(7).unwrap(),
            version: "15".to_owned(),
        };
        let info = BackupInfo {
            current: DatabaseId(1),
            databases: vec![database],
            backups: self.backups.clone(),
            older: 0,
            encrypted: false,
        };
        let stanza = "prod.pg".parse().unwrap();
        Catalogue::new(
            stanza,
            info,
            self.files.clone(),
            self.histories.values().cloned(),
        )
    }

    /// All commits in the history of a timeline, in order.
    fn commits(&self, timeline: Timeline) -> Vec<Commit> {
        let mut commits = Vec::new();
        let branches = self
            .histories
            .get(&timeline)
            .map(|history| history.branches.clone());
        let own = Branch {
            from: timeline,
            at: Lsn::new(u64::MAX),
            reason: String::new(),
        };
        for Branch { from, at, .. } in branches.unwrap_or_default().into_iter().chain([own]) {
            let written = self.wal.get(&from).into_iter().flatten();
            commits.extend(written.filter(|commit| commit.at < at).copied());
        }
        commits
    }

    /// Recovery as PostgreSQL does it, and once more if it ended before its target.
    fn recover(&self, target: &Target) -> Result<Recovered, TestCaseError> {
        let first = self.recover_once(target)?;
        if first.reached {
            return Ok(first);
        }
        let Shortfall::Again(again) = after_shortfall(target, &self.catalogue()) else {
            return Err(TestCaseError::fail(format!(
                "nothing to do after a shortfall of {target}"
            )));
        };
        self.recover(&again)
    }

    fn recover_once(&self, target: &Target) -> Result<Recovered, TestCaseError> {
        let backup = self
            .backups
            .iter()
            .find(|backup| backup.label == target.set)
            .unwrap();
        let (own, consistent) = (backup.timeline().unwrap(), backup.lsn_stop.unwrap());
        let followed = target.timeline.unwrap_or(own);
        if followed != own {
            let left = self
                .histories
                .get(&followed)
                .and_then(|history| history.left(own));
            let child = left.is_some_and(|left| consistent <= left);
            prop_assert!(child, "not a child of this server's history: {}", target);
        }
        let mut held = Vec::new();
        let mut end = consistent;
        // Only a time needs a commit after it.
        let mut reached = !matches!(target.kind, TargetKind::Time(_));
        for commit in self.commits(followed) {
            let stop = match target.kind {
                TargetKind::Immediate => commit.at >= consistent,
                TargetKind::Time(moment) => second(commit.second) > moment,
                TargetKind::Lsn(lsn) => commit.at > lsn,
                TargetKind::Latest | TargetKind::Xid(_) | TargetKind::Name(_) => false,
            };
            if stop {
                prop_assert!(
                    commit.at >= consistent,
                    "stop before the consistent point: {}",
                    target
                );
                reached = true;
                break;
            }
            held.push(commit.second);
            end = end.max(Lsn::new(commit.at.byte() + 1));
        }
        // Recovery replays up to where the timeline it follows began, whatever it stops at later.
        let began = self.histories.get(&followed).and_then(History::parent);
        let end = began.map_or(end, |branch| end.max(branch.at));
        let reason = match target.kind {
            TargetKind::Immediate => "reached consistency",
            TargetKind::Time(_) => "before",
            TargetKind::Lsn(_) => "after LSN",
            TargetKind::Xid(_) | TargetKind::Name(_) => "at the target",
            TargetKind::Latest => AT_THE_END,
        };
        Ok(Recovered {
            held,
            end,
            followed,
            reached,
            reason,
        })
    }

    fn branch(&mut self, from: Timeline, at: Lsn, reason: &str, stored: i64) {
        let newest = self
            .histories
            .keys()
            .next_back()
            .map_or(1, |newest| newest.number());
        let next = Timeline::new(newest + 1).unwrap();
        let mut branches = self
            .histories
            .get(&from)
            .map(|history| history.branches.clone())
            .unwrap_or_default();
        branches.push(Branch {
            from,
            at,
            reason: reason.to_owned(),
        });
        self.histories.insert(
            next,
            History {
                timeline: next,
                branches,
            },
        );
        self.files.push(HistoryFile {
            timeline: next,
            stored: second(stored),
        });
        self.timeline = next;
        self.lsn = at.byte().max(
            self.commits(next)
                .last()
                .map_or(0, |commit| commit.at.byte() + 1),
        );
    }

    fn restore(&mut self, target: &Target) -> Result<(), TestCaseError> {
        let Recovered {
            held,
            end,
            followed,
            reason,
            ..
        } = self.recover(target)?;
        self.branch(followed, end, reason, self.now);
        self.held.insert(self.now, held);
        Ok(())
    }

    fn happens(&mut self, event: &Event) -> Result<(), TestCaseError> {
        self.now += if matches!(event, Event::Commit) { 1 } else { 3 };
        self.lsn += 0x100;
        let before = self.held.values().next_back().cloned().unwrap();
        let request = |time: String| Request {
            restore_to_time: Some(time),
            ..Request::default()
        };
        match *event {
            Event::Commit => {
                let commit = Commit {
                    at: Lsn::new(self.lsn),
                    second: self.now,
                };
                self.wal.entry(self.timeline).or_default().push(commit);
                self.held
                    .insert(self.now, [before, vec![self.now]].concat());
            }
            Event::Backup => {
                let at = jiff::tz::Offset::UTC.to_datetime(second(self.now));
                let label = format!(
                    "19700101-{:02}{:02}{:02}F",
                    at.hour(),
                    at.minute(),
                    at.second()
                );
                self.backups.push(Backup {
                    lsn_stop: Some(Lsn::new(self.lsn)),
                    wal_stop: Some(
                        format!("{}0000000000000001", self.timeline.hex8())
                            .parse()
                            .unwrap(),
                    ),
                    finished: second(self.now + 1),
                    ..sample(&label, self.now)
                });
            }
            Event::Expire => {
                if self.backups.len() > 1 {
                    self.backups.remove(0);
                }
            }
            Event::Failover(late) => {
                let end = Lsn::new(self.lsn);
                self.branch(self.timeline, end, AT_THE_END, self.now + late);
            }
            Event::Restore(thousandths) => {
                let time = second(self.now * thousandths / 1000).to_string();
                if let Ok(target) = resolve(&request(time), &self.catalogue(), second(self.now)) {
                    self.restore(&target)?;
                }
            }
            Event::RestoreLatest => {
                let latest = request("latest".to_owned());
                if let Ok(target) = resolve(&latest, &self.catalogue(), second(self.now)) {
                    self.restore(&target)?;
                }
            }
            Event::RestoreBackup(n) => {
                if !self.backups.is_empty() {
                    let label = self.backups[n % self.backups.len()].label.to_string();
                    let request = Request {
                        backup_id: Some(label),
                        ..Request::default()
                    };
                    let target = resolve(&request, &self.catalogue(), second(self.now)).unwrap();
                    self.restore(&target)?;
                }
            }
        }
        Ok(())
    }

    /// What the database held at a second.
    fn held_at(&self, at: i64) -> &[i64] {
        self.held
            .range(..=at)
            .next_back()
            .map(|(_, held)| held.as_slice())
            .unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_restore_to_a_second_gives_what_the_database_held_then(events in proptest::collection::vec(event(), 1..40)) {
        let mut cluster = Cluster::new();
        for event in &events {
            cluster.happens(event)?;
        }
        let catalogue = cluster.catalogue();
        let now = second(cluster.now);
        let request = |time: String| Request { restore_to_time: Some(time), ..Request::default() };
        for at in 0..=cluster.now {
            match resolve(&request(second(at).to_string()), &catalogue, now) {
                Ok(target) => {
                    // The second in which a backup ended is the one that may fail.
                    let sure = cluster.backups.iter().any(|b| b.label == target.set && second(at) > b.finished);
                    let recovered = cluster.recover(&target);
                    if sure || recovered.is_ok() {
                        prop_assert_eq!(recovered?.held, cluster.held_at(at), "second {} by {}", at, target);
                    }
                }
                Err(Refusal::NoBackups { .. } | Refusal::BeforeFirstBackup { .. }) => {
                    prop_assert!(cluster.backups.iter().all(|b| b.finished > second(at)));
                }
                Err(Refusal::NoBackupOnTimeline { timeline, .. }) => {
                    let lived = catalogue.timelines.live_at(second(at));
                    prop_assert_eq!(timeline, lived);
                    for backup in cluster.backups.iter().filter(|b| b.finished <= second(at)) {
                        let (from, lsn) = (backup.timeline().unwrap(), backup.lsn_stop.unwrap());
                        prop_assert_eq!(catalogue.timelines.reach(from, lsn, lived), Reach::No);
                    }
                }
                Err(other) => prop_assert!(false, "second {}: {}", at, other),
            }
        }
        if let Ok(target) = resolve(&request("latest".to_owned()), &catalogue, now) {
            prop_assert_eq!(cluster.recover(&target)?.held, cluster.held_at(cluster.now));
        }
    }

    #[test]
    fn one_history_file_is_enough_to_answer(events in proptest::collection::vec(event(), 1..30), at in 0..100_i64) {
        let mut cluster = Cluster::new();
        for event in &events {
            cluster.happens(event)?;
        }
        let now = second(cluster.now);
        let request = Request { restore_to_time: Some(second(at.min(cluster.now)).to_string()), ..Request::default() };
        let everything = resolve(&request, &cluster.catalogue(), now);
        let mut sparse = Cluster { histories: BTreeMap::new(), ..cluster };
        let needed = history_needed(&request, &sparse.catalogue());
        if let Some(timeline) = needed {
            sparse.histories.insert(timeline, cluster.histories[&timeline].clone());
        }
        prop_assert_eq!(resolve(&request, &sparse.catalogue(), now), everything);
    }
}
