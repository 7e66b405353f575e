//! A replica's data from the repository: what Patroni runs to make one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files::{self, Owner};
use crate::adapters::pgbackrest::command::{Restore, Target};
use crate::adapters::pgbackrest::{Command, PgBackRest};
use crate::catalogue;
use crate::domain::backups::target::{Request, resolve};
use crate::domain::words::Stanza;
use crate::error::StepError;
use crate::unit::{because, explained};

/// Copies of terabytes take hours.
const COPY: Duration = Duration::from_hours(72);

/// Restores the newest backup that lies on the newest timeline's history into the data directory, keeping the files that
/// are there and fit. After a restore to an earlier time the newest backup of all need not: a replica made from it could
/// never follow.
///
/// # Errors
///
/// When there is no such backup, or it cannot be restored; Patroni copies the primary then.
pub fn make(config: PathBuf, stanza: &Stanza, lease: &Path) -> Result<(), StepError> {
    let user = WorkloadUser::find().map_err(because)?;
    let pgbackrest = PgBackRest::new(config, user.clone());
    let latest = Request {
        restore_to_time: Some("latest".to_owned()),
        ..Request::default()
    };
    let catalogue = catalogue::read_for(&pgbackrest, stanza, &latest)?;
    let target = resolve(&latest, &catalogue, clock::now()).map_err(because)?;
    let command = Command::Restore(Restore {
        stanza: stanza.clone(),
        set: Some(target.set),
        target: Target::Standby,
        timeline: None,
        action: None,
        pg_path: None,
        delta: true,
        tablespace_map_all: None,
        recovery_options: Vec::new(),
        process_max: None,
    });
    pgbackrest
        .run_streaming(&command, Deadline::after(COPY), &mut |_| {})
        .map_err(explained)?;
    files::write_atomic(lease, b"", 0o600, Owner::Workload(&user)).map_err(because)?;
    Ok(())
}
