//! A PostgreSQL server for one test.

use std::path::{Path, PathBuf};

use postgresql_charm::adapters::host::process::Command;
use postgresql_charm::adapters::postgres::{Database, Target};

use crate::machine::{Machine, major, soon};

pub(crate) struct Server<'a> {
    machine: &'a Machine,
    pub(crate) data: PathBuf,
    pub(crate) socket_dir: PathBuf,
}

pub(crate) fn programs() -> PathBuf {
    PathBuf::from(format!("/usr/lib/postgresql/{}/bin", major()))
}

impl<'a> Server<'a> {
    /// A new database with these settings, running. Everybody who may open its socket is a superuser.
    pub(crate) fn start(machine: &'a Machine, settings: &str) -> Self {
        let data = machine.path("data");
        let made = Command::new(programs().join("initdb"))
            .args([
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--data-checksums",
            ])
            .args(["--encoding=UTF8", "--username=operator", "--no-sync", "-D"])
            .arg(&data)
            .as_workload(&machine.user)
            .run(soon())
            .unwrap();
        assert!(made.succeeded(), "{}", made.stderr);
        let hba = "local all,replication all trust\nhost all all all scram-sha-256\n";
        machine.write("data/pg_hba.conf", hba);
        let common = format!("listen_addresses = '{}'\nfsync = off\n", machine.address);
        machine.write(
            "data/postgresql.auto.conf",
            &format!("{common}{settings}\n"),
        );
        Self::start_in(machine, data)
    }

    /// Starts the server of a data directory that is there.
    pub(crate) fn start_in(machine: &'a Machine, data: PathBuf) -> Self {
        let server = Self::of(machine, data);
        assert!(server.starts(), "it starts: {}", server.said());
        server
    }

    /// The server of a data directory that is there; it does not run yet.
    pub(crate) fn of(machine: &'a Machine, data: PathBuf) -> Self {
        let name = data.file_name().unwrap().to_str().unwrap();
        let socket_dir = machine.make_dir(&format!("{name}.socket"));
        Self {
            machine,
            data,
            socket_dir,
        }
    }

    /// Whether it starts.
    pub(crate) fn starts(&self) -> bool {
        let options = format!("-k {}", self.socket_dir.display());
        self.pg_ctl(&["-w", "-o", &options, "start"])
    }

    fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap()
    }

    fn control(&self, args: &[&str]) {
        let output = self.pg_ctl(args);
        assert!(output, "pg_ctl {args:?}: {}", self.said());
    }

    fn pg_ctl(&self, args: &[&str]) -> bool {
        let command = Command::new(programs().join("pg_ctl"))
            .args(["-t", "60", "-l"])
            .arg(self.log())
            .arg("-D")
            .arg(&self.data)
            .args(args.iter().copied())
            .as_workload(&self.machine.user);
        command.run(soon()).unwrap().succeeded()
    }

    pub(crate) fn stop(&self) {
        self.control(&["-w", "-m", "fast", "stop"]);
    }

    pub(crate) fn target(&self) -> Target {
        target(&self.socket_dir)
    }

    pub(crate) fn connect(&self) -> Database {
        Database::connect(&self.target(), soon()).unwrap()
    }
}

pub(crate) fn target(socket_dir: &Path) -> Target {
    Target {
        socket_dir: socket_dir.into(),
        port: 5432,
        user: "operator".to_owned(),
        database: "postgres".to_owned(),
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.pg_ctl(&["-m", "immediate", "stop"]);
    }
}
