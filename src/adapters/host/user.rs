//! The user PostgreSQL, Patroni, etcd and pgBackRest run as.

use std::io;
use std::path::PathBuf;

use super::files::{self, FileError};

/// The name of the user the packages create.
const PACKAGE_USER: &str = "postgres";

/// The user of the workload: `postgres` when the charm runs as root, otherwise the user who runs the charm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadUser {
    name: String,
    uid: u32,
    gid: u32,
    home: PathBuf,
    invoker_is_root: bool,
}

/// The user of the workload could not be found.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The list of users could not be read.
    #[error("read the list of users")]
    ReadUsers {
        /// Why.
        #[source]
        source: FileError,
    },
    /// There is no such user.
    #[error(
        "there is no user {wanted} on this machine\nHINT: is the package postgresql-common installed? It creates the user."
    )]
    NoSuchUser {
        /// Its name, or its number when the name is not known.
        wanted: String,
    },
}

impl WorkloadUser {
    /// Finds the user on this machine.
    pub fn find() -> Result<Self, UserError> {
        let invoker = rustix::process::geteuid();
        let passwd = files::read_text("/etc/passwd".as_ref())
            .and_then(|text| {
                text.ok_or_else(|| FileError::Read {
                    path: "/etc/passwd".into(),
                    source: io::ErrorKind::NotFound.into(),
                })
            })
            .map_err(|source| UserError::ReadUsers { source })?;
        let found = if invoker.is_root() {
            entry(&passwd, |name, _| name == PACKAGE_USER)
        } else {
            entry(&passwd, |_, uid| uid == invoker.as_raw())
        };
        let missing = || UserError::NoSuchUser {
            wanted: if invoker.is_root() {
                PACKAGE_USER.to_owned()
            } else {
                invoker.as_raw().to_string()
            },
        };
        let (name, uid, gid, home) = found.ok_or_else(missing)?;
        Ok(Self {
            name,
            uid,
            gid,
            home,
            invoker_is_root: invoker.is_root(),
        })
    }

    /// Its name, as `User=` of a unit and as the operating-system user of peer authentication.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The number of its own group.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Its home directory.
    pub fn home(&self) -> &std::path::Path {
        &self.home
    }

    /// Whether the charm is root, so that files need an owner and processes need another user.
    pub fn differs_from_invoker(&self) -> bool {
        self.invoker_is_root
    }
}

/// The first line of `passwd` that is wanted: name, uid, gid, home.
fn entry(passwd: &str, wanted: impl Fn(&str, u32) -> bool) -> Option<(String, u32, u32, PathBuf)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let home = fields.nth(1)?.into();
        wanted(name, uid).then(|| (name.to_owned(), uid, gid, home))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        broken line\n\
        postgres:x:106:114:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
        someone:x:1000:1000::/home/someone:/bin/sh\n";

    #[test]
    fn a_user_is_found_by_name() {
        assert_eq!(
            entry(PASSWD, |name, _| name == "postgres"),
            Some((
                "postgres".to_owned(),
                106,
                114,
                "/var/lib/postgresql".into()
            ))
        );
    }

    #[test]
    fn a_user_is_found_by_number() {
        assert_eq!(
            entry(PASSWD, |_, uid| uid == 1000),
            Some(("someone".to_owned(), 1000, 1000, "/home/someone".into()))
        );
    }

    #[test]
    fn an_absent_user_is_not_found() {
        assert_eq!(entry(PASSWD, |name, _| name == "nobody"), None);
    }
}
