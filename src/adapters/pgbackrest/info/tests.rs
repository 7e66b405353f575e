use super::*;

fn parsed(json: &str) -> Stanza {
    let mut stanzas = parse(json.as_bytes()).unwrap();
    assert_eq!(stanzas.len(), 1);
    stanzas.remove(0)
}

#[test]
fn two_versions_tell_the_same_of_one_repository() {
    use BackupKind::{Differential, Full, Incremental};
    let older = parsed(include_str!("../recorded/multi-backup-2.45.json"));
    let newer = parsed(include_str!("../recorded/multi-backup-2.55.1.json"));
    assert_eq!(older, newer);
    assert_eq!((older.status.code, older.status.running), (0, None));
    let kinds: Vec<_> = older.backups.iter().map(|backup| backup.kind).collect();
    assert_eq!(
        kinds,
        [
            Full,
            Differential,
            Incremental,
            Full,
            Full,
            Differential,
            Full
        ]
    );
    assert_eq!(
        older.databases[0].system_id.to_string(),
        "7710562568803166094"
    );
}

#[test]
fn a_backup_is_read_whole() {
    let stanza = parsed(include_str!("../recorded/multi-backup-2.45.json"));
    assert_eq!(
        stanza.backups[1],
        Backup {
            label: "20261121-100128F_20261121-100139D".parse().unwrap(),
            kind: BackupKind::Differential,
            prior: Some("20261121-100128F".parse().unwrap()),
            database: 1,
            start: "2026-11-21T10:01:39Z".parse().unwrap(),
            stop: "2026-11-21T10:01:42Z".parse().unwrap(),
            lsn_start: Some("0/38000028".parse().unwrap()),
            lsn_stop: Some("0/38000100".parse().unwrap()),
            wal_start: Some("000000010000000000000038".parse().unwrap()),
            wal_stop: Some("000000010000000000000038".parse().unwrap()),
            size: 809_786_171,
            delta: 787_464_452,
            repository_size: Some(91_334_727),
            repository_delta: 86_938_623,
            error: Some(false),
            annotations: std::collections::BTreeMap::new(),
        }
    );
    assert_eq!(
        stanza.archives,
        [Archive {
            id: "15-1".to_owned(),
            database: 1,
            min: Some("000000010000000000000001".parse().unwrap()),
            max: Some("000000010000000000000049".parse().unwrap()),
        }]
    );
}

#[test]
fn a_stanza_that_is_not_there_has_a_code_and_no_backups() {
    for json in [
        include_str!("../recorded/missing-stanza-2.45.json"),
        include_str!("../recorded/missing-stanza-2.55.1.json"),
    ] {
        let stanza = parsed(json);
        assert_eq!(stanza.status.code, 1);
        assert_eq!(stanza.status.message, "missing stanza path");
        assert!(stanza.backups.is_empty() && stanza.archives.is_empty());
    }
}

#[test]
fn a_backup_that_runs_is_seen() {
    let stanza = parsed(include_str!("../recorded/backup-running-2.45.json"));
    assert_eq!(stanza.status.running, Some(Running::default()));
}

#[test]
fn progress_is_read_where_it_is_told() {
    let json = include_str!("../recorded/backup-running-2.45.json").replace(
        "\"held\":true",
        "\"held\":true,\"size\":100,\"size-cplt\":40",
    );
    let running = parsed(&json).status.running;
    assert_eq!(
        running,
        Some(Running {
            done: Some(40),
            total: Some(100)
        })
    );
}

#[test]
fn an_empty_repository_has_no_stanzas_and_half_an_answer_is_no_answer() {
    assert_eq!(parse(b"[]").unwrap(), []);
    assert!(parse(b"[{\"name\":").is_err());
}
