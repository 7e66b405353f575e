//! Whether a backup may be made, of which kind, and on this unit.

use super::Catalogue;
use crate::domain::words::{BackupKind, Malformed, MemberName, Timestamp};

/// What this unit is to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Replica,
    /// The database did not say. Never taken for either of the two.
    Unknown,
}

/// Where a backup was asked for, and what stands around it.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    pub here: Role,
    /// TLS is on, so pgBackRest on a replica can ask the primary for what it lacks.
    pub tls: bool,
    /// How many units the application has, running or not.
    pub units: usize,
    /// The primary, if it is known.
    pub primary: Option<&'a MemberName>,
    /// The replicas that run.
    pub replicas: &'a [MemberName],
}

/// Why no backup is made. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Kind(Malformed),
    #[error("there is no full backup that {} one could build on", kind.with_article())]
    NoFull { kind: BackupKind },
    #[error("{} backup has been running since {since} on {unit}", kind.with_article())]
    AlreadyRunning {
        kind: BackupKind,
        since: Timestamp,
        unit: String,
    },
    #[error("the database on this unit does not answer")]
    Offline,
    #[error("with TLS on, backups are made on a replica, and this unit is the primary")]
    OnPrimary { replicas: Vec<String> },
    #[error("with TLS off, backups are made on the primary, and this unit is a replica")]
    OnReplica { primary: Option<String> },
    #[error("the cluster has no primary now")]
    NoPrimary,
    #[error("{primary}, the primary, does not serve backups to its replicas yet")]
    NotServed { primary: String },
}

impl Refusal {
    /// What the operator can do instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Kind(_) => "give type=full, type=differential or type=incremental".to_owned(),
            Self::NoFull { .. } => "make a full one first: create-backup type=full".to_owned(),
            Self::AlreadyRunning { .. } => {
                "list-backups shows how far it is; try again when it has finished".to_owned()
            }
            Self::NoPrimary | Self::NotServed { .. } => {
                "try again in a moment; juju status shows what the units wait for".to_owned()
            }
            Self::Offline => "wait until the unit is active, or run the action on another".to_owned(),
            Self::OnPrimary { replicas } => match replicas.as_slice() {
                [] => "no replica runs: bring one back, or remove the units that are gone so that this one is alone"
                    .to_owned(),
                [one] => format!("run create-backup on {one}"),
                [all @ .., last] => format!("run create-backup on {} or {last}", all.join(", ")),
            },
            Self::OnReplica { primary: Some(primary) } => {
                format!("run create-backup on {primary}, or relate a TLS provider to make backups on replicas")
            }
            Self::OnReplica { primary: None } => {
                "the primary is not known now: try again, or relate a TLS provider to make backups on replicas"
                    .to_owned()
            }
        }
    }
}

/// The kind of backup to make, from the action's `type` (full without one).
///
/// A differential or incremental backup needs a full one of the same database, without damage: pgBackRest would
/// silently make a full one instead.
pub fn kind(asked: Option<&str>, catalogue: &Catalogue) -> Result<BackupKind, Refusal> {
    let kind = match asked.map(str::trim).filter(|text| !text.is_empty()) {
        None => BackupKind::Full,
        Some(text) => text.parse().map_err(Refusal::Kind)?,
    };
    let usable =
        |backup: &super::Backup| backup.kind() == BackupKind::Full && !backup.damaged_pages;
    if kind != BackupKind::Full && !catalogue.of_current().any(usable) {
        return Err(Refusal::NoFull { kind });
    }
    match &catalogue.running {
        None => Ok(kind),
        Some(running) => Err(Refusal::AlreadyRunning {
            kind: running.kind,
            since: running.started,
            unit: running.unit.clone(),
        }),
    }
}

