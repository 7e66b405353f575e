//! What can go wrong with a machine as seen from the lab.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("machine {machine} does not boot: {cause}\nhint: its init says why in {}", log.display())]
    Boot {
        machine: String,
        cause: String,
        log: PathBuf,
    },
    #[error("cannot make the image {}: {cause}\nhint: see whether apt works on this computer; 'apt-get update' tells", image.display())]
    Image { image: PathBuf, cause: String },
    #[error("machine {machine} does not answer: {source}")]
    NoAnswer { machine: String, source: io::Error },
    #[error("machine {machine} refuses: {cause}")]
    Refused { machine: String, cause: String },
    #[error("processes of machine {machine} survive being killed: {pids:?}")]
    Unkillable { machine: String, pids: Vec<u32> },
}

impl MachineError {
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}
