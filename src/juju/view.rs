//! What Juju says, read with as few hook tools as it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use juju_charm::{Bag, Databag, Juju, ToolError};

use super::{databag, peer_bags};
use crate::domain::backups::server::BackupServer;
use crate::domain::observed::{JujuView, Moved, PeerRelation, Standing};
use crate::domain::settings::{Machine, OptionValue, Settings};
use crate::domain::tls::{Announcement, Course, Stage};
use crate::domain::words::{MemberName, Stanza, Timestamp};
use crate::error::StepError;

/// Reads everything a decision may rest on. Once per dispatch: what this dispatch writes does not show here.
///
/// # Errors
///
/// When a hook tool fails, or a name cannot be used for a member or a stanza.
pub fn read(
    juju: &Juju,
    machine: &Machine,
    remembered: &Path,
    now: Timestamp,
) -> Result<JujuView, StepError> {
    let context = juju.context();
    let leader = juju.is_leader().map_err(because)?;
    let member = member(context.unit.as_str())?;
    let stanza = Stanza::of(&context.model_name, context.application())
        .map_err(|error| StepError::because(&error))?;
    let peers = peers(juju, &member, remembered, now)?;
    let address = match &peers {
        // The binding exists as soon as the relation does; before it nobody needs an address.
        Some(_) => address(juju).map_err(because)?,
        None => None,
    };
    let tls = super::certificates::read(juju, leader, now).map_err(because)?;
    let peers = match peers {
        Some(peers) if leader && turns(&peers, tls.related) => Some(PeerRelation {
            expected: staying(juju)?.into_iter().collect(),
            ..peers
        }),
        peers => peers,
    };
    Ok(JujuView {
        application: context.application().to_owned(),
        model: context.model_name.clone(),
        model_uuid: context.model_uuid.clone(),
        member,
        stanza,
        leader,
        address,
        peers,
        passwords: super::passwords::read(juju).map_err(because)?,
        settings: settings(juju, machine).map_err(because)?,
        object_storage: super::object_storage::read(juju, leader).map_err(because)?,
        moved: None,
        tls,
        // An application's bag is the leader's to read.
        clients: if leader {
            super::clients::read(juju).map_err(because)?
        } else {
            BTreeMap::new()
        },
        written: BTreeSet::new(),
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the argument of map_err"
)]
pub(super) fn because(error: ToolError) -> StepError {
    StepError::because(&error)
}

fn member(unit: &str) -> Result<MemberName, StepError> {
    MemberName::from_unit(unit).map_err(|error| StepError::because(&error))
}

fn address(juju: &Juju) -> Result<Option<IpAddr>, ToolError> {
    let network = juju.network_get(super::PEERS)?;
    let text = network.bind_address().or(network.ingress_address());
    Ok(text.and_then(|text| text.parse().ok()))
}

fn peers(
    juju: &Juju,
    this: &MemberName,
    remembered: &Path,
    now: Timestamp,
) -> Result<Option<PeerRelation>, StepError> {
    let Some(relation) = juju
        .relation_ids(super::PEERS)
        .map_err(because)?
        .into_iter()
        .next()
    else {
        return Ok(None);
    };
    // What the leader tells an object store is the same for years: it is not read again to see whether it is still there.
    juju.remember_app_writes_in(&relation);
    let mut units = BTreeMap::new();
    let own = juju
        .relation_get(&relation, &Bag::OwnUnit)
        .map_err(because)?;
    let mut proved = proved_in(&own);
    let mut tls: BTreeMap<MemberName, Announcement> = BTreeMap::new();
    tls.extend(announced(&own)?.map(|said| (this.clone(), said)));
    let mut joined = BTreeSet::new();
    let mut backup_servers = BTreeMap::new();
    backup_servers.extend(backup_server(this, &own));
    units.insert(this.clone(), published(&own));
    for (unit, bag) in peer_bags::read(juju, &relation, remembered, now)? {
        let Ok(name) = MemberName::from_unit(unit.as_str()) else {
            continue;
        };
        tls.extend(announced(&bag)?.map(|said| (name.clone(), said)));
        backup_servers.extend(backup_server(&name, &bag));
        joined.extend(bag.get(databag::STANDING.name).map(|_| name.clone()));
        units.insert(name, published(&bag));
        proved = proved.or_else(|| proved_in(&bag));
    }
    let application = juju
        .relation_get(&relation, &Bag::OwnApp)
        .map_err(because)?;
    // Voters that cannot be read are not "no voters": a second etcd would be made.
    let voters: BTreeMap<MemberName, IpAddr> = match application.get(databag::VOTERS.name) {
        None => BTreeMap::new(),
        Some(json) => serde_json::from_str(json).map_err(|error| StepError::because(&error))?,
    };
    let gone = gone(juju, &units, &voters)?;
    Ok(Some(PeerRelation {
        units,
        gone,
        voters,
        standing: own
            .get(databag::STANDING.name)
            .and_then(|word| Standing::of(word)),
        joined,
        proved,
        backup_servers,
        initialised: application
            .get(databag::INITIALISED.name)
            .is_some_and(|it| it == "True"),
        stanza: application
            .get(databag::STANZA.name)
            .and_then(|name| name.parse().ok()),
        expected: BTreeSet::new(),
        tls_course: course(&application)?,
        tls,
        restored: application.get(databag::RESTORED.name).cloned(),
        moved: moved(&application)?,
    }))
}

/// Whether TLS is to be turned on or off.
fn turns(peers: &PeerRelation, related: bool) -> bool {
    let goal = if related { Stage::Only } else { Stage::Off };
    peers.tls_course.stage != goal
}

/// A course that cannot be read is not "off": this unit would turn to plaintext alone.
fn course(application: &Databag) -> Result<Course, StepError> {
    let said = application.get(databag::TLS_COURSE.name);
    let course = said.map(|json| serde_json::from_str(json)).transpose();
    course
        .map(Option::unwrap_or_default)
        .map_err(|error| StepError::because(&error))
}

/// What cannot be read is not "never": WAL would go to where it came from.
fn moved(application: &Databag) -> Result<Option<Moved>, StepError> {
    let said = application
        .get(databag::MOVED.name)
        .map(|json| serde_json::from_str(json));
    said.transpose().map_err(|error| StepError::because(&error))
}

/// Where the cluster archives instead of where the relation with the object store says, as the peers were told.
///
/// # Errors
///
/// When a hook tool fails, or what was told cannot be read.
pub fn told_moved(juju: &Juju) -> Result<Option<Moved>, StepError> {
    let relations = juju.relation_ids(super::PEERS).map_err(because)?;
    let Some(relation) = relations.into_iter().next() else {
        return Ok(None);
    };
    let application = juju.relation_get(&relation, &Bag::OwnApp);
    moved(&application.map_err(because)?)
}

fn announced(bag: &Databag) -> Result<Option<Announcement>, StepError> {
    let said = bag
        .get(databag::TLS.name)
        .map(|json| serde_json::from_str(json));
    said.transpose().map_err(|error| StepError::because(&error))
}

fn backup_server(name: &MemberName, bag: &Databag) -> Option<(MemberName, BackupServer)> {
    let json = bag.get(databag::BACKUP_SERVER.name)?;
    Some((name.clone(), serde_json::from_str(json).ok()?))
}

fn proved_in(bag: &Databag) -> Option<Stanza> {
    bag.get(databag::PROVED.name)?.parse().ok()
}

/// Voters that will not come back.
///
/// A unit that has just come sees the others of the relation one by one: a voter it does not see is gone only when Juju
/// says so. `goal-state` is asked only when one is missing.
fn gone(
    juju: &Juju,
    units: &BTreeMap<MemberName, Option<IpAddr>>,
    voters: &BTreeMap<MemberName, IpAddr>,
) -> Result<BTreeSet<MemberName>, StepError> {
    let missing: Vec<&MemberName> = voters
        .keys()
        .filter(|name| !units.contains_key(*name))
        .collect();
    if missing.is_empty() {
        return Ok(BTreeSet::new());
    }
    let staying = staying(juju)?;
    let gone = missing.into_iter().filter(|name| !staying.contains(name));
    Ok(gone.cloned().collect())
}

/// The units of the application that Juju does not remove, this one included unless it is.
///
/// # Errors
///
/// When Juju cannot be asked.
pub fn staying(juju: &Juju) -> Result<Vec<MemberName>, StepError> {
    Ok(units_by_goal(juju)?.1)
}

/// The units that Juju removes, this one included, and those that stay.
///
/// # Errors
///
/// When Juju cannot be asked.
pub fn units_by_goal(juju: &Juju) -> Result<(Vec<MemberName>, Vec<MemberName>), StepError> {
    let goal = juju.goal_state().map_err(because)?;
    let units = goal.units.iter().filter_map(|(name, goal)| {
        let dying = goal.status == "dying";
        Some((dying, MemberName::from_unit(name).ok()?))
    });
    let (leaving, staying): (Vec<_>, Vec<_>) = units.partition(|(dying, _)| *dying);
    let names = |all: Vec<(bool, MemberName)>| all.into_iter().map(|(_, name)| name).collect();
    Ok((names(leaving), names(staying)))
}

fn published(bag: &Databag) -> Option<IpAddr> {
    bag.get(databag::ADDRESS.name)?.parse().ok()
}

type ReadSettings = Result<Settings, Vec<crate::domain::settings::Problem>>;

fn settings(juju: &Juju, machine: &Machine) -> Result<ReadSettings, ToolError> {
    let config = juju.config()?;
    let options: BTreeMap<String, OptionValue> = config
        .iter()
        .filter_map(|(name, value)| Some((name.to_owned(), option(value)?)))
        .collect();
    Ok(Settings::from_options(&options, machine))
}

fn option(value: &serde_json::Value) -> Option<OptionValue> {
    use serde_json::Value;
    match value {
        Value::String(text) => Some(OptionValue::String(text.clone())),
        Value::Bool(flag) => Some(OptionValue::Bool(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(OptionValue::Int(integer)),
            None => number.as_f64().map(OptionValue::Float),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
