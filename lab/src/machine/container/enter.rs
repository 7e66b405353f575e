//! Running a program on a machine: its own systemd starts it. A process that only joined the machine's namespaces would
//! keep the computer's capabilities, and could do what no program of a machine can.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Starts a program in the machine's namespaces and waits for its end.
///
/// A machine that shuts down stops all its processes before it ends them. `nsenter` that waited for one itself would stop with it,
/// and nobody would have it go on; so it does not fork, and who waits is a shell that the machine does not see.
const WAIT: &str = "\"$@\"; exit $?";

/// The words before a program that starts in the namespaces of the machine with this leader.
pub(super) fn joining(leader: u32) -> Vec<OsString> {
    let leader = leader.to_string();
    let nsenter = ["nsenter", "--target", &leader, "--all", "--no-fork", "--"];
    let waiting = ["/bin/sh", "-c", WAIT, "sh"];
    nsenter.iter().chain(&waiting).map(OsString::from).collect()
}

/// The words before a program that let the machine's systemd run it, with the caller's streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    words: Vec<OsString>,
}

impl Entry {
    /// Into the machine with this leader.
    pub(crate) fn new(leader: u32) -> Self {
        let systemd_run = [
            "/usr/bin/systemd-run",
            "--quiet",
            "--pipe",
            "--wait",
            "--collect",
            // A charm that leaves a process behind leaves it to the machine, as it does elsewhere.
            "--property=KillMode=process",
        ];
        let mut words = joining(leader);
        words.extend(systemd_run.map(OsString::from));
        Self { words }
    }

    #[must_use]
    pub(crate) fn with(mut self, option: &str, value: impl AsRef<OsStr>) -> Self {
        let mut word = OsString::from(option);
        word.push("=");
        word.push(value);
        self.words.push(word);
        self
    }

    /// With a terminal of its own.
    #[must_use]
    pub(crate) fn on_terminal(mut self) -> Self {
        for word in &mut self.words {
            if word == "--pipe" {
                *word = OsString::from("--pty");
            }
        }
        self
    }

    #[must_use]
    pub(crate) fn service(self, name: &str) -> Self {
        self.with("--unit", name)
    }

    #[must_use]
    pub(crate) fn in_directory(self, directory: &Path) -> Self {
        self.with("--working-directory", directory)
    }

    /// The program sees these variables, with the values they have in the environment of the entering process: values
    /// are no business of whoever lists processes.
    #[must_use]
    pub(crate) fn passing<'a>(self, names: impl Iterator<Item = &'a str>) -> Self {
        names.fold(self, |entry, name| entry.with("--setenv", name))
    }

    /// Program and arguments that enter; the program to run and its arguments follow.
    pub(crate) fn words(mut self) -> Vec<OsString> {
        self.words.push("--".into());
        self.words
    }
}

/// A path of the computer as the machine names it: what Juju has on the machine lies where it lies everywhere.
pub(crate) fn inside(machine: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix(machine) {
        Ok(below) if below.starts_with("var/lib/juju") => Path::new("/").join(below),
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("/root"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charms_lie_where_they_lie_on_any_machine_and_storage_where_it_is() {
        let machine = Path::new("/lab/m/0");
        let named = |path: &str| inside(machine, Path::new(path)).display().to_string();
        assert_eq!(
            named("/lab/m/0/var/lib/juju/agents/unit-a-0/charm"),
            "/var/lib/juju/agents/unit-a-0/charm"
        );
        assert_eq!(named("/lab/m/0/srv/data"), "/lab/m/0/srv/data");
        assert_eq!(named("/lab/m/0"), "/root");
        assert_eq!(named("/bin/bash"), "/bin/bash");
    }

    #[test]
    fn values_of_variables_are_not_in_the_arguments() {
        let words = Entry::new(7).passing(["TOKEN"].into_iter()).words();
        assert!(
            words.contains(&OsString::from("--setenv=TOKEN")),
            "{words:?}"
        );
        assert_eq!(words.last(), Some(&OsString::from("--")));
    }
}
