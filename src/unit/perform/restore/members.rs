//! The lead during a restore: here, and nowhere else.
//!
//! Patroni's members decide over what they read in etcd in one piece. So what holds them is written there, in an order in
//! which no piece lets another member take the lead: first that nobody elects (`pause`), at the end who leads (`leader`,
//! `sync`), and only then that they may elect again. None of it needs the other units to answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::adapters::etcd::Etcd;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::patroni::Role;
use crate::adapters::systemd::{self, Active};
use crate::domain::observed::{HELD, Held, RESTORED, RestoreRecord, Restored, Service, Written};
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::juju::databag;
use crate::unit::perform::{cluster, juju, leave};
use crate::unit::{QUESTION, Unit, because};

/// How long the lead is tried to be had: a replica that has just joined may take it only when it is synchronous.
const LEAD: Duration = Duration::from_mins(2);
/// A lease that nobody renews ends within Patroni's time to live.
const LEASE: Duration = Duration::from_secs(45);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The primary hands over, so that the one that is replaced runs on this unit, where it can be seen to have stopped.
///
/// While this very restore holds the members, nobody is elected: after a machine lost its power in between, nobody leads, and
/// nobody will.
pub(in crate::unit::perform) fn take_lead(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let state = systemd::show(Service::Patroni.unit(), Deadline::seconds(10)).map_err(because)?;
    if matches!(state.active, Active::Inactive | Active::Failed) {
        // It was stopped by this very restore; whether another has the lead is seen when the members are held.
        return Ok(());
    }
    let patroni = cluster::patroni(unit)?;
    let me = unit.view.member.to_string();
    let deadline = Deadline::after(LEAD);
    loop {
        let asked = patroni.cluster(Deadline::after(QUESTION)).map_err(because);
        let problem = match asked {
            Ok(members) => match members.iter().find(|member| member.role == Role::Leader) {
                Some(leader) if leader.name == me => return Ok(()),
                Some(leader) => {
                    let from: MemberName = leader.name.parse().map_err(because)?;
                    unit.tell(&format!("taking the lead over from {}", from.unit()));
                    match leave::switch_over(unit, &from) {
                        Ok(()) => continue,
                        Err(error) => error,
                    }
                }
                None if is_held_for(unit, record)? => return Ok(()),
                None => StepError::expected("the cluster has no primary", ""),
            },
            Err(error) => error,
        };
        if deadline.is_over() {
            return Err(problem);
        }
        clock::sleep(Duration::from_secs(2));
    }
}

fn config(unit: &Unit<'_>, etcd: &Etcd) -> Result<Value, StepError> {
    let text = etcd
        .get(&cluster::key(unit, "config"), Deadline::seconds(30))
        .map_err(because)?
        .ok_or_else(|| StepError::expected("Patroni has no configuration in etcd", ""))?;
    serde_json::from_slice(&text).map_err(because)
}

fn put(unit: &Unit<'_>, etcd: &Etcd, name: &str, value: &Value) -> Result<(), StepError> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    etcd.put(
        &cluster::key(unit, name),
        text.as_bytes(),
        Deadline::seconds(30),
    )
    .map_err(because)
}

/// Whether this restore has the members held.
fn is_held_for(unit: &Unit<'_>, record: &RestoreRecord) -> Result<bool, StepError> {
    let config = config(unit, &cluster::etcd(unit)?)?;
    Ok(config["pause"] == json!(true) && is_held_by(&config, &record.id))
}

fn is_held_by(config: &Value, id: &str) -> bool {
    let held = config.get(HELD);
    let held = held.and_then(|held| serde_json::from_value::<Held>(held.clone()).ok());
    held.is_some_and(|held| held.id == id)
}

pub(in crate::unit::perform) fn hold(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let etcd = cluster::etcd(unit)?;
    let mut config = config(unit, &etcd)?;
    let held = Held {
        id: record.id.clone(),
        by: unit.view.member.clone(),
    };
    config["pause"] = json!(true);
    config[HELD] = serde_json::to_value(held).map_err(because)?;
    put(unit, &etcd, "config", &config)?;
    // From here on nobody is elected. Whoever had the lead without this unit knowing it has lost it when its lease ends.
    let deadline = Deadline::after(LEASE);
    loop {
        let leader = etcd
            .get(&cluster::key(unit, "leader"), Deadline::seconds(30))
            .map_err(because)?;
        let leader = leader.map(|name| String::from_utf8_lossy(&name).into_owned());
        match leader {
            Some(name) if name != unit.view.member.to_string() => {
                if deadline.is_over() {
                    return Err(StepError::expected(
                        format!("{name} has the lead, and this unit would not be the only primary"),
                        "promote this unit, or run the action on the primary's unit",
                    ));
                }
            }
            Some(_) | None => return Ok(()),
        }
        clock::sleep(BETWEEN_LOOKS);
    }
}

