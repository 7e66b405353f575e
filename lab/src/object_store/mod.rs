//! The lab's S3 object store: started, stopped, described and broken by `juju-lab object-store`.
//!
//! The server is a program of its own, `lab-object-store`. It runs as the one service of a machine of its
//! own, `<home>/object-store`, so that it is supervised, has a journal, and comes back with the lab.

mod command;
mod info;
mod service;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::home::HomeError;
use crate::machine::MachineError;

/// Why the object store could not be started, stopped or described.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectStoreError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Machine(#[from] MachineError),
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("there is no lab in {}\nhint: start it with 'juju-lab up'", .0.display())]
    NoLab(PathBuf),
    #[error("cannot find the object store's program {}\nhint: build it with 'cargo build --package lab-object-store'", .0.display())]
    NoProgram(PathBuf),
    #[error("the object store does not start{}\nhint: see {} -u object-store", said(.last_words), journalctl.display())]
    Start {
        last_words: Vec<String>,
        journalctl: PathBuf,
    },
    #[error("the lab in {} has no object store yet\nhint: start it with 'juju-lab object-store start'", .0.display())]
    NeverStarted(PathBuf),
    #[error("cannot read the object store's keys in {}: {cause}", path.display())]
    Credentials { path: PathBuf, cause: String },
}

fn said(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!(":\n{}", lines.join("\n"))
}

impl ObjectStoreError {
    fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}

/// Starts the object store of the lab in `home` if it was running when the lab went down.
pub fn up(home: &Path) -> Result<(), ObjectStoreError> {
    service::up(home)
}

/// Stops the object store of the lab in `home`; `up` brings it back.
pub fn down(home: &Path) -> Result<(), ObjectStoreError> {
    service::down(home)
}

/// `juju-lab object-store …`: `args` is what follows the word `object-store`.
pub fn main_object_store(args: &[String]) -> ExitCode {
    command::main(args)
}
