use super::*;

const US: &str = "0a1b2c3d-0000-4000-8000-000000000001/postgresql";
const THEM: &str = "0a1b2c3d-0000-4000-8000-000000000002/other";

fn timeline(number: u32) -> Timeline {
    Timeline::new(number).unwrap()
}

fn system(number: u64) -> SystemId {
    SystemId::new(number).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_268_800 + second).unwrap()
}

/// Whose it is by which database, in which epoch, and since which timeline.
fn record(cluster: &str, number: u64, epoch: u64, since: u32) -> Record {
    Record {
        cluster_id: cluster.parse().unwrap(),
        system_identifier: system(number),
        timeline: timeline(since),
        epoch,
        raised_for: None,
        model: "prod".to_owned(),
        application: "postgresql".to_owned(),
        written_at: at(0),
    }
}

fn judged(record: Option<&Record>, newest: u32, epoch: Option<u64>) -> String {
    let member = Member {
        cluster: US.parse().unwrap(),
        system: system(7_001),
        timeline: timeline(newest),
        epoch,
    };
    match admit(record, &member) {
        Ok(Some(epoch)) => format!("in, epoch {epoch}"),
        Ok(None) => "in".to_owned(),
        Err(overtaken) => overtaken.to_string(),
    }
}

type Row<'a> = (&'a str, Option<Record>, u32, Option<u64>, &'a str);

#[test]
fn who_is_let_in() {
    let taken = format!(
        "application postgresql of model prod (cluster {THEM}) took it over at 2026-01-01T12:00:00Z (epoch 4)"
    );
    let deployed = "another deployment of this application (system identifier 7002) took it over at \
                    2026-01-01T12:00:00Z (epoch 4)";
    let restored = "this cluster was restored without this unit and went on with timeline 5 at \
                    2026-01-01T12:00:00Z (epoch 4)";
    let ours = |epoch, since| Some(record(US, 7_001, epoch, since));
    let table: [Row<'_>; 12] = [
        ("no record, nothing known", None, 1, None, "in"),
        ("no record any more", None, 1, Some(3), "in, epoch 3"),
        ("the first push", ours(1, 1), 1, None, "in, epoch 1"),
        ("the same epoch", ours(3, 2), 2, Some(3), "in, epoch 3"),
        ("after a failover", ours(3, 2), 4, Some(3), "in, epoch 3"),
        (
            "a member that never pushed",
            ours(3, 2),
            4,
            None,
            "in, epoch 3",
        ),
        // A segment of the old timeline that was left over when the new one began.
        ("what was left over", ours(4, 5), 4, Some(4), "in, epoch 4"),
        (
            "made anew after a restore",
            ours(4, 5),
            5,
            Some(3),
            "in, epoch 4",
        ),
        ("away during a restore", ours(4, 5), 4, Some(3), restored),
        ("away, and nothing known", ours(4, 5), 4, None, restored),
        (
            "overtaken",
            Some(record(THEM, 7_001, 4, 5)),
            9,
            Some(4),
            &taken,
        ),
        (
            "deployed again",
            Some(record(US, 7_002, 4, 1)),
            9,
            Some(4),
            deployed,
        ),
    ];
    for (what, record, newest, epoch, expected) in table {
        assert_eq!(judged(record.as_ref(), newest, epoch), expected, "{what}");
    }
}

fn standing() -> Standing {
    Standing {
        repository: "s3.example/backups/pg".to_owned(),
        cluster: US.parse().unwrap(),
        system: system(7_001),
        epoch: Some(3),
        server: "812 1767268000".to_owned(),
        timeline: timeline(2),
        read_at: at(0),
        overtaken: None,
    }
}

fn push() -> Push {
    Push {
        repository: "s3.example/backups/pg".to_owned(),
        cluster: US.parse().unwrap(),
        server: Some("812 1767268000".to_owned()),
        timeline: timeline(2),
    }
}

#[test]
fn a_push_goes_by_what_was_read_moments_ago_and_by_nothing_else() {
    let passes = |change: fn(&mut Standing, &mut Push), second| {
        let (mut standing, mut push) = (standing(), push());
        change(&mut standing, &mut push);
        standing.lets_pass(&push, at(second))
    };
    assert!(passes(|_, _| {}, 0));
    assert!(passes(|_, _| {}, 10));
    // It is read again after a while, and when the clock was set back.
    assert!(!passes(|_, _| {}, 11));
    assert!(!passes(|_, _| {}, -1));
    assert!(!passes(|_, push| push.timeline = timeline(3), 1));
    assert!(!passes(
        |_, push| push.server = Some("9 1767268009".to_owned()),
        1
    ));
    assert!(!passes(|_, push| push.server = None, 1));
    assert!(!passes(|_, push| push.repository.push_str("-2"), 1));
    assert!(!passes(|_, push| push.cluster = THEM.parse().unwrap(), 1));
    // Who was shut out asks again each time.
    let shut_out = |standing: &mut Standing, _: &mut Push| {
        standing.overtaken = Some(Overtaken::ByRestore {
            timeline: timeline(5),
            epoch: 4,
            since: at(0),
        });
    };
    assert!(!passes(shut_out, 1));
}

#[test]
fn an_epoch_counts_in_its_repository_and_for_its_database_only() {
    let (standing, us) = (standing(), US.parse().unwrap());
    let here = "s3.example/backups/pg";
    assert_eq!(standing.epoch_in(here, &us, system(7_001)), Some(3));
    assert_eq!(standing.epoch_in("elsewhere", &us, system(7_001)), None);
    assert_eq!(standing.epoch_in(here, &us, system(7_002)), None);
    let them = THEM.parse().unwrap();
    assert_eq!(standing.epoch_in(here, &them, system(7_001)), None);
}

#[test]
fn a_standing_reads_back_also_with_who_has_overtaken() {
    let mut standing = standing();
    standing.overtaken = Some(Overtaken::ByCluster {
        cluster_id: THEM.parse().unwrap(),
        model: "prod".to_owned(),
        application: "other".to_owned(),
        epoch: 4,
        since: at(0),
    });
    let text = serde_json::to_string(&standing).unwrap();
    assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
}
