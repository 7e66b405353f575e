//! Packages, directories, managed files, services.

use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files::{self, Owner};
use crate::adapters::host::packages;
use crate::adapters::host::process::Command;
use crate::adapters::systemd;
use crate::domain::observed::{ManagedFile, Packages, Service};
use crate::domain::words::Secret;
use crate::error::StepError;
use crate::unit::{Unit, because, programs};

/// Downloading and unpacking on a slow machine; longer than this is a mirror that hangs.
const INSTALL: u64 = 900;
/// A service that has to stop PostgreSQL first may take as long as its last checkpoint.
const SERVICE: u64 = 330;

pub(super) fn install(unit: &Unit<'_>, major: u32, names: &[String]) -> Result<(), StepError> {
    tracing::info!("installing {} for PostgreSQL {major}", names.join(", "));
    let _ = unit;
    packages::install(names, Deadline::seconds(INSTALL)).map_err(because)
}

pub(super) fn make_directories(unit: &Unit<'_>, major: u32) -> Result<(), StepError> {
    let layout = &unit.layout;
    let workload = Owner::Workload(&unit.user);
    let private = [
        layout.version_dir(major),
        layout.pgbackrest_lock(),
        layout.pgbackrest_spool(),
        layout.pgbackrest_log(),
        layout.postgresql_log(),
        layout.patroni_log(),
        layout.recovery_socket_dir(),
        layout.jobs(),
    ];
    // The parent of a job's folder must let the workload through, and shows nobody anything.
    files::make_dir(&layout.records(), 0o711, Owner::Root).map_err(because)?;
    files::make_dir(&layout.config_dir(), 0o755, Owner::Root).map_err(because)?;
    files::make_dir(&layout.volume(), 0o755, workload).map_err(because)?;
    files::make_dir(&layout.socket_dir(), 0o755, workload).map_err(because)?;
    for directory in private {
        files::make_dir(&directory, 0o750, workload).map_err(because)?;
    }
    // Last, because it says that the others are there.
    files::make_dir(&layout.prepared(major), 0o700, workload).map_err(because)?;
    Ok(())
}

pub(super) fn write(unit: &Unit<'_>, file: ManagedFile, content: &Secret) -> Result<(), StepError> {
    let path = unit.layout.of(file);
    let (mode, owner) = match file {
        ManagedFile::EtcdInForce
        | ManagedFile::PatroniInForce
        | ManagedFile::BackupServerInForce => (0o600, Owner::Root),
        ManagedFile::EtcdUnit
        | ManagedFile::PatroniUnit
        | ManagedFile::BackupServerUnit
        | ManagedFile::WatcherUnit => (0o644, Owner::Root),
        ManagedFile::EtcdConfig
        | ManagedFile::TlsIdentity
        | ManagedFile::TlsAuthorities
        | ManagedFile::PatroniConfig
        | ManagedFile::PgBackRestConfig
        | ManagedFile::ObjectStoreCa
        | ManagedFile::ForeignPgBackRestConfig
        | ManagedFile::ForeignObjectStoreCa => (0o600, Owner::Workload(&unit.user)),
    };
    files::write_atomic(&path, content.expose().as_bytes(), mode, owner).map_err(because)?;
    match file {
        ManagedFile::EtcdUnit
        | ManagedFile::PatroniUnit
        | ManagedFile::BackupServerUnit
        | ManagedFile::WatcherUnit => {
            systemd::daemon_reload(Deadline::seconds(60)).map_err(because)
        }
        _ => Ok(()),
    }
}

pub(super) fn remove(unit: &Unit<'_>, file: ManagedFile) -> Result<(), StepError> {
    files::remove_file(&unit.layout.of(file)).map_err(because)?;
    Ok(())
}

pub(super) fn start(service: Service) -> Result<(), StepError> {
    // A service that failed too often is not started again before this is forgotten.
    systemd::reset_failed(service.unit(), Deadline::seconds(30)).map_err(because)?;
    systemd::enable_and_start(service.unit(), Deadline::seconds(SERVICE)).map_err(because)
}

pub(super) fn stop(unit: &Unit<'_>, service: Service) -> Result<(), StepError> {
    systemd::stop(service.unit(), Deadline::seconds(SERVICE)).map_err(because)?;
    match service {
        Service::Patroni => stop_postgresql(unit),
        Service::Etcd | Service::Watcher => Ok(()),
        // Without its configuration it would fail at every boot.
        Service::BackupServer => {
            systemd::disable_and_stop(service.unit(), Deadline::seconds(SERVICE)).map_err(because)
        }
    }
}

/// PostgreSQL outlives a Patroni that was killed, and one that gave up waiting for it: whoever stops Patroni to touch the
/// data has to know that nobody writes to it any more.
fn stop_postgresql(unit: &Unit<'_>) -> Result<(), StepError> {
    let major = match programs::look(unit, None)? {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => major,
    };
    let data = unit.layout.data_dir(major);
    if !files::exists(&data.join("postmaster.pid")).map_err(because)? {
        return Ok(());
    }
    let pg_ctl = |arguments: &[&str]| {
        Command::new(unit.layout.programs(major).join("pg_ctl"))
            .args(["-D".into(), data.clone().into_os_string()])
            .args(arguments.iter().copied())
            .as_workload(&unit.user)
            .run(Deadline::seconds(SERVICE))
            .map_err(because)
    };
    if !pg_ctl(&["status"])?.succeeded() {
        return Ok(());
    }
    let stopped = pg_ctl(&["stop", "--mode=fast", "--wait", "--timeout=300"])?;
    if stopped.succeeded() {
        return Ok(());
    }
    Err(StepError::expected(
        format!("PostgreSQL does not stop: {}", stopped.stderr.trim()),
        "see its log for what it waits for",
    ))
}

pub(super) fn reload(service: Service) -> Result<(), StepError> {
    systemd::reload(service.unit(), Deadline::seconds(30)).map_err(because)
}

pub(super) fn restart(service: Service) -> Result<(), StepError> {
    systemd::restart(service.unit(), Deadline::seconds(SERVICE)).map_err(because)
}
