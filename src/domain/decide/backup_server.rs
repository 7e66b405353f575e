//! pgBackRest's server, through which replicas back the cluster up. It runs while the cluster has TLS and more than one
//! unit.

use super::services::uncertain;
use super::tls;
use crate::domain::backups::server::BackupServer;
use crate::domain::decision::Decision;
use crate::domain::files;
use crate::domain::observed::{ManagedFile, Observed, Service, ServiceState, Written};
use crate::domain::plan::{Plan, Step};
use crate::domain::tls::certificate::Certificate;

/// The peers know by which name this unit comes, and where its files lie.
pub fn announce(seen: &Observed) -> Decision {
    let Some(peers) = &seen.juju.peers else {
        return Decision::Settled;
    };
    let identity = seen.host.files.get(&ManagedFile::TlsIdentity);
    let name = identity
        .filter(|_| tls::stage(seen).serves())
        .and_then(|identity| Certificate::first_in(identity.expose())?.common_name);
    let Some(name) = name else {
        return Decision::Settled;
    };
    let told = BackupServer {
        root: seen.host.layout.root().to_path_buf(),
        name,
    };
    if peers.backup_servers.get(&seen.juju.member) == Some(&told)
        || seen.juju.written.contains(&Written::BackupServer)
    {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "let the peers know how they back up from this unit",
        vec![Step::PublishBackupServer(told)],
    ))
}

/// The server runs when there is somebody to serve, with what it should run with.
///
/// It is reloaded and never restarted: what reads through it goes on.
pub fn server(seen: &Observed) -> Decision {
    let state = seen.host.service(Service::BackupServer);
    let configured = seen.host.files.contains_key(&ManagedFile::PgBackRestConfig);
    if !configured || files::backup_server(seen).is_none() {
        return put_away(state);
    }
    let unit = files::backup_server_unit(seen);
    let in_force = files::backup_server_in_force(seen);
    let write = |file, content| Step::WriteFile { file, content };
    let mut steps = Vec::new();
    if !seen.host.holds(ManagedFile::BackupServerUnit, &unit) {
        steps.push(write(ManagedFile::BackupServerUnit, unit));
    }
    let current = seen.host.holds(ManagedFile::BackupServerInForce, &in_force);
    match state {
        ServiceState::Running if current => {}
        ServiceState::Running => {
            let forget = uncertain(seen, ManagedFile::BackupServerInForce, &in_force);
            steps.extend(forget);
            steps.extend([
                Step::Reload(Service::BackupServer),
                write(ManagedFile::BackupServerInForce, in_force),
            ]);
        }
        // It comes up with what is there now, or is on its way out and seen to the next time.
        ServiceState::Changing => {}
        ServiceState::Absent | ServiceState::Stopped | ServiceState::Failed => steps.extend([
            Step::Start(Service::BackupServer),
            write(ManagedFile::BackupServerInForce, in_force),
        ]),
    }
    if steps.is_empty() {
        return Decision::Settled;
    }
    Decision::Do(Plan::new("serve backups that replicas take", steps))
}

fn put_away(state: ServiceState) -> Decision {
    match state {
        ServiceState::Absent | ServiceState::Stopped => Decision::Settled,
        ServiceState::Running | ServiceState::Changing | ServiceState::Failed => {
            Decision::Do(Plan::new(
                "serve no backups any more",
                vec![
                    Step::Stop(Service::BackupServer),
                    Step::RemoveFile(ManagedFile::BackupServerInForce),
                ],
            ))
        }
    }
}
