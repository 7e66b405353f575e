mod refusals;

use super::super::{Shortfall, after_shortfall};
use super::*;
use crate::domain::backups::backup::sample;
use crate::domain::backups::{BackupInfo, Database, DatabaseId, History, HistoryFile};
use crate::domain::words::{BackupId, SystemId};

const NOW: i64 = 1000;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn timeline(number: u32) -> Timeline {
    Timeline::new(number).unwrap()
}

/// A backup that took ten seconds. Its label is made from the second it started.
fn backup(started: i64, on: u32, lsn_stop: &str) -> Backup {
    let at = jiff::tz::Offset::UTC.to_datetime(second(started));
    let label = format!(
        "19700101-{:02}{:02}{:02}F",
        at.hour(),
        at.minute(),
        at.second()
    );
    Backup {
        lsn_stop: Some(lsn_stop.parse().unwrap()),
        wal_stop: Some(format!("{on:08X}0000000000000001").parse().unwrap()),
        ..sample(&label, started)
    }
}

/// What each timeline came from.
const HISTORIES: [&str; 5] = [
    "1\t0/5000000\tno recovery target specified\n",
    "1\t0/5000000\tx\n2\t0/6000000\tbefore 1970-01-01 00:04:11+00\n",
    "1\t0/5000000\tx\n2\t0/7000100\treached consistency\n",
    "1\t0/4000000\tbefore 1970-01-01 00:02:33+00\n",
    "1\t0/4000000\tx\n5\t0/5000000\tno recovery target specified\n",
];

fn histories() -> impl Iterator<Item = History> {
    HISTORIES
        .into_iter()
        .zip(2..)
        .map(|(text, number)| History::parse(timeline(number), text).unwrap())
}

/// The names of the backups: A, B, C, D.
const BACKUPS: [(&str, i64, u32, &str); 4] = [
    ("A", 100, 1, "0/3000100"),
    ("B", 300, 2, "0/7000100"),
    ("C", 450, 3, "0/8000100"),
    ("D", 650, 5, "0/4500100"),
];

/// Six timelines:
///
/// ```text
/// second   100       200       300   400    450   500       600       650   700
/// 1        A────────┬─┐
/// 2        failover └─│────────B────┬─x            (left by a restore to second 250)
/// 3                   │     250     └─────C────x   (left by a restore to the end of B)
/// 4                   │        B └──────────────────────x   (left by a restore to second 150)
/// 5                   └─ 150 ───────────────────────────└─────────D────┐
/// 6                                                           failover └────
/// ```
fn without_histories() -> Catalogue {
    let info = BackupInfo {
        current: DatabaseId(1),
        databases: vec![Database {
            id: DatabaseId(1),
            system: SystemId::new(7).unwrap(),
            version: "15".to_owned(),
        }],
        backups: BACKUPS
            .map(|(_, started, on, lsn)| backup(started, on, lsn))
            .into(),
        older: 0,
        encrypted: false,
    };
    let began = [(2, 200), (3, 400), (4, 500), (5, 600), (6, 700)];
    let files = began.map(|(number, at)| HistoryFile {
        timeline: timeline(number),
        stored: second(at),
    });
    Catalogue::new("prod.pg".parse().unwrap(), info, files.into(), [])
}

fn catalogue() -> Catalogue {
    histories().fold(without_histories(), Catalogue::with_history)
}

fn request(id: &str, time: &str) -> Request {
    Request {
        backup_id: Some(id.to_owned()),
        restore_to_time: Some(time.to_owned()),
        ..Request::default()
    }
}

/// The id of a backup or of a restore, by when it started.
fn id(started: i64) -> String {
    BackupId::at(second(started)).to_string()
}

fn at(time: i64) -> String {
    second(time).to_string()
}

/// `B, time, timeline 2`, or the refusal.
fn answer(id: &str, time: &str, catalogue: &Catalogue) -> String {
    match resolve(&request(id, time), catalogue, second(NOW)) {
        Err(refusal) => refusal.to_string(),
        Ok(Target {
            set,
            kind,
            timeline,
            ..
        }) => {
            let (name, ..) = BACKUPS
                .into_iter()
                .find(|(_, started, on, lsn)| backup(*started, *on, lsn).label == set)
                .unwrap();
            let kind = match kind {
                TargetKind::Immediate => "immediate",
                TargetKind::Time(_) => "time",
                TargetKind::Latest => "latest",
                TargetKind::Lsn(_) => "position",
                TargetKind::Xid(_) => "transaction",
                TargetKind::Name(_) => "restore point",
            };
            let timeline = timeline.map(|timeline| format!(", timeline {timeline}"));
            format!("{name}, {kind}{}", timeline.unwrap_or_default())
        }
    }
}

