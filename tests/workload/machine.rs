//! A directory, an address and a user for one test, and programs that end with it.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use postgresql_charm::adapters::host::clock::{self, Deadline};
use postgresql_charm::adapters::host::files::{self, Owner};
use postgresql_charm::adapters::host::{WorkloadUser, packages};
use postgresql_charm::domain::words::Stanza;
use rustix::process::{Pid, Signal};

/// The major version the tests run: the newest on the machine that the charm knows.
pub(crate) fn major() -> u32 {
    let majors = packages::installed_majors().unwrap();
    let known = majors
        .into_iter()
        .rev()
        .find(|major| (14..=17).contains(major));
    known.expect("PostgreSQL is not installed: sudo apt-get install postgresql-15")
}

pub(crate) fn soon() -> Deadline {
    Deadline::seconds(60)
}

/// Fails the test when a program is missing.
pub(crate) fn need(program: &str, package: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    assert!(
        there,
        "{program} is not installed: sudo apt-get install {package}"
    );
}

/// A loopback address that no other test has, in this run of the tests or in another one on the same computer.
pub(crate) fn address() -> String {
    // Its name is known where the addresses are: in the same network namespace. It goes with the process.
    static NETWORK: OnceLock<(u8, UnixListener)> = OnceLock::new();
    static TAKEN: AtomicU8 = AtomicU8::new(0);
    let (network, _) = NETWORK.get_or_init(|| {
        let claimed = (64..96).find_map(|network| {
            let name = format!("charm-workload-127.{network}");
            let claim = SocketAddr::from_abstract_name(name).unwrap();
            Some((network, UnixListener::bind_addr(&claim).ok()?))
        });
        claimed.expect("32 runs of these tests are under way on this computer")
    });
    let host = TAKEN.fetch_add(1, Ordering::Relaxed) + 1;
    format!("127.{network}.0.{host}")
}

pub(crate) struct Machine {
    /// Removed with the test.
    directory: tempfile::TempDir,
    pub(crate) address: String,
    pub(crate) user: WorkloadUser,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let user = WorkloadUser::find().unwrap();
        // Not below /tmp: the path of a Unix socket may have 107 bytes, and TMPDIR can be long.
        let directory = tempfile::Builder::new()
            .prefix("charm-workload-")
            .tempdir_in("/var/tmp")
            .unwrap();
        files::make_dir(directory.path(), 0o700, Owner::Workload(&user)).unwrap();
        Self {
            directory,
            address: address(),
            user,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn make_dir(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        files::make_dir(&path, 0o700, Owner::Workload(&self.user)).unwrap();
        path
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        files::write_atomic(
            &path,
            content.as_bytes(),
            0o600,
            Owner::Workload(&self.user),
        )
        .unwrap();
        path
    }

    /// A configuration of pgBackRest with a repository in a directory, for the server whose data is in `data`; more options for
    /// all commands, each on a line.
    pub(crate) fn pgbackrest_config(&self, stanza: &Stanza, more: &str) -> PathBuf {
        let path = |name: &str| self.path(name).display().to_string();
        let config = format!(
            "[global]\nrepo1-path={}\nlog-path={}\nlock-path={}\nspool-path={}\n{more}[{stanza}]\npg1-path={}\n\
             pg1-socket-path={}\npg1-user=operator\n",
            path("repository"),
            path("log"),
            path("lock"),
            path("spool"),
            path("data"),
            path("data.socket"),
        );
        self.write("pgbackrest.conf", &config)
    }

    /// Starts a program that runs until it is dropped; what it says goes to `<name>.log`.
    pub(crate) fn start(&self, name: &str, program: &Path, args: &[&str]) -> Running {
        let log = std::fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if self.user.differs_from_invoker() {
            command.uid(self.user.uid()).gid(self.user.gid());
        }
        Running {
            child: command.spawn().unwrap(),
        }
    }
}

/// A program that runs.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Sends a signal to the program, and not to those it has started.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Ends the program with all it has started, without a chance to tidy up.
    pub(crate) fn kill(mut self) {
        rustix::process::kill_process_group(self.group(), Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, and says whether it was a good one.
    pub(crate) fn ends_well(&mut self) -> bool {
        let status = eventually("the program ends", || self.child.try_wait().unwrap());
        status.success()
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed()).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = self.group();
        let _ = rustix::process::kill_process_group(group, Signal::TERM);
        let deadline = Deadline::seconds(10);
        while matches!(self.child.try_wait(), Ok(None)) && !deadline.is_over() {
            clock::sleep(Duration::from_millis(20));
        }
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Asks until the answer is one.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = soon();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(!deadline.is_over(), "{what} did not happen");
        clock::sleep(Duration::from_millis(100));
    }
}
