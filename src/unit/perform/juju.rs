//! What is written into Juju: committed, all of it, when the dispatch ends well.

use std::collections::BTreeMap;
use std::net::IpAddr;

use juju_charm::{Port, RelationId};
use rand::Rng as _;

use crate::domain::backups::server::BackupServer;
use crate::domain::observed::{Moved, Standing, Written};
use crate::domain::passwords;
use crate::domain::tls::{Announcement, Course};
use crate::domain::words::{MemberName, Secret, Stanza, SystemUser};
use crate::error::StepError;
use crate::juju::databag::{self, Key};
use crate::unit::{Unit, because};

pub(super) fn make_passwords(unit: &mut Unit<'_>) -> Result<(), StepError> {
    crate::juju::passwords::make(unit.juju, generate).map_err(because)?;
    unit.view.written.insert(Written::Passwords);
    Ok(())
}

/// A byte of the operating system's randomness.
pub(crate) fn random_byte() -> u8 {
    rand::rng().random()
}

/// A password from the operating system's randomness.
pub(super) fn generate() -> Secret {
    passwords::generated(random_byte)
}

pub(super) fn publish(unit: &Unit<'_>, key: Key, value: String) -> Result<(), StepError> {
    let relation = peers(unit)?;
    databag::write(unit.juju, &relation, key, value);
    Ok(())
}

fn peers(unit: &Unit<'_>) -> Result<RelationId, StepError> {
    let relations = unit
        .juju
        .relation_ids(crate::juju::PEERS)
        .map_err(because)?;
    relations
        .into_iter()
        .next()
        .ok_or_else(|| StepError::expected("there is no peer relation yet", ""))
}

pub(super) fn publish_address(unit: &mut Unit<'_>, address: IpAddr) -> Result<(), StepError> {
    publish(unit, databag::ADDRESS, address.to_string())?;
    unit.view.written.insert(Written::Address);
    Ok(())
}

pub(super) fn publish_voters(
    unit: &mut Unit<'_>,
    voters: &BTreeMap<MemberName, IpAddr>,
) -> Result<(), StepError> {
    let json = serde_json::to_string(voters).map_err(because)?;
    publish(unit, databag::VOTERS, json)?;
    unit.view.written.insert(Written::Voters);
    Ok(())
}

pub(super) fn publish_initialised(unit: &mut Unit<'_>) -> Result<(), StepError> {
    publish(unit, databag::INITIALISED, "True".into())?;
    unit.view.written.insert(Written::Initialised);
    Ok(())
}

pub(super) fn publish_stanza(unit: &mut Unit<'_>, stanza: &Stanza) -> Result<(), StepError> {
    publish(unit, databag::STANZA, stanza.to_string())?;
    unit.view.written.insert(Written::Stanza);
    // Juju tells the others. The leader, whose word it is, gets no event for it, and goes on now.
    if let Some(peers) = &mut unit.view.peers {
        peers.stanza = Some(stanza.clone());
    }
    // It has only looked whose the repository is, and uses it from now on.
    unit.repository_tried = false;
    Ok(())
}

pub(super) fn publish_standing(unit: &mut Unit<'_>, standing: Standing) -> Result<(), StepError> {
    publish(unit, databag::STANDING, standing.word().to_owned())?;
    unit.view.written.insert(Written::Standing);
    Ok(())
}

pub(super) fn publish_proved(unit: &mut Unit<'_>, stanza: &Stanza) -> Result<(), StepError> {
    publish(unit, databag::PROVED, stanza.to_string())?;
    unit.view.written.insert(Written::Proved);
    Ok(())
}

/// Others follow a course only when Juju has recorded it, and so does this unit: two leaders in turn might otherwise lead
/// in two directions. A unit alone goes all the way at once.
pub(super) fn publish_tls_course(unit: &mut Unit<'_>, course: Course) -> Result<(), StepError> {
    let json = serde_json::to_string(&course).map_err(because)?;
    publish(unit, databag::TLS_COURSE, json)?;
    let own = unit.view.member.clone();
    match &mut unit.view.peers {
        Some(peers)
            if peers
                .units
                .keys()
                .chain(&peers.expected)
                .all(|unit| *unit == own) =>
        {
            peers.tls_course = course;
        }
        _ => {
            unit.view.written.insert(Written::TlsCourse);
        }
    }
    Ok(())
}

pub(super) fn publish_tls(unit: &mut Unit<'_>, said: &Announcement) -> Result<(), StepError> {
    let json = serde_json::to_string(said).map_err(because)?;
    publish(unit, databag::TLS, json)?;
    let member = unit.view.member.clone();
    if let Some(peers) = &mut unit.view.peers {
        peers.tls.insert(member, said.clone());
    }
    unit.view.written.insert(Written::Tls);
    Ok(())
}

pub(super) fn publish_backup_server(
    unit: &mut Unit<'_>,
    told: &BackupServer,
) -> Result<(), StepError> {
    let json = serde_json::to_string(told).map_err(because)?;
    publish(unit, databag::BACKUP_SERVER, json)?;
    unit.view.written.insert(Written::BackupServer);
    Ok(())
}

pub(super) fn publish_moved(unit: &mut Unit<'_>, moved: &Moved) -> Result<(), StepError> {
    let json = serde_json::to_string(moved).map_err(because)?;
    publish(unit, databag::MOVED, json)?;
    unit.view.written.insert(Written::Moved);
    Ok(())
}

pub(super) fn set_version(unit: &Unit<'_>, version: &str) -> Result<(), StepError> {
    unit.juju.application_version_set(version).map_err(because)
}

pub(super) fn open_port(unit: &Unit<'_>, port: u16) {
    unit.juju.set_ports([Port::tcp(port)]);
}

pub(super) fn store_password(
    unit: &Unit<'_>,
    user: SystemUser,
    password: &Secret,
) -> Result<(), StepError> {
    crate::juju::passwords::store(unit.juju, user, password).map_err(because)
}