#[test]
fn a_time_is_restored_on_the_timeline_that_was_lived_then_from_the_newest_backup_on_its_history() {
    for (time, expected) in [
        (110, "A, time, timeline 1"),
        (111, "A, time, timeline 1"),
        (199, "A, time, timeline 1"),
        (200, "A, time, timeline 2"),
        (305, "A, time, timeline 2"),
        (310, "A, time, timeline 2"),
        (311, "B, time, timeline 2"),
        (399, "B, time, timeline 2"),
        (400, "A, time, timeline 3"),
        (460, "A, time, timeline 3"),
        (461, "C, time, timeline 3"),
        (499, "C, time, timeline 3"),
        (500, "B, time, timeline 4"),
        (599, "B, time, timeline 4"),
        (600, "A, time, timeline 5"),
        (661, "D, time, timeline 5"),
        (699, "D, time, timeline 5"),
        (700, "D, time, timeline 6"),
        (1000, "D, time, timeline 6"),
    ] {
        assert_eq!(
            answer("", &at(time), &catalogue()),
            expected,
            "second {time}"
        );
    }
}

#[test]
fn latest_is_the_end_of_the_newest_timeline_also_before_a_backup_was_made_on_it() {
    assert_eq!(answer("", "latest", &catalogue()), "D, latest, timeline 6");
}

#[test]
fn a_backup_alone_is_restored_to_its_end() {
    assert_eq!(answer(&id(300), "", &catalogue()), "B, immediate");
    assert_eq!(answer("19700101-000500F", "", &catalogue()), "B, immediate");
}

#[test]
fn a_backup_with_latest_goes_to_the_end_of_its_own_timeline() {
    assert_eq!(
        answer(&id(100), "latest", &catalogue()),
        "A, latest, timeline 1"
    );
    assert_eq!(
        answer(&id(300), "latest", &catalogue()),
        "B, latest, timeline 2"
    );
}

#[test]
fn a_backup_with_a_time_follows_the_timeline_of_that_time_if_the_backup_leads_there() {
    for (started, time, expected) in [
        (100, 150, "A, time, timeline 1"),
        (100, 350, "A, time, timeline 2"),
        (100, 450, "A, time, timeline 3"),
        (100, 999, "A, time, timeline 6"),
        (300, 350, "B, time, timeline 2"),
        (300, 550, "B, time, timeline 4"),
        (650, 900, "D, time, timeline 6"),
        (
            300,
            450,
            "1970-01-01T00:07:30Z is after timeline 2 had ended: timeline 3 began at 1970-01-01T00:06:40Z",
        ),
        (
            450,
            650,
            "1970-01-01T00:10:50Z is after timeline 3 had ended: timeline 4 began at 1970-01-01T00:08:20Z",
        ),
        (
            300,
            309,
            "1970-01-01T00:05:09Z is before backup 1970-01-01T00:05:00Z had finished, at 1970-01-01T00:05:10Z",
        ),
    ] {
        assert_eq!(
            answer(&id(started), &at(time), &catalogue()),
            expected,
            "{started}, {time}"
        );
    }
}

#[test]
fn a_restore_can_be_named_to_restore_on_the_timeline_it_began() {
    for (began, time, expected) in [
        (200, "latest".to_owned(), "B, latest, timeline 2"),
        (400, "latest".to_owned(), "C, latest, timeline 3"),
        (500, "latest".to_owned(), "B, latest, timeline 4"),
        (600, "latest".to_owned(), "D, latest, timeline 5"),
        (400, at(450), "A, time, timeline 3"),
        (400, at(470), "C, time, timeline 3"),
        (
            400,
            at(550),
            "1970-01-01T00:09:10Z is after timeline 3 had ended: timeline 4 began at 1970-01-01T00:08:20Z",
        ),
        (
            400,
            at(350),
            "1970-01-01T00:05:50Z is before timeline 3 began, at 1970-01-01T00:06:40Z",
        ),
        (
            400,
            String::new(),
            "1970-01-01T00:06:40Z is not a backup but the restore that began timeline 3",
        ),
    ] {
        assert_eq!(
            answer(&id(began), &time, &catalogue()),
            expected,
            "{began}, {time}"
        );
    }
}

