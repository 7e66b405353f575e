//! Where a lab keeps everything it has: one directory, its home.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Longest home, in bytes: the sockets below it must fit into a unix socket address (107 bytes).
pub const MAX_HOME_BYTES: usize = 60;

#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error("the lab's home {} is {} bytes long, at most {MAX_HOME_BYTES} fit\nhint: set JUJU_LAB_HOME to a shorter path, for example /var/tmp/lab", path.display(), path.as_os_str().len())]
    TooLong { path: PathBuf },
    #[error("the lab's home {} is not an absolute path\nhint: set JUJU_LAB_HOME to an absolute path", path.display())]
    Relative { path: PathBuf },
    #[error(
        "no place for the lab's home: neither JUJU_LAB_HOME, XDG_STATE_HOME nor HOME is set\nhint: set JUJU_LAB_HOME, for example to /var/tmp/lab"
    )]
    Nowhere,
}

/// A checked home and the names of what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    path: PathBuf,
}

impl Home {
    /// The home of this process: `JUJU_LAB_HOME`, else `/var/lib/juju-lab` for root, else
    /// `${XDG_STATE_HOME:-~/.local/state}/juju-lab`.
    pub fn from_environment() -> Result<Self, HomeError> {
        let set = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let path = if let Some(path) = set("JUJU_LAB_HOME") {
            path
        } else if rustix::process::geteuid().is_root() {
            PathBuf::from("/var/lib/juju-lab")
        } else if let Some(state) = set("XDG_STATE_HOME") {
            state.join("juju-lab")
        } else {
            set("HOME")
                .ok_or(HomeError::Nowhere)?
                .join(".local/state/juju-lab")
        };
        Self::at(&path)
    }

    pub fn at(path: &Path) -> Result<Self, HomeError> {
        if !path.is_absolute() {
            return Err(HomeError::Relative {
                path: path.to_owned(),
            });
        }
        if path.as_os_str().len() > MAX_HOME_BYTES {
            return Err(HomeError::TooLong {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The outermost folder on the way to the home, or the home itself, that only some may enter: programs of a unit that run
    /// as another user than root, like PostgreSQL, cannot start below it.
    pub fn closed_folder(&self) -> Option<&Path> {
        let closed = |folder: &&Path| {
            folder
                .metadata()
                .is_ok_and(|metadata| metadata.permissions().mode() & 0o001 == 0)
        };
        self.path.ancestors().filter(closed).last()
    }

    pub fn socket(&self) -> PathBuf {
        self.path.join("daemon.sock")
    }

    pub fn pid_file(&self) -> PathBuf {
        self.path.join("daemon.pid")
    }

    /// What the daemon itself has to say; the models' logs are in `state`.
    pub fn daemon_log(&self) -> PathBuf {
        self.path.join("daemon.log")
    }

    /// Durable state of the controller and its models.
    pub fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    /// Unpacked uploads, one directory per charm revision.
    pub fn charms(&self) -> PathBuf {
        self.path.join("charms")
    }

    /// The copy of the lab's executable that units run.
    pub fn executable(&self) -> PathBuf {
        self.path.join("bin/juju-lab")
    }

    /// Root directory of a machine. Numbers are counted over the whole lab, so that addresses never collide.
    pub fn machine(&self, number: u32) -> PathBuf {
        self.path.join("m").join(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_too_long_for_its_sockets_is_refused_with_a_way_out() {
        let error = Home::at(Path::new(&format!("/{}", "x".repeat(60)))).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("is 61 bytes long, at most 60 fit")
        );
        assert!(error.to_string().contains("hint: set JUJU_LAB_HOME"));
    }

    #[test]
    fn a_folder_on_the_way_that_others_cannot_enter_is_named() {
        let around = tempfile::tempdir_in("/var/tmp").unwrap();
        let home = around.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let lab = Home::at(&home).unwrap();
        for (outer, inner, closed) in [
            (0o755, 0o711, None),
            (0o755, 0o700, Some(home.as_path())),
            (0o750, 0o755, Some(around.path())),
            (0o700, 0o700, Some(around.path())),
        ] {
            mode(around.path(), outer);
            mode(&home, inner);
            assert_eq!(lab.closed_folder(), closed, "{outer:o} {inner:o}");
        }
    }

    #[test]
    fn a_relative_home_is_refused() {
        assert!(matches!(
            Home::at(Path::new("lab")),
            Err(HomeError::Relative { .. })
        ));
    }
}
