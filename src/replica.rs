//! A replica's data from the repository: what Patroni runs to make one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files::{self, Owner};
use crate::adapters::pgbackrest::command::{Restore, Target};
use crate::adapters::pgbackrest::{Command, PgBackRest, progress};
use crate::catalogue;
use crate::domain::backups::target::{Request, resolve};
use crate::domain::words::Stanza;
use crate::error::StepError;
use crate::layout::COPIED;
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
        promote: false,
        pg_path: None,
        delta: true,
        tablespace_map_all: None,
        recovery_options: Vec::new(),
        process_max: None,
    });
    let mut told = Told::beside(lease, &user);
    let restored = pgbackrest
        .run_streaming(&command, Deadline::after(COPY), &mut |line| told.hear(line))
        .map_err(explained);
    told.forget();
    restored?;
    files::write_atomic(lease, b"", 0o600, Owner::Workload(&user)).map_err(because)?;
    Ok(())
}

/// How far it is, in a file that the unit's hooks read. The copy itself does not depend on it.
struct Told<'a> {
    file: PathBuf,
    user: &'a WorkloadUser,
    percent: u8,
}

impl<'a> Told<'a> {
    fn beside(lease: &Path, user: &'a WorkloadUser) -> Self {
        Self {
            file: lease.with_file_name(COPIED),
            user,
            percent: 0,
        }
    }

    fn hear(&mut self, line: &str) {
        let Some(percent) = progress::last_percent(line).filter(|now| *now > self.percent) else {
            return;
        };
        self.percent = percent;
        let text = percent.to_string();
        let owner = Owner::Workload(self.user);
        if let Err(error) = files::write_atomic(&self.file, text.as_bytes(), 0o600, owner) {
            tracing::debug!("cannot tell how far the copy is: {error}");
        }
    }

    fn forget(&self) {
        if let Err(error) = files::remove_file(&self.file) {
            tracing::debug!("{error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_copy_is_stands_in_a_file_until_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let user = WorkloadUser::find().unwrap();
        let mut told = Told::beside(&folder.path().join("lease"), &user);
        let file = folder.path().join(COPIED);
        told.hear("2026-11-27 16:58:39.342 P00   INFO: restore backup set 20261127-165839F");
        assert!(!file.exists());
        for (percent, shown) in [("3.38%", "3"), ("42.50%", "42"), ("41.00%", "42")] {
            let line = "2026-11-27 16:58:39.342 P01 DETAIL: restore file /d/base/5/1255";
            told.hear(&format!("{line} (768KB, {percent}) checksum 8360"));
            assert_eq!(std::fs::read_to_string(&file).unwrap(), shown);
        }
        told.forget();
        assert!(!file.exists());
    }
}
