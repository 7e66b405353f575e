//! A lab of its own for one story, and the `juju` that speaks to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use crate::asked::Task;

/// What one command printed.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A story takes minutes, on a slow machine a few more.
const LONGEST: Duration = Duration::from_mins(12);

/// One lab, in a folder of its own. It ends with the story.
pub(crate) struct Lab {
    home: PathBuf,
    programs: PathBuf,
    user: Option<String>,
    over: Option<Sender<()>>,
}

impl Lab {
    /// A new lab with a model. `name` is short: sockets lie below the lab's folder.
    pub(crate) fn new(name: &str) -> Self {
        Self::of(name, None)
    }

    /// The same, for an ordinary user.
    pub(crate) fn of_user(name: &str, user: &str) -> Self {
        Self::of(name, Some(user.to_owned()))
    }

    /// The same with machines that have a real systemd; none, loudly, where the computer cannot have them.
    pub(crate) fn of_real_machines(name: &str) -> Option<Self> {
        let lab = Self::not_running(name, None);
        let up = lab.lab(&["up", "--machines", "systemd"]);
        // Only what no command can mend is an excuse.
        let excuses = [
            "machines with systemd need root",
            "which this computer's kernel does not offer",
        ];
        if up.code != Some(0) && excuses.iter().any(|excuse| up.stderr.contains(excuse)) {
            // Past the capture of the test's output.
            let told = format!(
                "\nNOT PROVED HERE, the charm on a real systemd: {}\n",
                up.stderr
            );
            std::io::Write::write_all(&mut std::io::stderr().lock(), told.as_bytes()).unwrap();
            return None;
        }
        up.ok();
        Some(lab.with_model())
    }

    fn of(name: &str, user: Option<String>) -> Self {
        let lab = Self::not_running(name, user);
        lab.lab(&["up"]).ok();
        lab.with_model()
    }

    fn not_running(name: &str, user: Option<String>) -> Self {
        let built = Path::new(env!("CARGO_BIN_EXE_postgresql-charm"));
        let programs = built.parent().expect("programs lie in a folder").to_owned();
        let home = PathBuf::from(format!("/var/tmp/pg-{name}-{}", std::process::id()));
        let lab = Self {
            home,
            programs,
            user,
            over: None,
        };
        lab.prepare();
        lab
    }

    fn with_model(mut self) -> Self {
        self.juju(&["add-model", "dev"]).ok();
        self.over = Some(self.end_if_it_hangs());
        self
    }

