//! Installs packages.

use std::time::Duration;

use super::hold::Hold;
use super::{PackageError, failed, missing};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::process::{Command, Output};
use crate::adapters::systemd::{self, Loaded};

/// Services the packages bring, which the charm runs under other names.
const SERVICES: [&str; 4] = [
    "etcd.service",
    "patroni.service",
    "pgbackrest.service",
    "postgresql.service",
];

/// How long to leave a locked package database alone before asking again.
const LOCK_PAUSE: Duration = Duration::from_secs(3);

/// Installs those of the packages that are missing, without starting the services they bring.
///
/// Somebody who is not root gets [`PackageError::NotRoot`] with the command to run. While another program holds the
/// package database, this waits until the deadline.
pub fn install(packages: &[String], deadline: Deadline) -> Result<(), PackageError> {
    let missing = missing(packages, deadline)?;
    if missing.is_empty() {
        return Ok(());
    }
    if !rustix::process::geteuid().is_root() {
        let command = format!("sudo apt-get install --yes {}", missing.join(" "));
        return Err(PackageError::NotRoot { missing, command });
    }
    let new_services: Vec<_> = SERVICES
        .into_iter()
        .filter(|unit| {
            systemd::show(unit, deadline).is_ok_and(|state| state.loaded == Loaded::NotFound)
        })
        .collect();
    {
        let _hold = Hold::services().map_err(|source| PackageError::HoldServices { source })?;
        // A hook that was killed half-way left packages unpacked and not configured.
        let repair =
            environment(Command::new("dpkg")).args(["--force-confold", "--configure", "-a"]);
        unlocked("dpkg", &repair, deadline)?;
        // The lists may be days older than the archive: then the install fails on a file that is gone.
        if install_now(&missing, deadline).is_err() {
            refresh(deadline)?;
            install_now(&missing, deadline)?;
        }
    }
    // The policy may have been another one's, and what is enabled would start with the next boot.
    for unit in new_services {
        if let Err(error) = systemd::disable_and_stop(unit, deadline) {
            tracing::debug!("{unit} of the package: {error}");
        }
    }
    Ok(())
}

/// Fetches the lists of what the package sources hold; only root may.
pub fn refresh(deadline: Deadline) -> Result<(), PackageError> {
    let update = environment(Command::new("apt-get")).args(["--quiet", "update"]);
    unlocked("apt-get", &update, deadline).map(|_| ())
}

fn install_now(missing: &[String], deadline: Deadline) -> Result<(), PackageError> {
    let command = environment(Command::new("apt-get"))
        .args([
            "--yes",
            "--quiet",
            "--no-install-recommends",
            "--option=Dpkg::Options::=--force-confdef",
            "--option=Dpkg::Options::=--force-confold",
            "install",
            "--",
        ])
        .args(missing);
    unlocked("apt-get", &command, deadline).map(|_| ())
}

/// Nobody is there to answer a question, and no other service is to be restarted because of us.
fn environment(command: Command) -> Command {
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("NEEDRESTART_SUSPEND", "1")
        .env_from_ours("http_proxy")
        .env_from_ours("https_proxy")
        .env_from_ours("no_proxy")
}

/// Runs the command once the package database is not locked.
fn unlocked(
    program: &'static str,
    command: &Command,
    deadline: Deadline,
) -> Result<Output, PackageError> {
    loop {
        let output = super::run(program, command, deadline)?;
        if output.succeeded() {
            return Ok(output);
        }
        if !is_locked(&output.stderr) {
            return Err(failed(program, &output));
        }
        if deadline.remaining() <= LOCK_PAUSE {
            return Err(PackageError::Locked {
                said: output.stderr.trim().to_owned(),
            });
        }
        clock::sleep(LOCK_PAUSE);
    }
}

fn is_locked(stderr: &str) -> bool {
    [
        "Could not get lock",
        "is another process using it",
        "frontend lock was locked",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_told_from_other_failures() {
        assert!(is_locked(
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)"
        ));
        assert!(is_locked(
            "dpkg: error: dpkg frontend lock was locked by another process with pid 812"
        ));
        assert!(!is_locked("E: Unable to locate package postgresql-99"));
    }
}
