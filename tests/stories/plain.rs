//! A database that nobody's charm made, backed up by plain pgBackRest under a stanza of its own choice, is brought over: with its
//! configuration outside of its data, as Debian has it, a library that it loads, a tablespace, and an archive command that was
//! set where it wins over every file. None of the charm's users is in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use postgresql_charm::adapters::host::packages;

use crate::foreign::below;
use crate::lab::{Lab, Store};

const LEADER: &str = "postgresql/leader";
const UNIT: &str = "postgresql/0";
const STANZA: &str = "db";
const OF_STANZA: &str = "--stanza=db";

/// The other database, with its pgBackRest. It needs no network.
struct Plain {
    folder: PathBuf,
    programs: PathBuf,
}

impl Plain {
    fn new(store: &Store) -> Self {
        let major = packages::installed_majors().unwrap().into_iter().max();
        let major = major.expect("PostgreSQL is installed: scripts/install-packages");
        let plain = Self {
            folder: PathBuf::from(format!("/var/tmp/outside-{}", std::process::id())),
            programs: PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")),
        };
        let folder = plain.folder.display();
        for name in ["", "etc", "tablespace", "lock", "log", "spool"] {
            std::fs::create_dir_all(plain.folder.join(name)).unwrap();
        }
        let ca = base64::engine::general_purpose::STANDARD.decode(&store.ca);
        plain.write("ca.pem", std::str::from_utf8(&ca.unwrap()).unwrap());
        let endpoint = store.endpoint.trim_start_matches("https://");
        let (host, port) = endpoint.split_once(':').unwrap();
        let (key, secret) = (&store.access_key, &store.secret_key);
        plain.write(
            "pgbackrest.conf",
            &format!(
                "[global]\nrepo1-type=s3\nrepo1-path=/plain\nrepo1-s3-bucket=backups\nrepo1-s3-endpoint={host}\n\
                 repo1-s3-region=us-east-1\nrepo1-s3-uri-style=path\nrepo1-storage-host={host}\n\
                 repo1-storage-port={port}\nrepo1-storage-ca-file={folder}/ca.pem\nrepo1-s3-key={key}\n\
                 repo1-s3-key-secret={secret}\nrepo1-retention-full=2\nlock-path={folder}/lock\n\
                 log-path={folder}/log\nspool-path={folder}/spool\n[{STANZA}]\npg1-path={folder}/data\n\
                 pg1-socket-path={folder}\npg1-user=postgres\n"
            ),
        );
        plain.own();
        plain.run(
            "initdb",
            &["-U", "postgres", "--auth=trust", "-D", &plain.path("data")],
        );
        for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"] {
            let (from, to) = (format!("data/{name}"), format!("etc/{name}"));
            std::fs::rename(plain.folder.join(from), plain.folder.join(to)).unwrap();
        }
        plain.write(
            "etc/postgresql.conf",
            &format!(
                "hba_file = '{folder}/etc/pg_hba.conf'\nident_file = '{folder}/etc/pg_ident.conf'\n\
                 listen_addresses = ''\nunix_socket_directories = '{folder}'\narchive_mode = on\n\
                 shared_preload_libraries = 'auto_explain'\nmax_connections = 150\n"
            ),
        );
        plain.own();
        let options = format!("-c config_file={folder}/etc/postgresql.conf");
        let (data, log) = (plain.path("data"), plain.path("log/postgresql.log"));
        plain.run(
            "pg_ctl",
            &["-D", &data, "-o", &options, "-l", &log, "-w", "start"],
        );
        plain
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    /// All of it belongs to whoever runs it.
    fn own(&self) {
        if rustix::process::geteuid().is_root() {
            let mut owned = Command::new("chown");
            owned.args(["-R", "postgres:"]).arg(&self.folder);
            assert!(owned.status().unwrap().success());
        }
    }