    /// Takes the lab away from a story that waits for ever: all it waits for then fails, and the log is there to tell why.
    fn end_if_it_hangs(&self) -> Sender<()> {
        let (over, until_over) = mpsc::channel();
        let lab = Self {
            home: self.home.clone(),
            programs: self.programs.clone(),
            user: self.user.clone(),
            over: None,
        };
        thread::spawn(move || {
            let hangs = until_over.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout);
            if hangs {
                let home = lab.home.display();
                eprintln!("the story in {home} takes longer than any should: its lab ends");
                eprintln!("{}\n{}", lab.juju(&["status"]).stdout, lab.log());
                lab.lab(&["destroy"]);
            }
            // The story removes the rest.
            std::mem::forget(lab);
        });
        over
    }

    /// An ordinary user can neither read the checkout nor make a folder where it likes.
    fn prepare(&self) {
        let Some(user) = &self.user else { return };
        std::fs::create_dir_all(self.shared()).expect("make a folder for the programs");
        for name in ["juju-lab", "juju", "lab-object-store"] {
            let _ = std::fs::copy(self.programs.join(name), self.shared().join(name));
        }
        let charms = self.shared().join("charms");
        std::fs::create_dir_all(&charms).expect("make a folder for the charms");
        for entry in std::fs::read_dir(self.programs.join("charms")).expect("charms are packed") {
            let path = entry.expect("read the folder of charms").path();
            let name = path.file_name().expect("a charm has a name");
            std::fs::copy(&path, charms.join(name)).expect("copy a charm");
        }
        std::fs::create_dir_all(&self.home).expect("make the lab's folder");
        let owned = format!("{user}:");
        let status = Command::new("chown").arg(owned).arg(&self.home).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "give {user} the lab's folder"
        );
    }

    fn shared(&self) -> PathBuf {
        PathBuf::from(format!("{}-programs", self.home.display()))
    }

    fn folder_of_programs(&self) -> PathBuf {
        if self.user.is_some() {
            self.shared()
        } else {
            self.programs.clone()
        }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The root of a machine.
    pub(crate) fn machine(&self, number: u32) -> PathBuf {
        self.home.join(format!("m/{number}"))
    }

    /// The root of the machine a unit is on; one that was removed leaves its place to another.
    pub(crate) fn root_of(&self, unit: &str) -> PathBuf {
        let agent = format!("var/lib/juju/agents/unit-{}", unit.replace('/', "-"));
        let machines = std::fs::read_dir(self.home.join("m")).into_iter().flatten();
        machines
            .flatten()
            .map(|entry| entry.path())
            .find(|root| root.join(&agent).exists())
            .unwrap_or_else(|| self.home.join("m/none"))
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let path = self.folder_of_programs().join(program);
        let mut command = match &self.user {
            None => Command::new(path),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
        };
        command
            .args(arguments)
            .env("JUJU_LAB_HOME", &self.home)
            .env("JUJU_LAB_CHARMS", self.folder_of_programs().join("charms"))
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Runs `juju-lab`.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Said {
        said(self.command("juju-lab", arguments).output())
    }

    /// Runs `juju`.
    pub(crate) fn juju(&self, arguments: &[&str]) -> Said {
        said(self.command("juju", arguments).output())
    }

    /// Waits until everything is active and idle.
    #[track_caller]
    pub(crate) fn settle(&self) {
        let said = self.lab(&["wait", "--timeout", "5m"]);
        assert_eq!(
            said.code,
            Some(0),
            "{}\n{}\n{}",
            said.stdout,
            said.stderr,
            self.log()
        );
    }

    /// The end of the model's log.
    pub(crate) fn log(&self) -> String {
        self.juju(&["debug-log", "--replay", "--no-tail", "--limit", "400"])
            .stdout
    }

    /// Deploys PostgreSQL and the integrator with an object store of this lab's, and waits until all is active.
    #[track_caller]
    pub(crate) fn with_backups(&self, path: &str) -> Store {
        self.deploy("postgresql", "postgresql");
        self.with_store(path)
    }

    /// The same for a PostgreSQL that is deployed already.
    #[track_caller]
    pub(crate) fn with_store(&self, path: &str) -> Store {
        let store = self.object_store();
        self.deploy("s3-integrator", "s3-integrator");
        self.configure(&store, "s3-integrator", path);
        self.juju(&["integrate", "postgresql", "s3-integrator"])
            .ok();
        self.settle();
        store
    }

    #[track_caller]
    pub(crate) fn deploy(&self, charm: &str, application: &str) {
        let file = self
            .folder_of_programs()
            .join(format!("charms/{charm}.charm"));
        let file = file.display().to_string();
        self.juju(&["deploy", &file, application]).ok();
    }

    /// Deploys an application that uses a database, from its directory, and relates it with that.
    #[track_caller]
    pub(crate) fn deploy_client(&self, database: &str, application: &str) {
        let charm = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/charms/database-client");
        self.juju(&["deploy", &charm.display().to_string(), application])
            .ok();
        self.juju(&["integrate", &format!("{database}:database"), application])
            .ok();
    }

    /// Gives an integrator everything about a store.
    #[track_caller]
    pub(crate) fn configure(&self, store: &Store, integrator: &str, path: &str) {
        self.settle_hooks();
        let set = [
            format!("endpoint={}", store.endpoint),
            format!("tls-ca-chain={}", store.ca),
            format!("path={path}"),
            "bucket=backups".to_owned(),
            "region=us-east-1".to_owned(),
            "s3-uri-style=path".to_owned(),
        ];
        let mut arguments = vec!["config", integrator];
        arguments.extend(set.iter().map(String::as_str));
        self.juju(&arguments).ok();
        self.keys(integrator, &store.access_key, &store.secret_key);
    }

    /// Gives an integrator keys.
    #[track_caller]
    pub(crate) fn keys(&self, integrator: &str, access: &str, secret: &str) {
        let (access, secret) = (
            format!("access-key={access}"),
            format!("secret-key={secret}"),
        );
        let unit = format!("{integrator}/leader");
        self.run(
            &unit,
            "sync-s3-credentials",
            &["--string-args", &access, &secret],
        )
        .done();
    }

    /// Waits until every unit has run its first hooks, whatever its status.
    fn settle_hooks(&self) {
        eventually("every unit is idle", || {
            let said = self.juju(&["status", "--format", "json"]);
            let busy =
                said.stdout.contains("\"allocating\"") || said.stdout.contains("\"executing\"");
            if busy { Err(said.stdout) } else { Ok(()) }
        });
    }

    /// Starts this lab's object store.
    #[track_caller]
    pub(crate) fn object_store(&self) -> Store {
        self.lab(&["object-store", "start"]).ok();
        let said = self.lab(&["object-store", "info", "--format", "json"]).ok();
        let info: Value = serde_json::from_str(&said.stdout).expect("JSON about the store");
        let text = |key: &str| {
            info[key]
                .as_str()
                .unwrap_or_else(|| panic!("no {key} in {info:#}"))
                .to_owned()
        };
        Store {
            endpoint: text("endpoint"),
            access_key: text("access-key"),
            secret_key: text("secret-key"),
            ca: text("tls-ca-chain"),
        }
    }

    /// Runs SQL as the operator on a unit, over its socket, and gives the rows without decoration.
    #[track_caller]
    pub(crate) fn sql(&self, unit: &str, statement: &str) -> String {
        let said = self.try_sql(unit, statement);
        assert_eq!(said.code, Some(0), "{statement}: {said:?}");
        said.stdout.trim().to_owned()
    }

    /// The same, whatever comes of it.
    pub(crate) fn try_sql(&self, unit: &str, statement: &str) -> Said {
        self.try_sql_in("postgres", unit, statement)
    }

    /// The same in another database.
    pub(crate) fn try_sql_in(&self, database: &str, unit: &str, statement: &str) -> Said {
        let socket = self.root_of(unit).join("run/postgresql");
        let socket = socket.display().to_string();
        let arguments = [
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &socket,
            "-U",
            "operator",
        ];
        // Killed and not cancelled: a commit that waits for a standby and is cancelled is reported as done.
        let psql = ["timeout", "--signal=KILL", "2m", "psql"];
        let mut command = match &self.user {
            None => Command::new(psql[0]),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--", psql[0]]);
                command
            }
        };
        command
            .args(&psql[1..])
            .args(arguments)
            .args(["-d", database, "-c", statement])
            .current_dir("/");
        said(command.stdin(Stdio::null()).output())
    }
}

