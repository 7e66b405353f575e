//! Keeps packages from starting what they bring: the charm runs its own services on the same ports, and a database the
//! package made would lie where ours belongs.

use std::path::Path;

use crate::adapters::host::files::{self, FileError, Owner};

/// The script that Debian's packages ask before they start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// 101 is "forbidden by policy". The second line is how a later run knows a file that a killed one left behind.
const POLICY_SCRIPT: &str = "#!/bin/sh\n\
    # Temporary file of the PostgreSQL charm: packages do not start services while it installs them.\n\
    exit 101\n";

/// Where `pg_createcluster` reads its defaults.
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.d";

const CREATE_CLUSTER_CONF: &str = "# Written by the PostgreSQL charm, which makes its own database.\n\
    create_main_cluster = false\n";

/// While this lives, packages start no services.
pub(super) struct Hold {
    ours: bool,
}

impl Hold {
    /// Begins to hold. A policy that somebody else made stays as it is.
    pub(super) fn services() -> Result<Self, FileError> {
        let directory = Path::new(CREATE_CLUSTER);
        files::make_dir(directory, 0o755, Owner::Root)?;
        let conf = directory.join("postgresql-charm.conf");
        files::write_atomic(&conf, CREATE_CLUSTER_CONF.as_bytes(), 0o644, Owner::Root)?;
        let ours = if let Some(content) = files::read(Path::new(POLICY))? {
            content == POLICY_SCRIPT.as_bytes()
        } else {
            let script = POLICY_SCRIPT.as_bytes();
            files::write_atomic(Path::new(POLICY), script, 0o755, Owner::Root)?
        };
        Ok(Self { ours })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = files::remove_file(Path::new(POLICY))
        {
            tracing::warn!(
                "{error}: packages on this machine will not start their services until it is removed"
            );
        }
    }
}
