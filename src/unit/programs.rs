//! The programs on this machine and their versions.
//!
//! Asking each program in every hook would cost more than the rest of the hook; their versions are asked for again only
//! when a program file has changed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Unit, because, records};
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::process::Command;
use crate::adapters::host::{files, lines, packages};
use crate::domain::observed::Packages;
use crate::error::StepError;

#[derive(Serialize, Deserialize)]
struct Versions {
    /// What identifies the program files these are of.
    of: String,
    major: u32,
    postgresql: String,
    pgbackrest: (u32, u32),
}

/// What is installed; what is missing is named.
pub(super) fn look(unit: &Unit<'_>, wanted: Option<u32>) -> Result<Packages, StepError> {
    let major = match unit.existing_major()?.or(wanted) {
        Some(major) => major,
        None => default_major()?,
    };
    let needed = needed_files(major);
    let mut identity = format!("{major}");
    for file in &needed {
        match lines::identity(file).map_err(because)? {
            Some(one) => {
                identity.push(' ');
                identity.push_str(&one);
            }
            None => return missing(major),
        }
    }
    let path = unit.layout.records().join("programs.json");
    let known: Option<Versions> = records::read(&path).unwrap_or_default();
    let versions = match known {
        Some(versions) if versions.of == identity => versions,
        _ => {
            let versions = ask(unit, major, identity)?;
            // The folder is made later in a unit's life; without it the versions are asked for again.
            if files::exists(&unit.layout.records()).map_err(because)? {
                records::write(&path, &versions).map_err(because)?;
            }
            versions
        }
    };
    Ok(Packages::Present {
        major,
        version: versions.postgresql,
        pgbackrest: versions.pgbackrest,
    })
}

/// The newest that is installed, else the distribution's own.
fn default_major() -> Result<u32, StepError> {
    if let Some(installed) = packages::installed_majors()
        .map_err(because)?
        .into_iter()
        .max()
    {
        return Ok(installed);
    }
    let available = packages::available_majors(Deadline::seconds(60)).map_err(because)?;
    available.into_iter().max().ok_or_else(|| {
        StepError::expected(
            "no package of PostgreSQL is available",
            "check the machine's package sources",
        )
    })
}

fn needed_files(major: u32) -> Vec<PathBuf> {
    let postgres = PathBuf::from(format!("/usr/lib/postgresql/{major}/bin/postgres"));
    let others = ["/usr/bin/patroni", "/usr/bin/pgbackrest", "/usr/bin/etcd"];
    std::iter::once(postgres)
        .chain(others.map(PathBuf::from))
        .collect()
}

fn missing(major: u32) -> Result<Packages, StepError> {
    let needed = packages::needed(major);
    let names = packages::missing(&needed, Deadline::seconds(60)).map_err(because)?;
    Ok(Packages::Missing { major, names })
}

fn ask(unit: &Unit<'_>, major: u32, of: String) -> Result<Versions, StepError> {
    let postgres = format!("/usr/lib/postgresql/{major}/bin/postgres");
    let answer = Command::new(postgres)
        .arg("--version")
        .run(Deadline::seconds(10))
        .map_err(because)?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let postgresql = text
        .split_whitespace()
        .nth(2)
        .unwrap_or_default()
        .to_owned();
    let pgbackrest = unit
        .pgbackrest()
        .version(Deadline::seconds(10))
        .map_err(because)?;
    Ok(Versions {
        of,
        major,
        postgresql,
        pgbackrest: (pgbackrest.major, pgbackrest.minor),
    })
}
