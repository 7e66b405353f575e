//! The managed files as they should be, made from what is seen.
//!
//! A file is a decision written down: comparing this text with the file on disk is how "nothing to do" is found.

mod etcd;
mod patroni;
mod pgbackrest;

pub use etcd::{etcd_config, etcd_in_force, etcd_unit, founding_etcd_config, joining_etcd_config};
pub use patroni::{
    archive_command, patroni_config, patroni_follows, patroni_in_force, patroni_unit,
    to_the_repository, watcher_unit,
};
pub use pgbackrest::{
    backup_server, backup_server_in_force, backup_server_unit, digest, foreign_pgbackrest_config,
    object_store_ca, pgbackrest_config,
};

use sha2::{Digest as _, Sha256};

use super::observed::{Observed, Packages};
use super::render::Unrepresentable;

/// Why a file cannot be made yet: something earlier in the unit's life is still missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    /// What is missing.
    #[error("{0} is not known yet")]
    Missing(&'static str),
    /// A value does not fit the file's format.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
}

/// The major version in use.
pub fn major(seen: &Observed) -> u32 {
    match &seen.host.packages {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => *major,
    }
}

fn digest_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    format!("{:x}", digest.finalize())
}
