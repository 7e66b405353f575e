//! Running a program on a machine: its own systemd starts it. A process that only joined the machine's namespaces would
//! keep the computer's capabilities, and could do what no program of a machine can.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Starts a program in the machine's namespaces and waits for its end.
///
/// A machine that shuts down stops all its processes before it ends them. `nsenter` that waited for one itself would stop with it,
/// and nobody would have it go on; so it does not fork, and who waits is a shell that the machine does not see.
const WAIT: &str = "\"$@\"; exit $?";

/// Starts the program that is named by the next argument in the namespaces of the machine with this leader.
pub(super) fn joining(leader: u32) -> Command {
    let leader = leader.to_string();
    let mut command = Command::new("/usr/bin/nsenter");
    command
        .args(["--target", &leader, "--all", "--no-fork", "--"])
        .args(["/bin/sh", "-c", WAIT, "sh"]);
    command
}

/// How the machine's systemd runs a program, with the caller's streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    leader: u32,
    streams: &'static str,
    options: Vec<OsString>,
}

impl Entry {
    /// Into the machine with this leader.
    pub(crate) fn new(leader: u32) -> Self {
        Self {
            leader,
            streams: "--pipe",
            options: Vec::new(),
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, option: &str, value: impl AsRef<OsStr>) -> Self {
        let mut word = OsString::from(option);
        word.push("=");
        word.push(value);
        self.options.push(word);
        self
    }

    /// With a terminal of its own.
    #[must_use]
    pub(crate) fn on_terminal(mut self) -> Self {
        self.streams = "--pty";
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

    /// What enters; the program to run and its arguments are to follow as arguments.
    pub(crate) fn command(self) -> Command {
        let mut command = joining(self.leader);
        command
            .args(["/usr/bin/systemd-run", "--quiet", self.streams])
            .args(["--wait", "--collect"])
            // A charm that leaves a process behind leaves it to the machine, as it does elsewhere.
            .arg("--property=KillMode=process")
            .args(self.options)
            .arg("--");
        command
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
        let command = Entry::new(7).passing(["TOKEN"].into_iter()).command();
        let words: Vec<&OsStr> = command.get_args().collect();
        assert!(words.contains(&OsStr::new("--setenv=TOKEN")), "{words:?}");
        assert_eq!(words.last(), Some(&OsStr::new("--")));
    }
}
