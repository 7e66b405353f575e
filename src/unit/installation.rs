//! Where the charm is installed and as whom its programs run: all that can be known without asking Juju.

use std::path::PathBuf;

use juju_charm::Juju;

use super::because;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::{UserError, WorkloadUser, files, packages};
use crate::adapters::pgbackrest::PgBackRest;
use crate::error::StepError;
use crate::layout::Layout;

/// The package that makes the user of the programs.
const USER_PACKAGE: &str = "postgresql-common";
/// How long its installation may take, in seconds.
const INSTALL: u64 = 300;

/// This installation of the charm.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Where everything lies.
    pub layout: Layout,
    /// The user that owns the data and runs the programs.
    pub user: WorkloadUser,
    /// Where Juju unpacked the charm.
    pub charm_dir: PathBuf,
}

impl Installation {
    /// The installation this dispatch belongs to.
    ///
    /// # Errors
    ///
    /// When the machine lacks the user that runs the programs.
    pub fn of(juju: &Juju) -> Result<Self, StepError> {
        let user = WorkloadUser::find().map_err(because)?;
        Ok(Self::run_by(user, juju))
    }

    /// The same, on a machine that Juju has just made: nothing is installed there, and storage is attached before the hook
    /// `install`. The package that makes the user of the programs is installed first.
    ///
    /// # Errors
    ///
    /// When the package cannot be installed, or it makes no such user.
    pub fn on_any_machine(juju: &Juju) -> Result<Self, StepError> {
        match WorkloadUser::find() {
            Err(UserError::NoSuchUser { .. }) => {
                tracing::info!("installing {USER_PACKAGE}, which makes the user of the programs");
                packages::install(&[USER_PACKAGE.to_owned()], Deadline::seconds(INSTALL))
                    .map_err(because)?;
                Self::of(juju)
            }
            found => Ok(Self::run_by(found.map_err(because)?, juju)),
        }
    }

    fn run_by(user: WorkloadUser, juju: &Juju) -> Self {
        let charm_dir = juju.context().charm_dir.clone();
        Self {
            layout: Layout::from_charm_dir(&charm_dir),
            user,
            charm_dir,
        }
    }

    /// pgBackRest with this cluster's own repository.
    pub fn pgbackrest(&self) -> PgBackRest {
        PgBackRest::new(self.layout.pgbackrest_config(), self.user.clone())
    }

    /// pgBackRest with another cluster's repository, for reading.
    pub fn foreign_pgbackrest(&self) -> PgBackRest {
        PgBackRest::new(self.layout.foreign_pgbackrest_config(), self.user.clone())
    }

    /// The version whose data is already on the volume: an option set later does not change it.
    ///
    /// # Errors
    ///
    /// When the volume cannot be read.
    pub fn existing_major(&self) -> Result<Option<u32>, StepError> {
        let entries = files::list(&self.layout.volume())
            .map_err(because)?
            .unwrap_or_default();
        let majors = entries
            .iter()
            .filter_map(|name| name.to_str()?.parse::<u32>().ok());
        for major in majors {
            let marker = self.layout.data_dir(major).join("PG_VERSION");
            if files::exists(&marker).map_err(because)? {
                return Ok(Some(major));
            }
        }
        Ok(None)
    }
}