    /// Runs one of its programs, which must end well; what it printed.
    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let own = self.programs.join(program);
        let program = if own.exists() {
            own.as_path()
        } else {
            Path::new(program)
        };
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let log = std::fs::File::create(self.folder.join("log/said")).unwrap();
        // No pipe: a server that is started here would hold it.
        let ended = command
            .args(arguments)
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let said = std::fs::read_to_string(self.folder.join("log/said")).unwrap();
        assert!(
            ended.success(),
            "{} {arguments:?}: {said}",
            program.display()
        );
        said
    }

    #[track_caller]
    fn sql(&self, statement: &str) {
        let (socket, user) = (self.path(""), "postgres");
        self.run(
            "psql",
            &["-X", "-q", "-h", &socket, "-U", user, "-c", statement],
        );
    }

    #[track_caller]
    fn pgbackrest(&self, arguments: &[&str]) {
        let config = format!("--config={}", self.path("pgbackrest.conf"));
        let mut all = vec![config.as_str()];
        all.extend(arguments);
        self.run("pgbackrest", &all);
    }

    fn stop(&self) {
        self.run(
            "pg_ctl",
            &["-D", &self.path("data"), "-m", "fast", "-w", "stop"],
        );
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        if self.folder.join("data/postmaster.pid").exists() {
            let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
            let pid = pid
                .ok()
                .and_then(|text| text.lines().next().map(str::to_owned));
            let _ = Command::new("kill").arg("-QUIT").args(pid).status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_database_of_no_charm_with_settings_of_its_own_machine_is_brought_over_without_them() {
    let lab = Lab::new("plain");
    lab.deploy("postgresql", "postgresql");
    let store = lab.object_store();
    lab.deploy("s3-integrator", "s3-integrator");
    lab.configure(&store, "s3-integrator", "/plain");
    let plain = a_backup_of_plain_pgbackrest(&store);
    let whole = || below(&lab, "/backups/plain/", "/dev.postgresql-");
    let before = whole();

    lab.juju(&["integrate", "postgresql", "s3-integrator"]).ok();
    lab.status_becomes(
        UNIT,
        "says that it is somebody else's",
        |status, message| status == "blocked" && message.contains("belongs to"),
    );
    let listed = lab.run(LEADER, "list-backups", &[]).done();
    assert!(listed.result("backups").contains(&format!("| {STANZA}")));
    let restored = lab
        .run(LEADER, "restore", &["restore-to-time=latest"])
        .done();
    let path = restored.result("archives-to").to_owned();
    assert!(path.starts_with("backups/plain/dev.postgresql-"), "{path}");
    assert_eq!(restored.result("indexes-to-rebuild-in"), "template1");

    assert_eq!(
        lab.sql(UNIT, "select string_agg(word, ' ' order by id) from words"),
        "early late"
    );
    let setting = |name: &str| lab.sql(UNIT, &format!("show {name}"));
    assert_eq!(
        setting("work_mem"),
        "9MB",
        "what says how it behaves is kept"
    );
    let archives = setting("archive_command");
    assert!(
        archives.contains("archive-push") && !archives.contains(OF_STANZA),
        "{archives}"
    );
    assert!(!setting("shared_preload_libraries").contains("auto_explain"));
    assert_eq!(
        lab.sql(
            UNIT,
            "select count(*) from pg_tablespace where spcname = 'aside'"
        ),
        "1"
    );
    for user in ["operator", "replication", "rewind", "monitoring", "backup"] {
        let is = format!("select count(*) from pg_roles where rolname = '{user}' and rolcanlogin");
        assert_eq!(lab.sql(UNIT, &is), "1", "{user} was made");
    }
    lab.run(LEADER, "create-backup", &[]).done();
    lab.settle();
    assert_eq!(whole(), before, "nothing was written where it came from");
    drop(plain);
}

/// With a row of before the backup and one of after it.
fn a_backup_of_plain_pgbackrest(store: &Store) -> Plain {
    let plain = Plain::new(store);
    plain.pgbackrest(&["repo-create"]);
    plain.pgbackrest(&["stanza-create", OF_STANZA]);
    let push = format!(
        "alter system set archive_command = 'pgbackrest --config={} {OF_STANZA} archive-push %p'",
        plain.path("pgbackrest.conf")
    );
    plain.sql(&push);
    plain.sql("alter system set work_mem = '9MB'");
    plain.sql("select pg_reload_conf()");
    // As if its indexes were built with another version of the C library.
    plain.sql("update pg_database set datcollversion = '1.0' where datname = 'template1'");
    plain.sql(&format!(
        "create tablespace aside location '{}'",
        plain.path("tablespace")
    ));
    plain.sql("create table words (id serial primary key, word text) tablespace aside");
    plain.sql("insert into words (word) values ('early')");
    plain.pgbackrest(&["backup", "--type=full", OF_STANZA]);
    plain.sql("insert into words (word) values ('late')");
    plain.pgbackrest(&["check", OF_STANZA]);
    plain.stop();
    plain
}
