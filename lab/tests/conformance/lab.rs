//! A lab of its own for each test, and charms written as shell scripts.

use juju_lab::api::{
    AddModel, CharmSource, Deploy, Endpoint, Enqueued, Exec, Failure, FullStatus, Integrate,
    Integrated, Level, LogFilter, LogPage, MachineSpecReply, RemoveUnits, Removed, Request,
    RunAction, TaskView, UnitStatus,
};
use juju_lab::client::{CallError, Client};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const MODEL: &str = "dev";

/// What no test should ever have to wait for longer.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Lab {
    home: PathBuf,
    directory: TempDir,
    /// The model that all but explicit requests are about.
    focus: Mutex<String>,
}

impl Lab {
    /// Starts a lab with an empty model.
    pub(crate) fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("jl-")
            .tempdir_in("/var/tmp")
            .unwrap();
        let lab = Self {
            home: directory.path().join("h"),
            directory,
            focus: Mutex::new(MODEL.into()),
        };
        lab.up();
        lab.add_model(MODEL);
        lab
    }

    pub(crate) fn add_model(&self, name: &str) {
        let request = AddModel {
            name: name.into(),
            config: BTreeMap::new(),
        };
        self.call::<serde_json::Value>(&Request::AddModel(request));
    }

    /// Later calls are about this model.
    pub(crate) fn focus(&self, model: &str) -> &Self {
        *self.focus.lock().unwrap() = model.into();
        self
    }

    pub(crate) fn model(&self) -> String {
        self.focus.lock().unwrap().clone()
    }

    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_juju-lab"));
        command.env("JUJU_LAB_HOME", &self.home);
        command
    }

    pub(crate) fn up(&self) {
        let output = self.program().arg("up").output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(crate) fn down(&self) {
        let output = self.program().arg("down").output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Kills the daemon as a crash would, and starts another.
    pub(crate) fn crash_and_restart(&self) {
        let info: juju_lab::api::ControllerInfo = self.call(&Request::Ping);
        let status = Command::new("kill")
            .args(["-9", &info.pid.to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        self.until("the daemon is dead", || {
            Client::connect(&self.home).is_err()
        });
        self.up();
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    pub(crate) fn try_call<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Failure> {
        match Client::connect(&self.home).unwrap().call(request) {
            Ok(answer) => Ok(answer),
            Err(CallError::Refused(failure)) => Err(failure),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn call<T: DeserializeOwned>(&self, request: &Request) -> T {
        self.try_call(request)
            .unwrap_or_else(|failure| panic!("{request:?}: {failure}"))
    }

    /// Waits for something that must come.
    pub(crate) fn until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !condition() {
            if begun.elapsed() > PATIENCE {
                let log = Client::connect(&self.home).map(|_| self.log_text());
                panic!("still waiting until {what}\n{}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Deploys a charm and waits until its units rest.
    pub(crate) fn deploy(&self, charm: &Charm, units: u32) {
        self.deploy_as(charm, &charm.name, units);
    }

    pub(crate) fn deploy_as(&self, charm: &Charm, name: &str, units: u32) {
        self.deploy_unsettled(charm, name, units);
        self.settle();
    }

    pub(crate) fn deploy_unsettled(&self, charm: &Charm, name: &str, units: u32) {
        let request = Deploy {
            application: Some(name.into()),
            num_units: units,
            model: self.model(),
            ..deploy_request(&charm.write(self.directory.path()))
        };
        self.call::<serde_json::Value>(&Request::Deploy(request));
    }

    /// A charm's directory, for requests that name it.
    pub(crate) fn charm(&self, charm: &Charm) -> CharmSource {
        CharmSource::Path(charm.write(self.directory.path()))
    }

    pub(crate) fn status(&self) -> FullStatus {
        self.call(&Request::Status {
            model: self.model(),
        })
    }

    pub(crate) fn unit(&self, unit: &str) -> UnitStatus {
        let status = self.status();
        let application = &status.applications[unit.split('/').next().unwrap()];
        application.units[unit].clone()
    }

    /// Waits until every unit's agent rests and keeps resting for a moment.
    pub(crate) fn settle(&self) {
        let mut calm_since: Option<Instant> = None;
        self.until("all units rest", || {
            let units = self
                .status()
                .applications
                .into_values()
                .flat_map(|it| it.units.into_values());
            let rests = |unit: &UnitStatus| {
                unit.agent.current == "idle"
                    && unit
                        .subordinates
                        .values()
                        .all(|unit| unit.agent.current == "idle")
            };
            if units.into_iter().all(|unit| rests(&unit)) {
                calm_since.get_or_insert_with(Instant::now).elapsed() > Duration::from_millis(150)
            } else {
                calm_since = None;
                false
            }
        });
    }

    pub(crate) fn leader(&self, application: &str) -> String {
        let status = self.status();
        let units = &status.applications[application].units;
        units
            .iter()
            .find(|(_, unit)| unit.leader)
            .unwrap()
            .0
            .clone()
    }

    pub(crate) fn follower(&self, application: &str) -> String {
        let status = self.status();
        let units = &status.applications[application].units;
        units
            .iter()
            .find(|(_, unit)| !unit.leader)
            .unwrap()
            .0
            .clone()
    }

    pub(crate) fn integrate(&self, first: &str, second: &str) -> u64 {
        let request = Integrate {
            model: self.model(),
            first: Endpoint::parse(first),
            second: Endpoint::parse(second),
        };
        self.call::<Integrated>(&Request::Integrate(request))
            .relation_id
    }

    pub(crate) fn remove_unit(&self, unit: &str) {
        let request = RemoveUnits {
            model: self.model(),
            units: vec![unit.into()],
            destroy_storage: false,
            force: false,
            dry_run: false,
        };
        self.call::<Removed>(&Request::RemoveUnits(request));
    }

    /// Waits until the unit is gone from the model.
    pub(crate) fn until_gone(&self, unit: &str) {
        let application = unit.split('/').next().unwrap();
        self.until(&format!("{unit} is gone"), || {
            self.status()
                .applications
                .get(application)
                .is_none_or(|it| !it.units.contains_key(unit))
        });
    }

    /// Runs a command in a hook context of a unit; its output, trimmed, if it succeeded.
    pub(crate) fn exec(&self, unit: &str, command: &str) -> Result<String, String> {
        let task = self.exec_task(unit, command);
        let results = task.results;
        match results.return_code {
            Some(0) if task.message.is_none() => Ok(results.stdout.trim_end().to_owned()),
            _ => Err(format!(
                "{}{}",
                results.stderr.trim_end(),
                task.message.unwrap_or_default()
            )),
        }
    }

    pub(crate) fn exec_task(&self, unit: &str, command: &str) -> TaskView {
        let request = Exec {
            model: self.model(),
            units: vec![unit.into()],
            applications: Vec::new(),
            machines: Vec::new(),
            all: false,
            command: command.into(),
        };
        let enqueued: Enqueued = self.call(&Request::Exec(request));
        self.finished(&enqueued.tasks[0].id.clone().unwrap())
    }

    pub(crate) fn enqueue(&self, unit: &str, action: &str, params: &serde_json::Value) -> Enqueued {
        let request = RunAction {
            model: self.model(),
            units: vec![unit.into()],
            action: action.into(),
            params: params.as_object().unwrap().clone(),
        };
        self.call(&Request::RunAction(request))
    }

    pub(crate) fn run(&self, unit: &str, action: &str, params: &serde_json::Value) -> TaskView {
        let enqueued = self.enqueue(unit, action, params);
        let id = enqueued.tasks[0].id.clone();
        self.finished(&id.unwrap_or_else(|| panic!("{:?}", enqueued.tasks[0].failure)))
    }

    pub(crate) fn task(&self, id: &str) -> TaskView {
        self.call(&Request::Task {
            model: self.model(),
            id: id.into(),
            since_line: 0,
        })
    }

    pub(crate) fn finished(&self, id: &str) -> TaskView {
        self.until(&format!("task {id} is over"), || {
            self.task(id).status.is_final()
        });
        self.task(id)
    }

    pub(crate) fn machine_of(&self, unit: &str) -> MachineSpecReply {
        self.call(&Request::MachineOf {
            model: self.model(),
            target: unit.into(),
        })
    }

    pub(crate) fn charm_dir(&self, unit: &str) -> PathBuf {
        self.machine_of(unit).charm_dir.unwrap()
    }

    /// What the unit's hooks recorded so far: one line per hook, as [`Charm::recorder`] writes them.
    pub(crate) fn events(&self, unit: &str) -> Vec<String> {
        let text = fs::read_to_string(self.directory.path().join(unit.replace('/', "-")))
            .unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Forgets what was recorded.
    pub(crate) fn forget_events(&self, unit: &str) {
        let _ = fs::remove_file(self.directory.path().join(unit.replace('/', "-")));
    }

    pub(crate) fn until_event(&self, unit: &str, event: &str) {
        self.until(&format!("{unit} records {event}"), || {
            self.events(unit).iter().any(|line| line == event)
        });
    }

    pub(crate) fn log(&self) -> LogPage {
        let filter = LogFilter {
            model: self.model(),
            level: Some(Level::Trace),
            ..LogFilter::default()
        };
        self.call(&Request::DebugLog(filter))
    }

    pub(crate) fn log_text(&self) -> String {
        self.log()
            .records
            .into_iter()
            .fold(String::new(), |mut text, it| {
                let _ = writeln!(
                    text,
                    "{} {} {} {}",
                    it.entity, it.level, it.module, it.message
                );
                text
            })
    }

    pub(crate) fn set_model(&self, key: &str, value: &str) {
        let values = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        self.call::<()>(&Request::SetModelConfig {
            model: self.model(),
            values,
            reset: Vec::new(),
        });
    }

    pub(crate) fn set_config(
        &self,
        application: &str,
        key: &str,
        value: &str,
    ) -> Result<Vec<String>, Failure> {
        self.try_call(&Request::SetConfig {
            model: self.model(),
            application: application.into(),
            values: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            reset: Vec::new(),
        })
    }

    /// Path in a directory that charms and the test share.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let output = self.program().arg("destroy").output();
        if let Ok(output) = output
            && !std::thread::panicking()
        {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

pub(crate) fn deploy_request(charm: &Path) -> Deploy {
    serde_json::from_value(serde_json::json!({"model": MODEL, "charm": {"path": charm}})).unwrap()
}

/// A charm whose dispatch is a shell script.
#[derive(Clone)]
pub(crate) struct Charm {
    pub(crate) name: String,
    metadata: String,
    files: BTreeMap<String, String>,
    script: String,
}

impl Charm {
    /// A charm with these lines of metadata. Each hook writes a line to the test's directory before `script` runs:
    /// the hook's name and, in relation hooks, the remote unit (or `app NAME` for an application's news).
    pub(crate) fn recorder(name: &str, metadata: &str, script: &str) -> Self {
        Self {
            name: name.into(),
            metadata: format!("name: {name}\nsummary: s\ndescription: d\n{metadata}"),
            files: BTreeMap::new(),
            script: script.into(),
        }
    }

    pub(crate) fn file(mut self, name: &str, content: &str) -> Self {
        self.files.insert(name.into(), content.into());
        self
    }

    pub(crate) fn script(mut self, script: &str) -> Self {
        self.script = script.into();
        self
    }

    fn write(&self, shared: &Path) -> PathBuf {
        let directory = tempfile::Builder::new()
            .prefix(&self.name)
            .tempdir_in(shared)
            .unwrap()
            .keep();
        fs::write(directory.join("metadata.yaml"), &self.metadata).unwrap();
        for (name, content) in &self.files {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
        }
        let dispatch = directory.join("dispatch");
        let shared = shared.display();
        let text = format!(
            "#!/bin/sh\nshared={shared}\nname=\"${{JUJU_DISPATCH_PATH#*/}}\"\nline=\"$name\"\n\
             case \"$name\" in *-relation-*) if [ -n \"$JUJU_REMOTE_UNIT\" ]; then line=\"$name $JUJU_REMOTE_UNIT\"; \
             else case \"$name\" in *-changed) line=\"$name app $JUJU_REMOTE_APP\";; esac; fi;; esac\n\
             echo \"$line\" >> \"$shared/$(echo \"$JUJU_UNIT_NAME\" | tr / -)\"\n{}\n",
            self.script
        );
        fs::write(&dispatch, text).unwrap();
        fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
        directory
    }
}
