//! Packages of the distribution.

mod hold;
mod install;

use std::collections::BTreeMap;
use std::path::Path;

use super::clock::Deadline;
use super::files::{self, FileError};
use super::process::{Command, Output, ProcessError};
pub use install::{install, refresh};

/// Where the distribution keeps one directory of programs per major version.
const POSTGRESQL_PROGRAMS: &str = "/usr/lib/postgresql";

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
    #[error("{program} failed with {status}: {said}")]
    Failed {
        program: &'static str,
        status: String,
        said: String,
    },
    #[error("another program kept the package database locked: {said}")]
    Locked { said: String },
    #[error(
        "{} not installed, and only root can install {}\nHINT: run: {command}",
        list(missing),
        if missing.len() == 1 { "it" } else { "them" }
    )]
    NotRoot {
        missing: Vec<String>,
        command: String,
    },
    #[error("keep services from starting during the installation")]
    HoldServices {
        #[source]
        source: FileError,
    },
}

fn list(packages: &[String]) -> String {
    let verb = if packages.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", packages.join(", "))
}

/// The packages the charm needs for one major version of PostgreSQL.
pub fn needed(major: u32) -> Vec<String> {
    let server = format!("postgresql-{major}");
    [
        &server,
        "patroni",
        "pgbackrest",
        "etcd-server",
        "python3-etcd",
        // Patroni reads the names in certificates with it, and does not start over TLS without.
        "python3-idna",
        // Services are told by its `kill` to read their configuration again. The smallest systems lack it.
        "procps",
    ]
    .map(str::to_owned)
    .into()
}

/// The installed version of each package; `None` for one that is not installed.
pub fn versions(
    packages: &[String],
    deadline: Deadline,
) -> Result<BTreeMap<String, Option<String>>, PackageError> {
    let mut versions: BTreeMap<_, _> = packages.iter().map(|name| (name.clone(), None)).collect();
    if packages.is_empty() {
        return Ok(versions);
    }
    let query = Command::new("dpkg-query")
        .args([
            "--show",
            "--showformat=${Package}\t${db:Status-Status}\t${Version}\n",
            "--",
        ])
        .args(packages);
    let output = run("dpkg-query", &query, deadline)?;
    // Code 1 only says that it does not know one of them.
    if !matches!(output.status, super::process::Status::Exited(0 | 1)) {
        return Err(failed("dpkg-query", &output));
    }
    for (name, version) in installed(&output.text()) {
        versions.insert(name, Some(version));
    }
    Ok(versions)
}

/// The packages that are wholly installed, with their versions.
fn installed(table: &str) -> Vec<(String, String)> {
    table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (name, status, version) = (fields.next()?, fields.next()?, fields.next()?);
            (status == "installed").then(|| (name.to_owned(), version.to_owned()))
        })
        .collect()
}

/// Those of `packages` that are not installed, in their order.
pub fn missing(packages: &[String], deadline: Deadline) -> Result<Vec<String>, PackageError> {
    let versions = versions(packages, deadline)?;
    Ok(packages
        .iter()
        .filter(|name| versions.get(*name).is_none_or(Option::is_none))
        .cloned()
        .collect())
}

/// The major versions of PostgreSQL whose server is on the machine, ascending.
pub fn installed_majors() -> Result<Vec<u32>, FileError> {
    let home = Path::new(POSTGRESQL_PROGRAMS);
    let mut majors = Vec::new();
    for name in files::list(home)?.unwrap_or_default() {
        let Some(major) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if files::exists(&home.join(&name).join("bin/postgres"))? {
            majors.push(major);
        }
    }
    majors.sort_unstable();
    Ok(majors)
}

/// The major versions of PostgreSQL that can be installed from the machine's package sources, ascending; none before the
/// lists were fetched for the first time ([`refresh`]).
pub fn available_majors(deadline: Deadline) -> Result<Vec<u32>, PackageError> {
    let query = Command::new("apt-cache").args(["pkgnames", "postgresql-"]);
    let output = run("apt-cache", &query, deadline)?;
    if !output.succeeded() {
        return Err(failed("apt-cache", &output));
    }
    Ok(majors(&output.text()))
}

fn majors(names: &str) -> Vec<u32> {
    let mut majors: Vec<u32> = names
        .lines()
        .filter_map(|name| name.strip_prefix("postgresql-")?.parse().ok())
        .collect();
    majors.sort_unstable();
    majors.dedup();
    majors
}

fn run(
    program: &'static str,
    command: &Command,
    deadline: Deadline,
) -> Result<Output, PackageError> {
    command
        .run(deadline)
        .map_err(|source| PackageError::Run { program, source })
}

fn failed(program: &'static str, output: &Output) -> PackageError {
    let errors: Vec<&str> = output
        .stderr
        .lines()
        .filter(|line| line.starts_with("E:") || line.starts_with("dpkg: error"))
        .collect();
    let said = if errors.is_empty() {
        output.stderr.trim().to_owned()
    } else {
        errors.join("\n")
    };
    PackageError::Failed {
        program,
        status: output.status.to_string(),
        said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_only_when_it_is_wholly_installed() {
        let table = "patroni\tinstalled\t3.0.2-1\n\
            pgbackrest\tconfig-files\t2.45-1\n\
            etcd-server\thalf-configured\t3.4.23-4\n";
        assert_eq!(
            installed(table),
            [("patroni".to_owned(), "3.0.2-1".to_owned())]
        );
    }

    #[test]
    fn major_versions_are_numbers_and_nothing_else() {
        let names = "postgresql-17\npostgresql-15-pgaudit\npostgresql-common\npostgresql-9.6\npostgresql-15\n";
        assert_eq!(majors(names), [15, 17]);
    }

    #[test]
    fn this_machine_has_dpkg_and_no_package_of_that_name() {
        let packages = ["dpkg".to_owned(), "no-such-package-here".to_owned()];
        let deadline = Deadline::seconds(30);
        assert_eq!(missing(&packages, deadline).unwrap(), packages[1..]);
        assert!(versions(&packages, deadline).unwrap()["dpkg"].is_some());
    }

    #[test]
    fn who_is_not_root_is_told_the_command() {
        let error = PackageError::NotRoot {
            missing: vec!["patroni".to_owned()],
            command: "sudo apt-get install patroni".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "patroni is not installed, and only root can install it\n\
             HINT: run: sudo apt-get install patroni"
        );
    }
}
