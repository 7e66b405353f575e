//! A backup: whether, of which kind, where, and in which steps.

use super::repository::own_repository;
use super::tls;
use crate::domain::backups::Catalogue;
use crate::domain::backups::create::{self, Placement};
use crate::domain::backups::server::Primary;
use crate::domain::observed::{Observed, Role, Seen};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::words::{BackupKind, MemberName};
use crate::layout::Layout;

/// Where and whether a backup may be taken now; the kind follows from what the repository holds.
///
/// # Errors
///
/// Refuses before anything is touched.
pub fn allowed(seen: &Observed) -> Result<(), Refusal> {
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    own_repository(seen)?;
    let cluster = match &seen.cluster {
        Seen::Known(cluster) => cluster,
        other => return Err(Refusal::ClusterUnreachable(other.why().to_owned())),
    };
    let here = match seen.this_member().map(|member| member.role) {
        Some(Role::Primary | Role::StandbyLeader) if seen.database.known().is_some() => {
            create::Role::Primary
        }
        Some(Role::Replica) if seen.database.known().is_some() => create::Role::Replica,
        _ => create::Role::Unknown,
    };
    let replicas: Vec<MemberName> = cluster.replicas().into_iter().cloned().collect();
    create::allowed_here(&Placement {
        here,
        tls: tls::stage(seen).uses(),
        units: seen
            .juju
            .peers
            .as_ref()
            .map_or(1, |peers| peers.units.len()),
        primary: cluster.primary().map(|member| &member.name),
        replicas: &replicas,
    })?;
    Ok(())
}

/// The plan of a backup.
///
/// # Errors
///
/// Refuses before anything is touched.
pub fn create(
    seen: &Observed,
    catalogue: &Catalogue,
    asked: Option<&str>,
    request: impl Fn(BackupKind) -> String,
) -> Result<Plan, Refusal> {
    allowed(seen)?;
    let primary = primary(seen)?;
    let kind = create::kind(asked, catalogue)?;
    let store = own_repository(seen)?;
    let request = request(kind);
    let stanza = catalogue.stanza.clone();
    let purpose = format!(
        "take {} backup of stanza {stanza} on {}",
        kind.with_article(),
        seen.juju.member.unit()
    );
    Ok(Plan::new(
        purpose,
        vec![
            Step::TakeBackup {
                kind,
                stanza: stanza.clone(),
                request: request.clone(),
                primary,
            },
            Step::KeepBackupLog {
                store: store.clone(),
                stanza,
                request,
            },
        ],
    ))
}

/// Whom a replica asks for what it lacks; nobody when this unit is the primary itself.
fn primary(seen: &Observed) -> Result<Option<Primary>, Refusal> {
    let (Some(cluster), Some(peers)) = (seen.cluster.known(), &seen.juju.peers) else {
        return Ok(None);
    };
    let Some(member) = cluster.primary().map(|member| &member.name) else {
        return Err(create::Refusal::NoPrimary.into());
    };
    if *member == seen.juju.member {
        return Ok(None);
    }
    let address = peers.units.get(member).copied().flatten();
    let server = peers.backup_servers.get(member);
    let (Some(address), Some(server)) = (address, server) else {
        let primary = member.unit();
        return Err(create::Refusal::NotServed { primary }.into());
    };
    Ok(Some(Primary {
        member: member.clone(),
        address,
        layout: Layout::new(&server.root),
    }))
}
