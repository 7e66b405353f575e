//! The listing for machines.

use std::collections::BTreeMap;

use super::{Action, Row, Status};
use crate::domain::words::{
    BackupId, BackupKind, BackupLabel, Lsn, Stanza, SystemId, Timestamp, WalSegment,
};

/// An object of the array. Keys without a value are left out; sizes are bytes.
#[derive(serde::Serialize)]
#[serde(rename_all = "kebab-case")]
struct Object<'a> {
    /// What `restore backup-id=` takes.
    id: BackupId,
    /// `backup` or `restore`.
    action: &'static str,
    /// Of a backup: `full`, `differential` or `incremental`.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<BackupKind>,
    /// `finished`, `damaged` (finished, with pages whose checksum is wrong), `failed` or `running`.
    status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// How far a running backup is, from 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    /// Where a running backup runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    stanza: &'a Stanza,
    /// Of PostgreSQL, without its minor part.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    /// Of the database that was backed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    system_identifier: Option<SystemId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<BackupLabel>,
    /// The newest backup that this one needs, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<BackupId>,
    /// All backups that this one needs, by label, oldest first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'a [BackupLabel],
    started: Timestamp,
    /// When it finished or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<Timestamp>,
    /// As a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lsn_start: Option<Lsn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lsn_stop: Option<Lsn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wal_start: Option<WalSegment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wal_stop: Option<WalSegment>,
    /// The database.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// What was copied of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<u64>,
    /// In the repository, with everything this backup needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_size: Option<u64>,
    /// In the repository, of this backup alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_delta: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a BTreeMap<String, String>>,
}

/// The rows as a JSON array of objects, one object a line, so that it can be cut at line breaks.
pub fn json(rows: &[Row<'_>]) -> Result<String, serde_json::Error> {
    // Some 600 bytes a row.
    let mut text = Vec::with_capacity(16 + rows.len() * 640);
    text.extend_from_slice(b"[");
    for (n, row) in rows.iter().enumerate() {
        text.extend_from_slice(if n == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut text, &object(row))?;
    }
    text.extend_from_slice(if rows.is_empty() { b"]" } else { b"\n]" });
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

fn object<'a>(row: &Row<'a>) -> Object<'a> {
    let backup = row.backup;
    let (action, kind) = match row.action {
        Action::Backup(kind) => ("backup", Some(kind)),
        Action::Restore => ("restore", None),
    };
    let (status, error, unit, percent) = match row.status {
        Status::Finished => ("finished", None, None, None),
        Status::Damaged => ("damaged", None, None, None),
        Status::Failed(error) => ("failed", Some(error), None, None),
        Status::Running { unit, percent } => ("running", None, Some(unit), percent),
    };
    Object {
        id: row.id,
        action,
        r#type: kind,
        status,
        error,
        percent,
        unit,
        stanza: row.stanza,
        version: row.database.map(|database| database.version.as_str()),
        system_identifier: row.database.map(|database| database.system),
        label: backup.map(|backup| backup.label),
        reference: row.reference(),
        references: backup
            .map(|backup| backup.references.as_slice())
            .unwrap_or_default(),
        started: row.started,
        finished: row.finished,
        timeline: row.timeline.map(crate::domain::words::Timeline::number),
        lsn_start: backup.and_then(|backup| backup.lsn_start),
        lsn_stop: backup.and_then(|backup| backup.lsn_stop),
        wal_start: backup.and_then(|backup| backup.wal_start),
        wal_stop: backup.and_then(|backup| backup.wal_stop),
        size: backup.map(|backup| backup.size),
        delta: backup.map(|backup| backup.delta),
        repository_size: backup.and_then(|backup| backup.repo_size),
        repository_delta: backup.map(|backup| backup.repo_delta),
        path: row.path(),
        annotations: row.annotations(),
    }
}
