use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::domain::words::{BackupKind, SystemId};

const RECORDED: &str = include_str!("../recorded/backup.info");

/// A file with these lines as backups.
fn with_backups(lines: &str) -> String {
    format!(
        "[backrest]\nbackrest-format=5\nbackrest-version=\"2.45\"\n\n[backup:current]\n{lines}\n[db]\ndb-id=2\n\n\
         [db:history]\n1={{\"db-system-id\":11,\"db-version\":\"14\"}}\n2={{\"db-system-id\":12,\"db-version\":\"15\"}}\n\n\
         [backrest]\nbackrest-checksum=\"0\"\n"
    )
}

#[test]
fn a_real_file_gives_its_backups_with_everything_known_about_them() {
    let info = BackupInfo::parse(RECORDED).unwrap();
    let [full, differential, incremental] = info.backups.as_slice() else {
        panic!("three backups were made: {info:?}");
    };
    assert_eq!(
        *differential,
        Backup {
            label: "20261127-162804F_20261127-162806D".parse().unwrap(),
            prior: Some(full.label),
            references: vec![full.label],
            database: DatabaseId(1),
            lsn_start: Some("0/3000028".parse().unwrap()),
            lsn_stop: Some("0/4000050".parse().unwrap()),
            wal_start: Some("000000010000000000000003".parse().unwrap()),
            wal_stop: Some("000000010000000000000004".parse().unwrap()),
            started: "2026-11-27T16:28:06Z".parse().unwrap(),
            finished: "2026-11-27T16:28:08Z".parse().unwrap(),
            size: 23_213_860,
            delta: 8458,
            repo_size: Some(2_827_239),
            repo_delta: 390,
            damaged_pages: false,
            annotations: [("asked-by".to_owned(), "an operator".to_owned())].into(),
        }
    );
    assert_eq!((full.kind(), full.prior), (BackupKind::Full, None));
    assert_eq!(incremental.references, [full.label, differential.label]);
    assert_eq!(incremental.timeline().unwrap().number(), 1);
}

#[test]
fn a_real_file_gives_the_database_and_its_system_identifier() {
    let info = BackupInfo::parse(RECORDED).unwrap();
    assert_eq!(info.current, DatabaseId(1));
    assert_eq!(
        info.databases,
        [Database {
            id: DatabaseId(1),
            system: SystemId::new(7_712_888_880_388_294_260).unwrap(),
            version: "15".to_owned()
        }]
    );
    assert_eq!(info.databases[0].archive_folder(), "15-1");
}

#[test]
fn a_stanza_without_backups_is_empty_and_not_an_error() {
    let text = RECORDED.replace("[backup:current]", "[backup:other]");
    assert_eq!(BackupInfo::parse(&text).unwrap().backups, []);
}

#[test]
fn the_newest_backups_are_read_by_themselves_and_the_others_counted() {
    let all = BackupInfo::parse(RECORDED).unwrap();
    for (limit, older) in [(0, 3), (1, 2), (2, 1), (3, 0), (usize::MAX, 0)] {
        let info = BackupInfo::parse_newest(RECORDED, limit).unwrap();
        assert_eq!(info.older, older, "limit {limit}");
        assert_eq!(info.backups, all.backups[older..], "limit {limit}");
    }
}

#[test]
fn the_newest_backup_may_stand_before_others_that_depend_on_an_earlier_one() {
    // By label a dependent backup stands with its full one, whenever it was made.
    let line = |label: &str| {
        let entry = RECORDED.lines().find(|line| line.contains("F={")).unwrap();
        format!("{label}={}\n", entry.split_once('=').unwrap().1)
    };
    let labels = [
        "20260101-000000F",
        "20260101-000000F_20260105-000000I",
        "20260103-000000F",
        "20260104-000000F",
    ];
    let text = with_backups(&labels.map(line).concat());
    let info = BackupInfo::parse_newest(&text, 2).unwrap();
    let newest: Vec<_> = info.backups.iter().map(|it| it.label.to_string()).collect();
    assert_eq!(newest, [labels[1], labels[3]]);
}

#[test]
fn a_file_that_was_cut_short_is_an_error_wherever_the_cut_is() {
    for (end, _) in RECORDED
        .char_indices()
        .take_while(|(end, _)| *end < RECORDED.len() - 45)
    {
        assert!(BackupInfo::parse(&RECORDED[..end]).is_err(), "cut at {end}");
    }
    let cut = &RECORDED[..RECORDED.rfind("backrest-checksum").unwrap()];
    assert_eq!(
        BackupInfo::parse(cut).unwrap_err().to_string(),
        "backup.info ends before its checksum: it was cut short"
    );
}

