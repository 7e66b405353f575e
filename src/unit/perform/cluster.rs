//! etcd and Patroni.

use std::time::Duration;

use crate::adapters::etcd::{Etcd, PatroniAccess};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::patroni::Patroni;
use crate::adapters::systemd;
use crate::domain::observed::{Role, Seen, Service};
use crate::domain::render::patroni::NAMESPACE;
use crate::domain::words::SystemId;
use crate::error::StepError;
use crate::reconcile::World as _;
use crate::unit::{QUESTION, Unit, because};

/// A restored database replays, promotes and makes its checkpoint before it leads.
const LEAD: Duration = Duration::from_mins(5);
/// How long a program that was started may take to listen.
const START: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// Patroni is started again after two seconds; how long it takes until it answers is up to the machine.
const RENEWAL: Duration = Duration::from_mins(1);
const RESTART: Duration = Duration::from_mins(5);
/// How long etcd takes to tell its watchers.
const HEARD: Duration = Duration::from_millis(300);
const WAKE: Duration = Duration::from_secs(2);
/// One round of Patroni's, and some more.
const TOLD: Duration = Duration::from_secs(15);

pub(super) fn patroni(unit: &Unit<'_>) -> Result<Patroni, StepError> {
    unit.patroni()
        .ok_or_else(|| StepError::expected("Patroni's password or address is not known yet", ""))
}

fn no_etcd() -> StepError {
    StepError::expected("etcd's password or address is not known yet", "")
}

/// etcd where it answers, as its administrator.
pub(super) fn etcd(unit: &Unit<'_>) -> Result<Etcd, StepError> {
    let login = unit.etcd_login();
    // Any of the voters will do; the one on this unit comes first.
    let answers = |etcd: &Etcd| etcd.health(Deadline::after(QUESTION)).is_ok();
    if login.is_none() {
        return Err(no_etcd());
    }
    unit.etcds()
        .into_iter()
        .find(answers)
        .or_else(|| unit.etcd(login))
        .ok_or_else(no_etcd)
}

/// A key of this cluster's among Patroni's.
pub(super) fn key(unit: &Unit<'_>, name: &str) -> String {
    format!("{NAMESPACE}{}/{name}", unit.view.application)
}

/// A Patroni that was just started does not listen yet, and one that cannot start never does. Whichever process starts
/// from now on has read the file as it is.
pub(super) fn reload(unit: &Unit<'_>) -> Result<(), StepError> {
    let patroni = patroni(unit)?;
    let Some(asked) = process_of_patroni()? else {
        return Ok(());
    };
    let deadline = Deadline::after(START);
    loop {
        match patroni.reload(Deadline::seconds(20)) {
            Err(error) if error.is_unreachable() => {
                if process_of_patroni()? != Some(asked) {
                    return Ok(());
                }
                if deadline.is_over() {
                    let why = because(error);
                    return Err(StepError::expected(
                        format!("Patroni does not come up: {}", why.problem()),
                        "`juju ssh` to the unit and look at `journalctl -u charmed-patroni`",
                    ));
                }
                clock::sleep(BETWEEN_LOOKS);
            }
            answer => {
                answer.map_err(because)?;
                // It reads its file between two rounds, which are seconds apart.
                wake(&patroni);
                return Ok(());
            }
        }
    }
}

fn process_of_patroni() -> Result<Option<u32>, StepError> {
    let state = systemd::show(Service::Patroni.unit(), Deadline::after(QUESTION));
    Ok(state.map_err(because)?.main_pid)
}

/// Whoever does not hear it looks by itself, seconds later.
fn wake(patroni: &Patroni) {
    if let Err(error) = patroni.wake(Deadline::after(WAKE)) {
        tracing::debug!("{error}");
    }
}

/// Patroni keeps the hosts of etcd that it began with. When it ends in order it stops PostgreSQL; killed, it leaves it
/// running, is started again by the service manager and takes it up, long before anybody misses it.
pub(super) fn renew(unit: &Unit<'_>) -> Result<(), StepError> {
    let patroni = patroni(unit)?;
    // One that does not run cannot be killed, and is on its way up anyway.
    if let Err(error) = systemd::kill_main(Service::Patroni.unit(), "KILL", Deadline::seconds(30)) {
        tracing::warn!("{error}");
    }
    let deadline = Deadline::after(RENEWAL);
    while let Err(error) = patroni.cluster(Deadline::seconds(5)) {
        if deadline.is_over() {
            return Err(because(error));
        }
        clock::sleep(Duration::from_millis(300));
    }
    Ok(())
}

