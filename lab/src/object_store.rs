//! The lab's S3 object store: started, stopped and described by `juju-lab object-store`.

use std::path::Path;
use std::process::ExitCode;

use crate::machine::MachineError;

/// Starts the object store of the lab in `home` if it was running when the lab went down.
pub fn up(_home: &Path) -> Result<(), MachineError> {
    Ok(())
}

/// Stops the object store of the lab in `home`; `up` brings it back.
pub fn down(_home: &Path) -> Result<(), MachineError> {
    Ok(())
}

/// `juju-lab object-store …`: `args` is what follows the word `object-store`.
pub fn main_object_store(_args: &[String]) -> ExitCode {
    ExitCode::FAILURE
}
