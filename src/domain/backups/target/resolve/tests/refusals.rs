//! What cannot be restored, and what is said then.

use super::*;
use crate::domain::backups::target::NotAMoment;
use crate::domain::backups::{FailedBackup, RunningBackup};
use crate::domain::words::BackupKind;

fn refusal(id: &str, time: &str, catalogue: &Catalogue) -> Refusal {
    resolve(&request(id, time), catalogue, second(NOW)).unwrap_err()
}

#[test]
fn each_impossible_request_is_refused_with_the_way_out() {
    let catalogue = catalogue();
    for (id_given, time, message, hint) in [
        (
            String::new(),
            String::new(),
            "neither backup-id nor restore-to-time is given",
            "give backup-id=<id from list-backups>, or restore-to-time=\"YYYY-MM-DD HH:MM:SS\", or \
             restore-to-time=latest",
        ),
        (
            "yesterday".to_owned(),
            String::new(),
            "`yesterday` is not a backup id",
            "ids look like 2026-01-01T12:00:00Z; list-backups shows them",
        ),
        (
            id(301),
            String::new(),
            "no backup and no restore has the id 1970-01-01T00:05:01Z",
            "the nearest are 1970-01-01T00:05:00Z and 1970-01-01T00:07:30Z; list-backups shows all",
        ),
        (
            id(999),
            "latest".to_owned(),
            "no backup and no restore has the id 1970-01-01T00:16:39Z",
            "the nearest is 1970-01-01T00:10:50Z; list-backups shows all",
        ),
        (
            String::new(),
            "2026-01-01 12:00".to_owned(),
            "`2026-01-01 12:00` is not a time that can be restored: it is not of the form YYYY-MM-DD HH:MM:SS",
            "accepted are `YYYY-MM-DD HH:MM:SS`, with up to six more digits of a second and a zone such as +02:00 \
             or Z (UTC without one), and `latest`",
        ),
        (
            String::new(),
            at(1001),
            "1970-01-01T00:16:41Z is in the future: it is 1970-01-01T00:16:40Z now",
            "for the newest state use restore-to-time=latest; a time without zone is UTC",
        ),
        (
            String::new(),
            at(109),
            "1970-01-01T00:01:49Z is before the first backup had finished: nothing before 1970-01-01T00:01:51Z can \
             be restored",
            "choose 1970-01-01T00:01:51Z or later, or backup-id=1970-01-01T00:01:40Z for the end of that backup",
        ),
    ] {
        let refusal = refusal(&id_given, &time, &catalogue);
        assert_eq!(
            (refusal.to_string().as_str(), refusal.hint().as_str()),
            (message, hint)
        );
    }
}

#[test]
fn a_bad_time_is_named_before_an_unknown_id() {
    let refusal = refusal("nonsense", "nonsense", &catalogue());
    assert_eq!(
        refusal,
        Refusal::BadTime {
            given: "nonsense".to_owned(),
            why: NotAMoment::Form
        }
    );
}

#[test]
fn without_backups_every_request_is_refused() {
    let empty = Catalogue::empty("prod.pg".parse().unwrap());
    let no_backups = Refusal::NoBackups {
        stanza: "prod.pg".parse().unwrap(),
    };
    for (id, time) in [
        ("", "latest".to_owned()),
        ("", at(500)),
        (&id(100), String::new()),
    ] {
        assert_eq!(refusal(id, &time, &empty), no_backups);
    }
    assert_eq!(refusal("", "", &empty), Refusal::NothingAsked);
}

#[test]
fn backups_that_failed_or_run_or_hold_damage_are_not_restored() {
    let mut catalogue = catalogue().with_attempts(
        vec![FailedBackup {
            kind: BackupKind::Full,
            started: second(800),
            failed: second(801),
            error: "no space left".to_owned(),
        }],
        Some(RunningBackup {
            kind: BackupKind::Full,
            started: second(900),
            unit: "pg/1".to_owned(),
            percent: None,
        }),
    );
    catalogue.backups[3].damaged_pages = true;
    assert_eq!(
        refusal(&id(800), "", &catalogue).to_string(),
        "backup 1970-01-01T00:13:20Z failed and cannot be restored: no space left"
    );
    assert_eq!(
        refusal(&id(900), "", &catalogue).to_string(),
        "backup 1970-01-01T00:15:00Z is still running on pg/1"
    );
    assert_eq!(
        refusal(&id(650), "", &catalogue).to_string(),
        "backup 1970-01-01T00:10:50Z has pages with wrong checksums"
    );
    assert_eq!(answer("", "latest", &catalogue), "A, latest, timeline 6");
}

#[test]
fn when_no_backup_leads_to_a_timeline_the_first_moment_that_can_be_restored_there_is_named() {
    let mut catalogue = catalogue();
    catalogue.backups.remove(0);
    let refused = refusal("", &at(620), &catalogue);
    assert_eq!(
        refused.to_string(),
        "no backup lies on the history of timeline 5 and had finished by 1970-01-01T00:10:20Z"
    );
    assert_eq!(
        refused.hint(),
        "the first moment that can be restored there is 1970-01-01T00:11:01Z, from backup 1970-01-01T00:10:50Z"
    );
    catalogue.backups.pop();
    assert_eq!(
        refusal("", "latest", &catalogue),
        Refusal::NoBackupOnTimeline {
            timeline: timeline(6),
            asked: None,
            next: None
        }
    );
}

#[test]
fn an_earlier_database_of_the_stanza_and_one_that_was_stopped_are_restored_as_they_are_only() {
    let mut catalogue = catalogue();
    catalogue.backups[1].database = DatabaseId(7);
    catalogue.backups[2].lsn_stop = None;
    for (started, refused) in [
        (
            300,
            "backup 1970-01-01T00:05:00Z is of an earlier database of the stanza, whose WAL is not followed",
        ),
        (
            450,
            "backup 1970-01-01T00:07:30Z was made while the database was stopped, so no WAL leads on from it",
        ),
    ] {
        assert!(answer(&id(started), "", &catalogue).ends_with("immediate"));
        assert_eq!(answer(&id(started), "latest", &catalogue), refused);
        assert_eq!(answer(&id(started), &at(480), &catalogue), refused);
    }
}
