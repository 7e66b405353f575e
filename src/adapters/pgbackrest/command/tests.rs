use super::*;
use crate::domain::words::{BackupKind, Timeline, Timestamp};

fn stanza() -> Stanza {
    "m.pg".parse().unwrap()
}

fn label() -> BackupLabel {
    "20261127-165837F".parse().unwrap()
}

fn backup() -> Backup {
    Backup {
        stanza: stanza(),
        kind: BackupKind::Full,
        annotations: Vec::new(),
        primary: None,
        process_max: None,
        log_detail: false,
        expire_auto: None,
    }
}

fn restore() -> Restore {
    Restore {
        stanza: stanza(),
        set: None,
        target: Target::Default,
        timeline: None,
        promote: false,
        pg_path: None,
        delta: false,
        tablespace_map_all: None,
        recovery_options: Vec::new(),
        process_max: None,
    }
}

fn check(command: &Command, expected: &str) {
    assert_eq!(command.arguments().join(" "), expected);
}

#[test]
fn commands_about_a_stanza() {
    let stanza = stanza;
    let online = |online| Command::StanzaCreate {
        stanza: stanza(),
        online,
    };
    check(&online(true), "stanza-create --stanza=m.pg");
    check(&online(false), "stanza-create --stanza=m.pg --no-online");
    let check_it = |archive_timeout| Command::Check {
        stanza: stanza(),
        archive_timeout,
    };
    check(&check_it(None), "check --stanza=m.pg");
    check(
        &check_it(Some(30)),
        "check --stanza=m.pg --archive-timeout=30",
    );
    check(&Command::Start { stanza: stanza() }, "start --stanza=m.pg");
    let stop = |force| Command::Stop {
        stanza: stanza(),
        force,
    };
    check(&stop(false), "stop --stanza=m.pg");
    check(&stop(true), "stop --stanza=m.pg --force");
}

#[test]
fn a_backup_of_each_kind() {
    for (kind, word) in [
        (BackupKind::Full, "full"),
        (BackupKind::Differential, "diff"),
        (BackupKind::Incremental, "incr"),
    ] {
        let command = Command::Backup(Backup { kind, ..backup() });
        check(&command, &format!("backup --stanza=m.pg --type={word}"));
    }
}

#[test]
fn a_backup_with_everything() {
    let command = Command::Backup(Backup {
        annotations: vec![("request".to_owned(), "a b".to_owned())],
        primary: Some(Primary {
            host: "10.0.0.1".parse().unwrap(),
            port: 8432,
            config: "/etc/p.conf".into(),
            path: "/data".into(),
            socket_path: "/run/p".into(),
            user: "backup".into(),
            local_user: "operator".into(),
            ca_file: "/etc/ca.pem".into(),
            identity_file: "/etc/identity.pem".into(),
        }),
        process_max: Some(3),
        log_detail: true,
        expire_auto: Some(false),
        ..backup()
    });
    assert_eq!(
        command.arguments(),
        [
            "backup",
            "--stanza=m.pg",
            "--type=full",
            "--annotation=request=a b",
            "--backup-standby",
            "--pg2-host=10.0.0.1",
            "--pg2-host-type=tls",
            "--pg2-host-port=8432",
            "--pg2-host-config=/etc/p.conf",
            "--pg2-host-ca-file=/etc/ca.pem",
            "--pg2-host-cert-file=/etc/identity.pem",
            "--pg2-host-key-file=/etc/identity.pem",
            "--pg2-path=/data",
            "--pg2-socket-path=/run/p",
            "--pg2-port=5432",
            "--pg2-user=backup",
            "--pg1-user=operator",
            "--process-max=3",
            "--no-expire-auto"
        ]
    );
    assert_eq!(command.log_level(), "detail");
}

#[test]
fn a_restore_to_each_target() {
    let at: Timestamp = "2026-11-27T12:34:56.7Z".parse().unwrap();
    let lsn = "0/2000100".parse().unwrap();
    for (target, expected) in [
        (Target::Default, "--type=default"),
        (Target::Immediate, "--type=immediate"),
        (
            Target::Time {
                at,
                exclusive: false,
            },
            "--type=time --target=2026-11-27 12:34:56.700000+00",
        ),
        (
            Target::Time {
                at,
                exclusive: true,
            },
            "--type=time --target=2026-11-27 12:34:56.700000+00 --target-exclusive",
        ),
        (
            Target::Lsn {
                at: lsn,
                exclusive: false,
            },
            "--type=lsn --target=0/2000100",
        ),
        (
            Target::Xid {
                at: 733,
                exclusive: true,
            },
            "--type=xid --target=733 --target-exclusive",
        ),
        (
            Target::Name {
                at: "before".to_owned(),
            },
            "--type=name --target=before",
        ),
        (Target::Standby, "--type=standby"),
    ] {
        let command = Command::Restore(Restore {
            target,
            ..restore()
        });
        check(&command, &format!("restore --stanza=m.pg {expected}"));
    }
}

#[test]
fn a_restore_with_everything() {
    let command = Command::Restore(Restore {
        set: Some(label()),
        target: Target::Immediate,
        timeline: Some(Timeline::new(16).unwrap()),
        promote: true,
        pg_path: Some("/v/15/main.restoring".into()),
        delta: true,
        tablespace_map_all: Some("/v/15/tablespaces".into()),
        recovery_options: vec![("restore_command".to_owned(), "false".to_owned())],
        process_max: Some(2),
        ..restore()
    });
    // A number without 0x is decimal to PostgreSQL: 16 and not 22.
    check(
        &command,
        "restore --stanza=m.pg --set=20261127-165837F --type=immediate --target-timeline=16 \
         --target-action=promote --pg1-path=/v/15/main.restoring --delta \
         --tablespace-map-all=/v/15/tablespaces --recovery-option=restore_command=false --process-max=2",
    );
}

#[test]
fn questions_to_the_repository() {
    let info = |stanza, set| Command::Info { stanza, set };
    check(&info(None, None), "info --output=json");
    let both = info(Some(stanza()), Some(label()));
    check(
        &both,
        "info --output=json --stanza=m.pg --set=20261127-165837F",
    );
    let get = Command::RepoGet {
        path: "backup/m.pg/backup.info".to_owned(),
    };
    check(&get, "repo-get backup/m.pg/backup.info");
    let list = |recursive| Command::RepoLs {
        path: "archive/m.pg".to_owned(),
        recursive,
    };
    check(&list(false), "repo-ls --output=json archive/m.pg");
    check(&list(true), "repo-ls --output=json --recurse archive/m.pg");
    let top = Command::RepoLs {
        path: String::new(),
        recursive: false,
    };
    check(&top, "repo-ls --output=json");
    check(&Command::Version, "version");
    for command in [both, get, list(false), Command::Version] {
        assert_eq!(command.log_level(), "off");
    }
}