#[test]
fn one_history_file_is_needed_at_most_and_none_where_a_backup_lies_on_the_timeline_itself() {
    for (id_given, time, needed) in [
        (String::new(), at(150), None),
        (String::new(), at(350), None),
        (String::new(), at(250), Some(2)),
        (String::new(), at(405), Some(3)),
        (String::new(), at(470), None),
        (String::new(), "latest".to_owned(), Some(6)),
        (id(500), "latest".to_owned(), Some(4)),
        (id(400), "latest".to_owned(), None),
        (id(300), "latest".to_owned(), None),
        (id(300), at(350), None),
        (id(300), at(550), Some(4)),
        (id(300), String::new(), None),
        ("nonsense".to_owned(), String::new(), None),
    ] {
        let request = request(&id_given, &time);
        let catalogue = without_histories();
        assert_eq!(
            history_needed(&request, &catalogue),
            needed.map(timeline),
            "{request:?}"
        );
        if let Some(number) = needed {
            let missing = resolve(&request, &catalogue, second(NOW)).unwrap_err();
            assert_eq!(
                missing,
                Refusal::HistoryMissing {
                    timeline: timeline(number)
                }
            );
        }
        let read = histories().filter(|history| Some(history.timeline.number()) == needed);
        let enough = read.fold(catalogue, Catalogue::with_history);
        assert_eq!(history_needed(&request, &enough), None);
        assert_eq!(
            answer(&id_given, &time, &enough),
            answer(&id_given, &time, &self::catalogue())
        );
    }
}

#[test]
fn what_pgbackrest_is_told_and_what_the_operator_reads() {
    let resolve =
        |id: &str, time: &str| resolve(&request(id, time), &catalogue(), second(NOW)).unwrap();
    let told = |target: &Target| {
        (
            target.pgbackrest_type(),
            target.pgbackrest_target(),
            target.pgbackrest_timeline(),
        )
    };

    let immediate = resolve(&id(100), "");
    assert_eq!(told(&immediate), ("immediate", None, None));
    assert_eq!(
        immediate.to_string(),
        "the database as of the end of backup 19700101-000140F"
    );

    let time = resolve("", "1970-01-01 00:05:50.5");
    let target = "1970-01-01 00:05:50.5+00".to_owned();
    assert_eq!(told(&time), ("time", Some(target), Some("0x2".to_owned())));
    assert_eq!(
        time.to_string(),
        "the database as of 1970-01-01T00:05:50.5Z (no zone was given, UTC is taken) on timeline 2, from backup \
         19700101-000500F"
    );

    let latest = resolve("", "latest");
    assert_eq!(told(&latest), ("default", None, Some("0x6".to_owned())));
    assert_eq!(
        latest.to_string(),
        "the latest state of the database on timeline 6, from backup 19700101-001050F"
    );
}

#[test]
fn a_time_with_no_commit_after_it_is_the_end_of_its_timeline_or_lies_on_the_one_that_went_on() {
    let after = |time: i64, catalogue: &Catalogue| {
        let target = resolve(&request("", &at(time)), catalogue, second(NOW)).unwrap();
        match after_shortfall(&target, catalogue) {
            Shortfall::Again(again) => {
                assert_eq!(again.set, target.set);
                format!("{:?}, timeline {}", again.kind, again.timeline.unwrap())
            }
            Shortfall::Read(timeline) => format!("read {timeline}"),
            Shortfall::Final => "final".to_owned(),
        }
    };
    let catalogue = catalogue();
    assert_eq!(after(900, &catalogue), "Latest, timeline 6");
    assert_eq!(
        after(199, &catalogue),
        "Time(1970-01-01T00:03:19Z), timeline 2"
    );
    assert_eq!(after(399, &catalogue), "Latest, timeline 2");
    assert_eq!(after(499, &catalogue), "Latest, timeline 3");
    assert_eq!(after(199, &without_histories()), "read 2");
    let latest = resolve(&request("", "latest"), &catalogue, second(NOW)).unwrap();
    assert_eq!(after_shortfall(&latest, &catalogue), Shortfall::Final);
}

