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
    #[error("machine {number} does not boot: {cause}\nhint: its init says why in {}", log.display())]
    Boot {
        number: u32,
        cause: String,
        log: PathBuf,
    },
    #[error("machine {number} does not answer: {source}")]
    NoAnswer { number: u32, source: io::Error },
    #[error("machine {number} refuses: {cause}")]
    Refused { number: u32, cause: String },
    #[error("processes of machine {number} survive being killed: {pids:?}")]
    Unkillable { number: u32, pids: Vec<u32> },
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