/// A query over the network; what the server or the client has against the login, otherwise the answer.
pub(crate) fn over_the_network(
    target: &str,
    password: &str,
    query: &str,
) -> Result<String, String> {
    let output = Command::new("psql")
        .env("PGPASSWORD", password)
        .args(["-X", "-A", "-t", "-c", query, target])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What an integrator has to know of an object store.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) endpoint: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) ca: String,
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(self.over.take());
        if thread::panicking() {
            eprintln!("{}\n{}", self.juju(&["status"]).stdout, self.log());
        }
        if std::env::var_os("KEEP_LAB").is_some() {
            eprintln!("the lab is kept in {}", self.home.display());
            return;
        }
        let ended = self.lab(&["destroy"]);
        if ended.code != Some(0) {
            eprintln!("{ended:?}");
        }
        let _ = std::fs::remove_dir_all(&self.home);
        let _ = std::fs::remove_dir_all(self.shared());
    }
}

impl Said {
    /// The same, which must have ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

fn said(output: std::io::Result<Output>) -> Said {
    let output = output.expect("start the program: run `make build` first");
    Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits for a fact. The bound is there to end a hopeless wait, and generous for slow machines.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is: impl FnMut() -> Result<(), String>) {
    let deadline = Instant::now() + Duration::from_mins(5);
    loop {
        match is() {
            Ok(()) => return,
            Err(now) if Instant::now() > deadline => panic!("{what} did not come true: {now}"),
            Err(_) => thread::sleep(Duration::from_millis(300)),
        }
    }
}
