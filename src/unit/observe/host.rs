//! This machine: programs, files, services, and the restore that is under way on it.

use std::collections::BTreeMap;

use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::{files, machine};
use crate::adapters::pgbackrest::progress;
use crate::adapters::systemd::{self, Active, Loaded};
use crate::domain::observed::{
    DataDirectory, Fetch, HostView, Kept, ManagedFile, Packages, Recovery, RestorePhase,
    RestoreRecord, Service, ServiceState,
};
use crate::domain::settings::Settings;
use crate::domain::words::Secret;
use crate::error::StepError;
use crate::job::Job;
use crate::unit::{
    QUESTION, Unit, because, database_in, job_of, programs, progress_of_recovery, records,
};

pub(super) fn look(unit: &Unit<'_>) -> Result<HostView, StepError> {
    let layout = &unit.layout;
    let wanted = unit.view.settings.as_ref().ok().and_then(Settings::version);
    let packages = programs::look(unit, wanted)?;
    let etcd_made = files::exists(&layout.etcd_data().join("member/wal")).map_err(because)?;
    let (data, prepared) = match &packages {
        Packages::Present { major, .. } => {
            let initialised = layout.data_dir(*major).join("PG_VERSION");
            let there = files::exists(&initialised).map_err(because)?;
            let data = if there {
                DataDirectory::Present
            } else {
                DataDirectory::Absent
            };
            (
                data,
                files::exists(&layout.prepared(*major)).map_err(because)?,
            )
        }
        Packages::Missing { .. } => (DataDirectory::Absent, false),
    };
    let restore: Option<RestoreRecord> =
        records::read(&layout.restore_record()).map_err(because)?;
    let kept = kept(unit, &packages)?;
    Ok(HostView {
        layout: layout.clone(),
        charm_dir: unit.charm_dir.clone(),
        workload_user: unit.user.name().to_owned(),
        charm_user: if unit.user.differs_from_invoker() {
            "root"
        } else {
            unit.user.name()
        }
        .to_owned(),
        packages,
        memory: unit.memory,
        cpus: unit.cpus,
        hostname: machine::hostname().map_err(because)?,
        files: managed_files(unit)?,
        services: services()?,
        data,
        etcd_data: if etcd_made {
            DataDirectory::Present
        } else {
            DataDirectory::Absent
        },
        leaving: unit.leaving.is_some(),
        lost: records::read(&layout.lost_record())
            .map_err(because)?
            .unwrap_or_default(),
        prepared,
        fetch: fetch(unit, restore.as_ref())?,
        recovery: recovery(unit, restore.as_ref())?,
        restore,
        kept,
        stranger: false,
        free: files::free_bytes(&layout.volume()).unwrap_or(0),
        copied: None,
        repository: records::read(&layout.repository_record()).map_err(because)?,
        fence: crate::fence::standing(&layout.standing_record()),
    })
}

/// How far the download of a restore is.
fn fetch(unit: &Unit<'_>, restore: Option<&RestoreRecord>) -> Result<Fetch, StepError> {
    let Some(restore) = restore.filter(|restore| restore.phase == RestorePhase::Beside) else {
        return Ok(Fetch::None);
    };
    let job = Job::named(&unit.layout.jobs(), &job_of(&restore.id));
    match job.end()? {
        Some(end) if end.code == Some(0) => return Ok(Fetch::Done),
        Some(_) => return Ok(Fetch::Failed),
        None => {}
    }
    if !job.is_alive()? {
        return Ok(Fetch::None);
    }
    Ok(Fetch::Running {
        percent: progress::last_percent(&job.log()?),
    })
}

fn recovery(unit: &Unit<'_>, restore: Option<&RestoreRecord>) -> Result<Recovery, StepError> {
    if restore.is_none_or(|restore| restore.phase != RestorePhase::Beside) {
        return Ok(Recovery::Idle);
    }
    let recovery = progress_of_recovery(unit)?;
    let open = || {
        let socket = unit.layout.recovery_socket_dir();
        let mut database = database_in(socket, Deadline::after(QUESTION)).ok()?;
        database.in_recovery().ok().map(|recovers| !recovers)
    };
    Ok(match recovery {
        Recovery::Replaying if open() == Some(true) => Recovery::Open,
        other => other,
    })
}

/// What is kept from before the last restore; a note without a directory is of no use.
fn kept(unit: &Unit<'_>, packages: &Packages) -> Result<Option<Kept>, StepError> {
    let (Packages::Present { major, .. } | Packages::Missing { major, .. }) = packages;
    if !files::exists(&unit.layout.kept_dir(*major)).map_err(because)? {
        return Ok(None);
    }
    let note = records::read(&unit.layout.kept_record()).map_err(because)?;
    Ok(Some(note.unwrap_or(Kept {
        since: clock::now(),
        size: 0,
        moved: false,
    })))
}

fn managed_files(unit: &Unit<'_>) -> Result<BTreeMap<ManagedFile, Secret>, StepError> {
    let mut found = BTreeMap::new();
    for file in ManagedFile::ALL {
        if let Some(text) = files::read_text(&unit.layout.of(file)).map_err(because)? {
            found.insert(file, Secret::new(text));
        }
    }
    Ok(found)
}

fn services() -> Result<BTreeMap<Service, ServiceState>, StepError> {
    let mut found = BTreeMap::new();
    let units = Service::ALL.map(Service::unit);
    let states = systemd::show_all(&units, Deadline::after(QUESTION)).map_err(because)?;
    for (service, state) in Service::ALL.into_iter().zip(states) {
        let state = match (&state.loaded, &state.active) {
            (Loaded::NotFound, _) => ServiceState::Absent,
            (_, Active::Active) => ServiceState::Running,
            (_, Active::Failed) => ServiceState::Failed,
            (_, Active::Inactive) => ServiceState::Stopped,
            _ => ServiceState::Changing,
        };
        found.insert(service, state);
    }
    Ok(found)
}
