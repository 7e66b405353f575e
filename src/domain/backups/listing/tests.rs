use std::collections::BTreeSet;

use super::super::backup::sample;
use super::super::{BackupInfo, history_files};
use super::*;

const INFO: &str = include_str!("../recorded/backup.info");
const ARCHIVE: &str = include_str!("../recorded/archive-listing.json");

fn stanza() -> Stanza {
    "prod.postgresql".parse().unwrap()
}

fn recorded() -> Catalogue {
    let info = BackupInfo::parse(INFO).unwrap();
    Catalogue::new(stanza(), info, history_files(ARCHIVE).unwrap(), [])
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn with_attempts() -> Catalogue {
    let failed = FailedBackup {
        kind: BackupKind::Incremental,
        started: time("2026-11-27T16:28:30Z"),
        failed: time("2026-11-27T16:28:31.5Z"),
        error: "unable to find\n  primary cluster | cannot proceed".to_owned(),
    };
    let running = RunningBackup {
        kind: BackupKind::Full,
        started: time("2026-11-27T17:00:00Z"),
        unit: "pg/2".to_owned(),
        percent: Some(41),
    };
    recorded().with_attempts(vec![failed], Some(running))
}

fn location() -> Location {
    Location {
        bucket: Some("pgbackups".to_owned()),
        path: "/clusters/a".to_owned(),
        owner: None,
    }
}

#[test]
fn the_table_has_the_columns_and_widths_of_charmed_postgresql() {
    let catalogue = with_attempts();
    let expected = "\
Storage bucket name: pgbackups
Backups base path: /clusters/a/backup/

backup-id            | action              | status   | reference-backup-id  | LSN start/stop          | start-time           | finish-time          | timeline | backup-path
-----------------------------------------------------------------------------------------------------------------------------------------------------------------------------
2026-11-27T16:28:04Z | full backup         | finished | None                 | 0/2000028 / 0/2000100   | 2026-11-27T16:28:04Z | 2026-11-27T16:28:05Z | 1        | /prod.postgresql/20261127-162804F
2026-11-27T16:28:06Z | differential backup | finished | 2026-11-27T16:28:04Z | 0/3000028 / 0/4000050   | 2026-11-27T16:28:06Z | 2026-11-27T16:28:08Z | 1        | /prod.postgresql/20261127-162804F_20261127-162806D
2026-11-27T16:28:09Z | incremental backup  | finished | 2026-11-27T16:28:06Z | 0/5000028 / 0/6000050   | 2026-11-27T16:28:09Z | 2026-11-27T16:28:10Z | 1        | /prod.postgresql/20261127-162804F_20261127-162809I
2026-11-27T16:28:30Z | incremental backup  | failed: unable to find primary cluster / cannot proceed | None                 | n/a                     | 2026-11-27T16:28:30Z | 2026-11-27T16:28:31Z | n/a      | n/a
2026-11-27T16:29:08Z | restore             | finished | None                 | n/a                     | 2026-11-27T16:29:08Z | n/a                  | 2        | n/a
2026-11-27T16:29:18Z | restore             | finished | None                 | n/a                     | 2026-11-27T16:29:18Z | n/a                  | 3        | n/a
2026-11-27T16:29:29Z | restore             | finished | None                 | n/a                     | 2026-11-27T16:29:29Z | n/a                  | 4        | n/a
2026-11-27T17:00:00Z | full backup         | running: 41% on pg/2 | None                 | n/a                     | 2026-11-27T17:00:00Z | n/a                  | n/a      | n/a";
    assert_eq!(table(&rows([&catalogue]), &location()), expected);
}

#[test]
fn an_empty_repository_is_said_to_be_empty() {
    let catalogue = Catalogue::empty(stanza());
    let shown = table(
        &rows([&catalogue]),
        &Location {
            path: "/".to_owned(),
            ..location()
        },
    );
    assert_eq!(
        shown,
        "Storage bucket name: pgbackups\nBackups base path: /backup/\n\n\
         There are no backups yet. Make the first one with create-backup."
    );
    assert_eq!(json(&[]).unwrap(), "[]");
}

#[test]
fn a_backup_with_damaged_pages_is_not_shown_as_finished() {
    let mut catalogue = recorded();
    catalogue.backups[0].damaged_pages = true;
    let rows = rows([&catalogue]);
    assert!(table(&rows, &location()).contains("| failed: pages with wrong checksums |"));
    assert!(json(&rows).unwrap().contains(r#""status":"damaged""#));
}

#[test]
fn a_repository_of_others_says_of_each_backup_which_cluster_it_is_of() {
    let catalogue = recorded();
    let location = Location {
        owner: Some("application db of model prod".to_owned()),
        ..location()
    };
    let text = table(&rows([&catalogue]), &location);
    let mut lines = text.lines();
    assert!(lines.any(|line| line == "Repository of: application db of model prod"));
    let rest: Vec<&str> = lines.skip(2).collect();
    assert!(rest[0].ends_with("| stanza                         | version | system-identifier"));
    assert!(rest[2].ends_with("| prod.postgresql                | 15      | 7712888880388294260"));
    assert_eq!(rest[2].matches(" | ").count(), 11);
}

#[test]
fn json_has_the_documented_keys() {
    let catalogue = with_attempts();
    let text = json(&rows([&catalogue])).unwrap();
    let objects: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(
        objects[2],
        serde_json::json!({
            "id": "2026-11-27T16:28:09Z",
            "action": "backup",
            "type": "incremental",
            "status": "finished",
            "stanza": "prod.postgresql",
            "version": "15",
            "system-identifier": "7712888880388294260",
            "label": "20261127-162804F_20261127-162809I",
            "reference": "2026-11-27T16:28:06Z",
            "references": ["20261127-162804F", "20261127-162804F_20261127-162806D"],
            "started": "2026-11-27T16:28:09Z",
            "finished": "2026-11-27T16:28:10Z",
            "timeline": 1,
            "lsn-start": "0/5000028",
            "lsn-stop": "0/6000050",
            "wal-start": "000000010000000000000005",
            "wal-stop": "000000010000000000000006",
            "size": 23_213_860,
            "delta": 8458,
            "repository-size": 2_827_239,
            "repository-delta": 390,
            "path": "/prod.postgresql/20261127-162804F_20261127-162809I",
        })
    );
    assert_eq!(
        objects[1]["annotations"],
        serde_json::json!({"asked-by": "an operator"})
    );
    assert_eq!(
        objects[3],
        serde_json::json!({
            "id": "2026-11-27T16:28:30Z",
            "action": "backup",
            "type": "incremental",
            "status": "failed",
            "error": "unable to find\n  primary cluster | cannot proceed",
            "stanza": "prod.postgresql",
            "started": "2026-11-27T16:28:30Z",
            "finished": "2026-11-27T16:28:31.5Z",
        })
    );
    assert_eq!(
        objects[4],
        serde_json::json!({
            "id": "2026-11-27T16:29:08Z",
            "action": "restore",
            "status": "finished",
            "stanza": "prod.postgresql",
            "started": "2026-11-27T16:29:08Z",
            "timeline": 2,
        })
    );
    assert_eq!(
        objects[7],
        serde_json::json!({
            "id": "2026-11-27T17:00:00Z",
            "action": "backup",
            "type": "full",
            "status": "running",
            "unit": "pg/2",
            "percent": 41,
            "stanza": "prod.postgresql",
            "started": "2026-11-27T17:00:00Z",
        })
    );
}

#[test]
fn the_backups_of_two_clusters_in_one_repository_can_be_told_apart() {
    let ours = recorded();
    let mut theirs = Catalogue::empty("old.pg".parse().unwrap());
    theirs.backups = vec![sample("20261127-162805F", 0)];
    let rows = rows([&ours, &theirs]);
    assert!(rows.is_sorted_by_key(|row| row.id));
    assert_eq!(rows[1].path().as_deref(), Some("/old.pg/20261127-162805F"));
    assert_eq!(
        rows[2].path().as_deref(),
        Some("/prod.postgresql/20261127-162804F_20261127-162806D")
    );
}

#[test]
fn ten_thousand_backups_are_listed_in_pieces_that_fit_into_an_argument() {
    let mut catalogue = recorded();
    let incremental = catalogue.backups[2].clone();
    for n in 0..10_000 {
        let (day, hour, minute) = (1 + n / 1440, n / 60 % 24, n % 60);
        let label = format!("20261127-162804F_202612{day:02}-{hour:02}{minute:02}00I");
        catalogue.backups.push(Backup {
            label: label.parse().unwrap(),
            ..incremental.clone()
        });
    }
    let rows = rows([&catalogue]);
    let text = table(&rows, &location());
    // Four lines before the rule, the rule, and the three backups and three restores that were there.
    assert_eq!(text.lines().count(), 4 + 1 + 6 + 10_000);
    let json = json(&rows).unwrap();
    for text in [&text, &json] {
        let pieces = chunks(text);
        assert_eq!(pieces.concat(), *text);
        let (_, whole) = pieces.split_last().unwrap();
        assert!(
            whole
                .iter()
                .all(|piece| piece.len() < 102_400 && piece.ends_with('\n'))
        );
    }
    let objects: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let ids: BTreeSet<_> = objects
        .iter()
        .map(|object| object["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 10_006);
}

#[test]
fn a_limit_keeps_the_newest_rows_and_says_how_many_it_left_out() {
    let catalogue = recorded();
    let rows = rows([&catalogue]);
    for (limit, shown, left_out) in [
        (1, 1, rows.len() - 1),
        (rows.len(), rows.len(), 0),
        (rows.len() + 1, rows.len(), 0),
    ] {
        let (newest, hidden) = newest(&rows, limit);
        assert_eq!((newest.len(), hidden), (shown, left_out), "limit {limit}");
        assert_eq!(newest.last(), rows.last());
    }
}
