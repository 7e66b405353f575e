//! Charm archives: `juju-lab pack` writes one, deploying unpacks one.

mod command;
mod contents;
mod inline;
mod manifest;
mod unpack;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use juju_charm_files::FileError;

/// Why a charm could not be packed or unpacked. Nothing is left half done, except by `unpack` below its
/// destination.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot use the files of the charm in {}: {source}", directory.display())]
    Files {
        directory: PathBuf,
        source: FileError,
    },
    #[error("{} does not say for which bases the charm is\nhint: write a charmcraft.yaml with platforms, for example ubuntu@22.04:amd64", .0.display())]
    NoBases(PathBuf),
    #[error("{} is a program for {built}, and charmcraft.yaml names platforms for {named} only\nhint: build it for one of them, or add a platform for {built}", dispatch.display())]
    Architecture {
        dispatch: PathBuf,
        built: &'static str,
        named: String,
    },
    #[error("cannot include {}: {cause}", path.display())]
    Include { path: PathBuf, cause: &'static str },
    #[error("{} is not a charm archive: {cause}", archive.display())]
    Archive { archive: PathBuf, cause: String },
    #[error("{} holds {entry:?}, which would lie outside of the charm", archive.display())]
    Outside { archive: PathBuf, entry: String },
}

impl PackError {
    fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}

pub use contents::{Contents, Request};

/// Packs what `request` names and returns the archive's path.
pub fn pack(request: &Request, output: &Path) -> Result<PathBuf, PackError> {
    let contents = contents::collect(request)?;
    write::write(&contents, output)?;
    Ok(output.to_owned())
}

/// Unpacks the charm archive `archive` into the directory `dest`, with the modes it carries. Refuses an
/// archive with entries that would land outside of `dest`, before anything is written.
pub fn unpack(archive: &Path, dest: &Path) -> Result<(), PackError> {
    unpack::unpack(archive, dest)
}

/// `juju-lab pack …`: `args` is what follows the word `pack`.
pub fn main_pack(args: &[String]) -> ExitCode {
    command::main(args)
}

#[cfg(test)]
mod tests;
