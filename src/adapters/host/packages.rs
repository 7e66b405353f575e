//! Packages of the distribution.

use std::collections::BTreeMap;

use super::clock::Deadline;
use super::process::ProcessError;

/// Packages could not be asked for or installed.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum PackageError {
    #[error("run {program}")]
    Run {
        program: &'static str,
        #[source]
        source: ProcessError,
    },
    #[error("{program} ended with status {status}: {said}")]
    Failed {
        program: &'static str,
        status: String,
        said: String,
    },
    #[error("packages are missing: {}\nHINT: run: {command}", missing.join(" "))]
    NotRoot {
        missing: Vec<String>,
        command: String,
    },
    #[error("prevent services from starting during the installation")]
    HoldServices {
        #[source]
        source: super::files::FileError,
    },
}

/// The packages the charm needs for one major version of PostgreSQL.
pub fn needed(major: u32) -> Vec<String> {
    let _ = major;
    unimplemented!()
}

/// The installed version of each package; `None` for one that is not installed.
pub fn versions(
    packages: &[String],
    deadline: Deadline,
) -> Result<BTreeMap<String, Option<String>>, PackageError> {
    let _ = (packages, deadline);
    unimplemented!()
}

/// Those of `packages` that are not installed, in their order.
pub fn missing(packages: &[String], deadline: Deadline) -> Result<Vec<String>, PackageError> {
    let _ = (packages, deadline);
    unimplemented!()
}

/// Installs packages without starting the services they bring, refreshing the lists first when one is unknown.
pub fn install(packages: &[String], deadline: Deadline) -> Result<(), PackageError> {
    let _ = (packages, deadline);
    unimplemented!()
}

/// The major versions of PostgreSQL whose programs are on the machine, ascending.
pub fn installed_majors() -> Result<Vec<u32>, super::files::FileError> {
    unimplemented!()
}

/// The major versions of PostgreSQL that can be installed, ascending.
pub fn available_majors(deadline: Deadline) -> Result<Vec<u32>, PackageError> {
    let _ = deadline;
    unimplemented!()
}