/// Root for the charm, and for Patroni a user that reaches the keys of its own cluster and no others.
pub(super) fn protect_etcd(unit: &Unit<'_>) -> Result<(), StepError> {
    let root = unit.etcd_login().ok_or_else(no_etcd)?;
    let etcd = unit.etcd(None).ok_or_else(no_etcd)?;
    let patroni = PatroniAccess {
        login: crate::adapters::etcd::Login {
            user: "patroni".into(),
            password: root.password.clone(),
        },
        prefix: key(unit, ""),
    };
    let deadline = Deadline::seconds(30);
    loop {
        match etcd.set_up_authentication(&root, &patroni, deadline) {
            // It was started a moment ago.
            Err(error) if error.is_unreachable() && !deadline.is_over() => {
                clock::sleep(Duration::from_millis(300));
            }
            done => return done.map_err(because),
        }
    }
}

pub(super) fn change_config(unit: &Unit<'_>, config: &str) -> Result<(), StepError> {
    let config: serde_json::Value = serde_json::from_str(config).map_err(because)?;
    patroni(unit)?
        .patch_config(&config, Deadline::seconds(20))
        .map_err(because)?;
    // The member that was told looks at once, often before etcd has shown it what changed, and then sleeps like the others.
    clock::sleep(HEARD);
    let peers = unit
        .view
        .peers
        .iter()
        .flat_map(|peers| peers.units.values());
    let members: Vec<Patroni> = peers
        .flatten()
        .filter_map(|address| unit.patroni_at(*address))
        .collect();
    std::thread::scope(|scope| {
        for member in &members {
            scope.spawn(|| wake(member));
        }
    });
    Ok(())
}

/// What became of it, if it failed, the next look shows: how the database is, and whether parameters still wait.
///
/// Patroni tells the others what waits here with its next round only. Who is asked before it did would find nothing changed.
pub(super) fn restart_database(unit: &Unit<'_>) -> Result<(), StepError> {
    let patroni = patroni(unit)?;
    patroni
        .restart(Deadline::after(RESTART))
        .map_err(|error| because(error).remembered())?;
    let me = unit.view.member.to_string();
    let is_told = || {
        let own = patroni.member(Deadline::after(QUESTION));
        let in_vain = own.is_ok_and(|own| own.pending_restart);
        let members = patroni.cluster(Deadline::after(QUESTION));
        let mut members = members.into_iter().flatten();
        in_vain || members.any(|member| member.name == me && !member.pending_restart)
    };
    let deadline = Deadline::after(TOLD);
    while !is_told() && !deadline.is_over() {
        clock::sleep(Duration::from_millis(500));
    }
    Ok(())
}

/// The configuration first: with the other, Patroni begins.
pub(super) fn name_database(
    unit: &Unit<'_>,
    system_id: SystemId,
    config: &str,
) -> Result<(), StepError> {
    let etcd = unit.etcd(unit.etcd_login()).ok_or_else(no_etcd)?;
    let deadline = Deadline::seconds(30);
    etcd.put(&key(unit, "config"), config.as_bytes(), deadline)
        .map_err(because)?;
    let system_id = system_id.to_string();
    etcd.put(&key(unit, "initialize"), system_id.as_bytes(), deadline)
        .map_err(because)
}

/// The identifier of the cluster's database, as Patroni keeps it in etcd; none before there is a database.
pub(super) fn named_database(unit: &Unit<'_>) -> Result<Option<SystemId>, StepError> {
    let key = key(unit, "initialize");
    let value = etcd(unit)?.get(&key, Deadline::after(QUESTION));
    let value = value.map_err(because)?;
    // Empty while Patroni makes the database.
    let text = value.map(|value| String::from_utf8_lossy(&value).into_owned());
    (text.filter(|text| !text.is_empty()))
        .map(|text| text.parse().map_err(because))
        .transpose()
}

/// Patroni itself refuses on the primary.
pub(super) fn reinitialize(unit: &Unit<'_>) -> Result<(), StepError> {
    patroni(unit)?
        .reinitialize(Deadline::seconds(30))
        .map_err(because)
}

pub(super) fn await_primary(unit: &mut Unit<'_>) -> Result<(), StepError> {
    let deadline = Deadline::after(LEAD);
    loop {
        let seen = unit.observe()?;
        if seen.is_primary() {
            return Ok(());
        }
        if deadline.is_over() {
            let why = match (&seen.cluster, seen.this_member()) {
                (Seen::Unreachable(why), _) => format!("Patroni does not answer: {why}"),
                (_, Some(me)) if me.role == Role::Primary => {
                    format!(
                        "PostgreSQL does not accept writes yet: {}",
                        seen.database.why()
                    )
                }
                (_, Some(me)) => format!("Patroni calls it a {}", me.role),
                (_, None) => "Patroni does not know it yet".to_owned(),
            };
            return Err(StepError::expected(
                format!("this unit did not become the primary in time: {why}"),
                "the next regular look goes on from here",
            ));
        }
        clock::sleep(Duration::from_millis(300));
    }
}
