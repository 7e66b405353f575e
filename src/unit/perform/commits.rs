//! Whose confirmation commits wait for.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::cluster;
use crate::adapters::host::clock::{self, Deadline};
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, because};

/// Patroni chooses once in ten seconds, and what it was told may be overtaken by what it had begun.
const CHOICE: Duration = Duration::from_secs(40);
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Nobody: no member is called so, because their names end in a number.
const NOBODY: &str = "nobody";
/// Where Patroni names the synchronous replicas, below its record of them.
const NAMES: &str = "sync_standby";

/// Patroni chooses again once its record names somebody it does not want. That is nobody at all here: nobody else can be
/// elected because of it, and those who have every commit are still named while Patroni has not looked.
pub(super) fn choose_synchronous(
    unit: &Unit<'_>,
    silent: &BTreeSet<MemberName>,
) -> Result<(), StepError> {
    let deadline = Deadline::after(CHOICE);
    loop {
        let names = unit
            .database(Deadline::after(QUESTION))
            .and_then(|mut database| database.synchronous_standbys())
            .map_err(because)?;
        let mut names = names.iter().filter_map(|name| name.parse().ok());
        if !names.any(|name| silent.contains(&name)) {
            return Ok(());
        }
        if deadline.is_over() {
            return Err(StepError::expected(
                "Patroni does not choose other synchronous replicas",
                "look at Patroni's log on this unit; the next regular look tries again",
            )
            .remembered());
        }
        ask(unit)?;
        clock::sleep(BETWEEN_LOOKS);
    }
}

/// Has Patroni's record name nobody, too, unless it does already.
fn ask(unit: &Unit<'_>) -> Result<(), StepError> {
    let key = cluster::key(unit, "sync");
    let etcd = cluster::etcd(unit)?;
    let found = etcd.get_with_revision(&key, Deadline::after(QUESTION));
    let Some((record, revision)) = found.map_err(because)? else {
        return Ok(());
    };
    let Some(record) = with_nobody(&record, &unit.view.member) else {
        return Ok(());
    };
    etcd.replace(&key, &record, revision, Deadline::after(QUESTION))
        .map_err(because)?;
    Ok(())
}

/// The record with nobody in it; none where that is so already, and where it is another primary's.
fn with_nobody(record: &[u8], primary: &MemberName) -> Option<Vec<u8>> {
    let mut record: Value = serde_json::from_slice(record).ok()?;
    if record.get("leader")?.as_str()? != primary.to_string() {
        return None;
    }
    let named = record.get(NAMES).and_then(Value::as_str);
    let mut named: Vec<&str> = named.into_iter().flat_map(|it| it.split(',')).collect();
    if named.contains(&NOBODY) {
        return None;
    }
    named.retain(|name| !name.is_empty());
    named.push(NOBODY);
    let named = named.join(",");
    record
        .as_object_mut()?
        .insert(NAMES.to_owned(), named.into());
    Some(record.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(record: &str) -> Option<String> {
        let primary = "postgresql-0".parse().unwrap();
        let record = with_nobody(record.as_bytes(), &primary)?;
        Some(String::from_utf8(record).unwrap())
    }

    #[test]
    fn the_record_names_nobody_beside_those_who_have_every_commit() {
        for (record, wanted) in [
            (
                r#"{"leader":"postgresql-0","sync_standby":"postgresql-1,postgresql-3"}"#,
                r#"{"leader":"postgresql-0","sync_standby":"postgresql-1,postgresql-3,nobody"}"#,
            ),
            (
                r#"{"leader":"postgresql-0","quorum":0,"sync_standby":null}"#,
                r#"{"leader":"postgresql-0","quorum":0,"sync_standby":"nobody"}"#,
            ),
        ] {
            assert_eq!(asked(record).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn a_record_that_waits_for_patroni_or_is_another_primarys_is_left_alone() {
        let waits = r#"{"leader":"postgresql-0","sync_standby":"postgresql-1,nobody"}"#;
        let others = r#"{"leader":"postgresql-1","sync_standby":"postgresql-2"}"#;
        assert_eq!([asked(waits), asked(others)], [None, None]);
    }
}