/// Whether a backup may be made on this unit. With TLS on and more than one unit, on a replica only; with TLS off, on
/// the primary only; a single unit always.
pub fn allowed_here(placement: &Placement<'_>) -> Result<(), Refusal> {
    let Placement {
        here,
        tls,
        units,
        primary,
        replicas,
    } = *placement;
    match (here, tls) {
        (Role::Unknown, _) => Err(Refusal::Offline),
        _ if units <= 1 => Ok(()),
        (Role::Primary, true) => Err(Refusal::OnPrimary {
            replicas: replicas.iter().map(MemberName::unit).collect(),
        }),
        (Role::Replica, false) => Err(Refusal::OnReplica {
            primary: primary.map(MemberName::unit),
        }),
        (Role::Primary, false) | (Role::Replica, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::backup::sample;
    use super::super::{BackupInfo, DatabaseId, RunningBackup};
    use super::*;
    use crate::domain::words::Stanza;

    #[test]
    fn a_backup_runs_where_the_rule_allows_it_and_a_refusal_names_the_unit_to_use() {
        let primary: MemberName = "pg-0".parse().unwrap();
        let two: Vec<MemberName> = ["pg-1", "pg-2"].map(|name| name.parse().unwrap()).into();
        let use_one = "run create-backup on pg/1";
        let use_two = "run create-backup on pg/1 or pg/2";
        let use_primary =
            "run create-backup on pg/0, or relate a TLS provider to make backups on replicas";
        let no_replica = "no replica runs: bring one back, or remove the units that are gone so that this one is alone";
        let offline = "wait until the unit is active, or run the action on another";
        for (here, tls, units, running, hint) in [
            (Role::Primary, true, 1, 0, None),
            (Role::Primary, false, 1, 0, None),
            (Role::Replica, true, 1, 0, None),
            (Role::Replica, false, 1, 0, None),
            (Role::Unknown, true, 1, 0, Some(offline)),
            (Role::Unknown, false, 1, 0, Some(offline)),
            (Role::Primary, true, 2, 1, Some(use_one)),
            (Role::Primary, true, 2, 0, Some(no_replica)),
            (Role::Primary, true, 3, 2, Some(use_two)),
            (Role::Primary, false, 2, 1, None),
            (Role::Primary, false, 3, 0, None),
            (Role::Replica, true, 2, 1, None),
            (Role::Replica, true, 3, 2, None),
            (Role::Replica, false, 2, 1, Some(use_primary)),
            (Role::Replica, false, 3, 2, Some(use_primary)),
            (Role::Unknown, true, 3, 2, Some(offline)),
            (Role::Unknown, false, 3, 2, Some(offline)),
        ] {
            let (primary, replicas) = (Some(&primary), &two[..running]);
            let answer = allowed_here(&Placement {
                here,
                tls,
                units,
                primary,
                replicas,
            });
            let given = answer.err().map(|refusal| refusal.hint());
            assert_eq!(
                given.as_deref(),
                hint,
                "{here:?}, tls {tls}, {units} units, {running} replicas"
            );
        }
    }

    #[test]
    fn a_replica_without_tls_is_refused_also_while_the_primary_is_unknown() {
        let placement = Placement {
            here: Role::Replica,
            tls: false,
            units: 3,
            primary: None,
            replicas: &[],
        };
        let refusal = allowed_here(&placement).unwrap_err();
        assert_eq!(refusal, Refusal::OnReplica { primary: None });
        assert!(refusal.hint().starts_with("the primary is not known now"));
    }

    fn stanza() -> Stanza {
        "prod.postgresql".parse().unwrap()
    }

    fn catalogue() -> Catalogue {
        let info = BackupInfo::parse(include_str!("recorded/backup.info")).unwrap();
        Catalogue::new(stanza(), info, vec![], [])
    }

    #[test]
    fn each_kind_is_made_when_there_is_a_full_backup_and_full_is_the_default() {
        for (asked, made) in [
            (None, BackupKind::Full),
            (Some(""), BackupKind::Full),
            (Some("full"), BackupKind::Full),
            (Some("differential"), BackupKind::Differential),
            (Some("incremental"), BackupKind::Incremental),
        ] {
            assert_eq!(kind(asked, &catalogue()), Ok(made));
        }
    }

    #[test]
    fn another_type_is_refused_with_the_allowed_ones() {
        let refusal = kind(Some("foo"), &catalogue()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "`foo` is not a type of backup: `full`, `differential` and `incremental` are"
        );
        assert_eq!(
            refusal.hint(),
            "give type=full, type=differential or type=incremental"
        );
    }

    #[test]
    fn a_dependent_backup_is_refused_without_a_full_one_that_can_carry_it() {
        let mut of_another_database = catalogue();
        of_another_database.backups = vec![sample("20260101-000000F", 0)];
        of_another_database.backups[0].database = DatabaseId(7);
        let mut damaged = catalogue();
        damaged.backups = vec![sample("20260101-000000F", 0)];
        damaged.backups[0].damaged_pages = true;
        for catalogue in [Catalogue::empty(stanza()), of_another_database, damaged] {
            for asked in [BackupKind::Differential, BackupKind::Incremental] {
                assert_eq!(
                    kind(Some(asked.word()), &catalogue),
                    Err(Refusal::NoFull { kind: asked })
                );
            }
            assert_eq!(kind(Some("full"), &catalogue), Ok(BackupKind::Full));
        }
    }

    #[test]
    fn a_second_backup_is_refused_while_one_runs() {
        let running = RunningBackup {
            kind: BackupKind::Full,
            started: "2026-01-01T12:00:00Z".parse().unwrap(),
            unit: "pg/2".to_owned(),
            percent: Some(41),
        };
        let refusal = kind(None, &catalogue().with_attempts(vec![], Some(running))).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "a full backup has been running since 2026-01-01T12:00:00Z on pg/2"
        );
    }
}
