//! Charm archives: `juju-lab pack` writes one, deploying unpacks one.

use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    #[error("charm archives are not available yet")]
    NotReady,
}

/// Unpacks the charm archive `archive` into the directory `dest`, with the modes it carries.
pub fn unpack(_archive: &Path, _dest: &Path) -> Result<(), PackError> {
    Err(PackError::NotReady)
}

/// `juju-lab pack …`: `args` is what follows the word `pack`.
pub fn main_pack(_args: &[String]) -> ExitCode {
    ExitCode::FAILURE
}