pub(in crate::unit::perform) fn release(
    unit: &Unit<'_>,
    by: Option<&MemberName>,
    id: &str,
) -> Result<(), StepError> {
    let etcd = cluster::etcd(unit)?;
    let mut config = config(unit, &etcd)?;
    if !is_held_by(&config, id) {
        return Ok(());
    }
    if let Some(by) = by {
        let leader = etcd
            .get(&cluster::key(unit, "leader"), Deadline::seconds(30))
            .map_err(because)?;
        if leader.is_some_and(|name| name == by.to_string().as_bytes()) {
            etcd.delete(&cluster::key(unit, "leader"), Deadline::seconds(30))
                .map_err(because)?;
        }
    }
    released(&mut config);
    put(unit, &etcd, "config", &config)
}

fn released(config: &mut Value) {
    if let Some(config) = config.as_object_mut() {
        config.remove("pause");
        config.remove(HELD);
    }
}

/// Removes what Patroni remembers of the cluster but its configuration, and gives this unit the lead.
///
/// A restored database is behind what the cluster last wrote, and on another branch of its history: with those memories
/// Patroni would not let it lead, and by their positions in the log the others would win every election against it. They
/// find a leader instead, and a note that it has no synchronous standby: only such a one may ever follow it in the lead.
/// The key has no lease; Patroni on this unit finds its own name there, and puts its own lease to it.
pub(in crate::unit::perform) fn reopen(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let etcd = cluster::etcd(unit)?;
    let deadline = Deadline::seconds(60);
    let me = unit.view.member.to_string();
    put(
        unit,
        &etcd,
        "sync",
        &json!({ "leader": me, "sync_standby": null }),
    )?;
    put(unit, &etcd, "leader", &json!(me))?;
    for name in [
        "status",
        "optime/leader",
        "history",
        "failover",
        "failsafe",
        "initialize",
    ] {
        etcd.delete(&cluster::key(unit, name), deadline)
            .map_err(because)?;
    }
    etcd.delete_prefix(&cluster::key(unit, "members/"), deadline)
        .map_err(because)?;
    let mut config = config(unit, &etcd)?;
    released(&mut config);
    let restored = Restored {
        id: record.id.clone(),
        stale: record.others.clone(),
        rebuilt_by: (!record.others.is_empty()).then(|| unit.view.member.clone()),
        moved: record.moves.clone(),
    };
    config[RESTORED] = serde_json::to_value(restored).map_err(because)?;
    put(unit, &etcd, "config", &config)
}

/// What the cluster's configuration says of the last restore.
pub(super) fn last(unit: &Unit<'_>) -> Result<Option<Restored>, StepError> {
    let config = config(unit, &cluster::etcd(unit)?)?;
    let restored = config.get(RESTORED);
    Ok(restored.and_then(|it| serde_json::from_value(it.clone()).ok()))
}

/// Changes what the cluster's configuration says of the last restore.
pub(super) fn note(
    unit: &Unit<'_>,
    change: impl FnOnce(&mut Restored),
) -> Result<Option<Restored>, StepError> {
    let etcd = cluster::etcd(unit)?;
    let mut config = config(unit, &etcd)?;
    let restored = config
        .get(RESTORED)
        .and_then(|it| serde_json::from_value::<Restored>(it.clone()).ok());
    let Some(mut restored) = restored else {
        return Ok(None);
    };
    change(&mut restored);
    config[RESTORED] = serde_json::to_value(&restored).map_err(because)?;
    put(unit, &etcd, "config", &config)?;
    Ok(Some(restored))
}

pub(in crate::unit::perform) fn publish(unit: &mut Unit<'_>, id: &str) -> Result<(), StepError> {
    juju::publish(unit, databag::RESTORED, id.to_owned())?;
    unit.view.written.insert(Written::Restored);
    Ok(())
}