/// The same as [`answer`], for any request.
fn answer_to(request: &Request) -> String {
    let mut catalogue = without_histories();
    if let Some(timeline) = history_needed(request, &catalogue) {
        let history = histories().find(|history| history.timeline == timeline);
        catalogue = catalogue.with_history(history.unwrap());
    }
    match resolve(request, &catalogue, second(NOW)) {
        Err(refusal) => refusal.to_string(),
        Ok(target) => {
            let (name, ..) = BACKUPS
                .into_iter()
                .find(|(_, started, on, lsn)| backup(*started, *on, lsn).label == target.set)
                .unwrap();
            format!("{name}: {target}")
                .split(", from backup")
                .next()
                .unwrap()
                .to_owned()
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[test]
fn a_position_is_restored_on_the_timeline_that_wrote_it() {
    for (lsn, timeline, expected) in [
        // The newest timeline came from 1 by way of 5.
        (
            "0/3000100",
            "",
            "A: the database as of position 0/3000100 on timeline 1",
        ),
        (
            "0/3FFFFFF",
            "",
            "A: the database as of position 0/3FFFFFF on timeline 1",
        ),
        (
            "0/4000000",
            "",
            "A: the database as of position 0/4000000 on timeline 5",
        ),
        (
            "0/4500100",
            "",
            "D: the database as of position 0/4500100 on timeline 5",
        ),
        (
            "0/6000000",
            "",
            "D: the database as of position 0/6000000 on timeline 6",
        ),
        // The same positions on another branch are other states.
        (
            "0/4500100",
            "1",
            "A: the database as of position 0/4500100 on timeline 1",
        ),
        (
            "0/4500100",
            "3",
            "A: the database as of position 0/4500100 on timeline 1",
        ),
        (
            "0/5800000",
            "3",
            "A: the database as of position 0/5800000 on timeline 2",
        ),
        (
            "0/8000100",
            "0x3",
            "C: the database as of position 0/8000100 on timeline 3",
        ),
        (
            "0/3000000",
            "",
            "no backup had ended before position 0/3000000 on the history of timeline 6",
        ),
        (
            "0/3000000",
            "9",
            "timeline 9 is not in the repository, whose newest is 6",
        ),
        (
            "here",
            "",
            "`here` is not a position in the write-ahead log",
        ),
    ] {
        let request = Request {
            lsn: some(lsn),
            timeline: some(timeline),
            ..Request::default()
        };
        assert_eq!(answer_to(&request), expected, "{lsn} {timeline}");
    }
}

#[test]
fn transactions_and_restore_points_need_a_backup_to_begin_with() {
    let name = |name: &str, backup: Option<i64>| Request {
        name: some(name),
        backup_id: backup.map(id),
        ..Request::default()
    };
    assert_eq!(
        answer_to(&name("p", Some(100))),
        "A: the database as of restore point p on timeline 6"
    );
    assert_eq!(
        answer_to(&name("p", Some(300))),
        "B: the database as of restore point p on timeline 2"
    );
    assert_eq!(
        answer_to(&name("p", None)),
        "where restore point p lies is not known before it was found"
    );
    let xid = Request {
        xid: some("744"),
        backup_id: Some(id(650)),
        exclusive: true,
        ..Request::default()
    };
    assert_eq!(
        answer_to(&xid),
        "D: the database just before transaction 744 on timeline 6"
    );
}

#[test]
fn targets_that_contradict_each_other_are_refused() {
    let base = || Request {
        restore_to_time: Some("latest".to_owned()),
        ..Request::default()
    };
    for (request, message) in [
        (
            Request {
                xid: some("7"),
                ..base()
            },
            "more than one target is given",
        ),
        (
            Request {
                exclusive: true,
                ..base()
            },
            "exclusive is given, and no time, position or transaction to leave out",
        ),
        (
            Request {
                timeline: some("2"),
                ..Request::default()
            },
            "restore-timeline is given, and no target on it",
        ),
        (
            Request {
                xid: some("2"),
                ..Request::default()
            },
            "`2` is not the number of a transaction",
        ),
        (
            Request {
                backup_id: Some(id(450)),
                timeline: some("6"),
                ..base()
            },
            "backup 1970-01-01T00:07:30Z does not lie on the history of timeline 6",
        ),
        (
            Request {
                timeline: some("zero"),
                ..base()
            },
            "`zero` is not a timeline",
        ),
    ] {
        assert_eq!(answer_to(&request), message);
        let refusal = resolve(&request, &catalogue(), second(NOW)).unwrap_err();
        assert_ne!(refusal.hint(), "");
    }
}