#[test]
fn another_format_is_refused() {
    let text = RECORDED.replace("backrest-format=5", "backrest-format=6");
    assert!(matches!(
        BackupInfo::parse(&text),
        Err(Unreadable::Format { format: 6, .. })
    ));
}

#[test]
fn a_backup_of_a_stopped_database_has_no_wal_and_no_timeline() {
    let info = BackupInfo::parse(&with_backups(
        r#"20261127-163041F={"backup-archive-start":null,"backup-archive-stop":null,"backup-error":false,"backup-info-repo-size":4,"backup-info-repo-size-delta":4,"backup-info-size":40,"backup-info-size-delta":40,"backup-timestamp-start":1,"backup-timestamp-stop":1,"backup-type":"full","db-id":2}
"#,
    ))
    .unwrap();
    assert_eq!(
        (info.backups[0].timeline(), info.backups[0].lsn_stop),
        (None, None)
    );
    assert_eq!(info.databases.len(), 2);
}

#[test]
fn a_block_incremental_backup_without_a_repository_size_is_read() {
    let info = BackupInfo::parse(&with_backups(
        r#"20261127-163041F={"backup-error":true,"backup-info-repo-size-delta":4,"backup-info-repo-size-map":[1,2],"backup-info-size":40,"backup-info-size-delta":40,"backup-timestamp-start":1,"backup-timestamp-stop":1,"db-id":1,"key-of-tomorrow":{"a":[]}}
"#,
    ))
    .unwrap();
    assert_eq!(info.backups[0].repo_size, None);
    assert!(info.backups[0].damaged_pages);
}

#[test]
fn an_error_names_the_line_and_shows_nothing_of_a_key() {
    let text = with_backups("").replace("[db]", "[cipher]\ncipher-pass=\"sesame\"\n\n[db]");
    let info = BackupInfo::parse(&text).unwrap();
    assert!(info.encrypted);
    assert!(!format!("{info:?}").contains("sesame"));

    let broken = text.replace("cipher-pass=\"sesame\"", "cipher-pass\"sesame\"");
    let error = BackupInfo::parse(&broken).unwrap_err();
    assert_eq!(
        error.to_string(),
        "backup.info, line 8: not of the form key=value"
    );
    assert!(!format!("{error:?}").contains("sesame"));
}

#[test]
fn a_backup_with_an_unknown_label_is_an_error_and_not_left_out() {
    let text = RECORDED.replace("20261127-162804F={", "20261127-162804X={");
    assert!(matches!(
        BackupInfo::parse(&text),
        Err(Unreadable::Word { line: 6, .. })
    ));
}

#[test]
fn ten_thousand_backups_are_read_in_order() {
    let line = RECORDED
        .lines()
        .find(|line| line.contains("162809I="))
        .unwrap();
    let (_, value) = line.split_once('=').unwrap();
    let mut lines = String::new();
    for n in 0..10_000 {
        let (day, hour, minute) = (1 + n / 1440, n / 60 % 24, n % 60);
        writeln!(
            lines,
            "20261127-162804F_202612{day:02}-{hour:02}{minute:02}00I={value}"
        )
        .unwrap();
    }
    let info = BackupInfo::parse(&with_backups(&lines)).unwrap();
    assert_eq!(info.backups.len(), 10_000);
    assert!(info.backups.is_sorted_by_key(|backup| backup.label));
}

#[test]
fn text_that_is_not_utf_8_is_an_error_that_names_the_line() {
    let mut reader = Reader::of_newest(1);
    reader.push(b"[backrest]\nbackrest-version=\"\xff\"\n");
    assert_eq!(
        reader.finish().unwrap_err().to_string(),
        "backup.info, line 2: not text in UTF-8"
    );
}

proptest! {
    #[test]
    fn a_file_says_the_same_in_whatever_pieces_it_comes(length in 1..RECORDED.len(), limit in 0..5_usize) {
        let mut reader = Reader::of_newest(limit);
        RECORDED.as_bytes().chunks(length).for_each(|piece| reader.push(piece));
        prop_assert_eq!(reader.finish().unwrap(), BackupInfo::parse_newest(RECORDED, limit).unwrap());
    }

    #[test]
    fn any_text_is_read_without_panic(text in "(\\[[a-z:]{0,15}\\]\n|[a-z0-9-]{0,20}=?[ -~ü]{0,40}\n){0,20}") {
        let _ = BackupInfo::parse(&text);
    }

    #[test]
    fn a_real_file_with_any_byte_changed_is_read_without_panic(at in 0..RECORDED.len(), with: char) {
        let mut text = RECORDED.to_owned();
        text.replace_range(at..=at, with.encode_utf8(&mut [0; 4]));
        let _ = BackupInfo::parse(&text);
    }
}
