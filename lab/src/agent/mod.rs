//! Unit agents: one per unit, each a loop that does one operation after the other.

mod charm_dir;
pub mod commit;
pub mod environment;
mod execute;
pub mod lifecycle;
mod locks;
mod machine_command;
mod next_operation;
mod orphans;
mod relations_watch;
mod removal;
mod run_hook;
mod run_task;
mod snapshot;
mod storage_dir;

use crate::api::Failure;
use crate::daemon::Daemon;
use crate::model::Model;
use crate::model::progress::RunningKind;
use crate::model::unit::Unit;
use crate::tools::context::BagCache;
use jiff::Timestamp;
use locks::Locks;
use next_operation::{Operation, next_operation};
use rustix::process::{Pid, Signal};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) use charm_dir::prepare_unit;
pub use machine_command::machine_exec;
pub use removal::remove_unit;
pub(crate) use removal::sweep_application;
pub(crate) use run_task::INTERRUPTED;
pub use storage_dir::StorageArea;

/// Names one unit of one model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitKey {
    pub model: String,
    pub uuid: String,
    pub unit: String,
}

/// The agents that run now, and the processes they started.
#[derive(Debug, Default)]
pub struct Agents {
    groups: Mutex<HashMap<(String, String), u32>>,
    rejections: Mutex<HashMap<(String, String), String>>,
    locks: Locks,
}

impl Agents {
    fn running(&self, key: &UnitKey, group: Option<u32>) -> RunningGuard<'_> {
        let id = (key.uuid.clone(), key.unit.clone());
        if let Some(group) = group {
            self.groups
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id.clone(), group);
        }
        RunningGuard { agents: self, id }
    }

    /// Kills the process group that a unit's agent runs, if any, as a crash of the agent or a cancelled task would.
    pub fn kill(&self, uuid: &str, unit: &str) -> bool {
        let id = (uuid.to_owned(), unit.to_owned());
        let group = self
            .groups
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied();
        group.is_some_and(kill_group)
    }

    /// The process groups that run now, for the end of the daemon.
    pub fn take_groups(&self) -> Vec<u32> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.drain().map(|(_, group)| group).collect()
    }

    /// Lets the next commit of this unit fail with `message`.
    pub fn reject_next_commit(&self, uuid: &str, unit: &str, message: &str) {
        let id = (uuid.to_owned(), unit.to_owned());
        self.rejections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, message.to_owned());
    }

    fn take_rejection(&self, key: &UnitKey) -> Option<String> {
        let id = (key.uuid.clone(), key.unit.clone());
        self.rejections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
    }
}

/// Kills a process group; false if there is none.
pub fn kill_group(group: u32) -> bool {
    let pid = Pid::from_raw(group.cast_signed());
    pid.is_some_and(|pid| rustix::process::kill_process_group(pid, Signal::KILL).is_ok())
}

struct RunningGuard<'a> {
    agents: &'a Agents,
    id: (String, String),
}

impl Drop for RunningGuard<'_> {
    fn drop(&mut self) {
        self.agents
            .groups
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

/// One unit's agent.
pub struct Agent {
    daemon: Arc<Daemon>,
    key: UnitKey,
    /// Lab-wide number of the unit's machine.
    slot: u32,
    root: PathBuf,
    address: String,
    bags: Arc<Mutex<BagCache>>,
}

impl Agent {
    /// An agent on a machine that has its place in the lab.
    pub fn new(daemon: &Arc<Daemon>, key: UnitKey, slot: u32) -> Self {
        let address = daemon
            .address(Some(slot))
            .map(|address| address.to_string())
            .unwrap_or_default();
        Self {
            root: daemon.home.machine(slot),
            daemon: Arc::clone(daemon),
            key,
            slot,
            address,
            bags: Arc::default(),
        }
    }

    /// Works until the unit is gone.
    pub async fn run(self) {
        self.recover();
        loop {
            let mut changes = self.daemon.changes();
            if !self.is_up() {
                if !self.exists() || changes.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let Some(operation) = self.decide() else {
                return;
            };
            let result = match operation {
                Operation::Wait(until) => {
                    self.rest();
                    self.wait(&mut changes, until).await;
                    continue;
                }
                Operation::Run(hook) => self.run_hook(&hook).await,
                Operation::Task(task) => self.run_task(task).await,
                Operation::Unpack | Operation::Upgrade => self.install_charm().await,
                Operation::Resign => self.resign(),
                Operation::Skip => self.skip(),
                Operation::Finish => {
                    if let Err(failure) = remove_unit(&self.daemon, &self.key).await {
                        tracing::error!(unit = self.key.unit, "cannot remove the unit: {failure}");
                        self.pause().await;
                    }
                    continue;
                }
            };
            if let Err(failure) = result {
                tracing::error!(unit = self.key.unit, "{failure}");
                self.pause().await;
            }
        }
    }

    /// Something outside the model is broken; it is tried again, but not at full speed.
    async fn pause(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    fn read<R>(&self, read: impl FnOnce(&Model) -> Option<R>) -> Option<R> {
        self.daemon
            .read(&self.key.model, |model| Ok(read(model)))
            .ok()
            .flatten()
    }

    fn change(&self, change: impl FnOnce(&mut Model)) -> Result<(), Failure> {
        self.daemon.update(&self.key.model, |model| {
            change(model);
            Ok(())
        })
    }

    fn exists(&self) -> bool {
        self.read(|model| model.units.get(&self.key.unit).map(|_| ()))
            .is_some()
    }

    fn is_up(&self) -> bool {
        self.read(|model| {
            let unit = model.units.get(&self.key.unit)?;
            let machine = model.machines.get(&unit.machine)?;
            (machine.powered && machine.started.is_some()).then_some(())
        })
        .is_some()
    }

    /// The next operation; none if the unit is gone.
    fn decide(&self) -> Option<Operation> {
        let pending = self.read(|model| {
            let relations = lifecycle::relations_to_enter(model, &self.key.unit);
            Some(!relations.is_empty() || storage_dir::has_unplaced(model, &self.key.unit))
        })?;
        if pending {
            let settled = self.change(|model| {
                storage_dir::place(model, &self.key.unit, &self.root);
                lifecycle::enter_relations(model, &self.key.unit, &self.address);
                crate::controller::subordinate::settle(model, Timestamp::now());
            });
            if let Err(failure) = settled {
                tracing::error!(unit = self.key.unit, "cannot enter relations: {failure}");
            }
        }
        let now = Timestamp::now();
        self.read(|model| snapshot::take(model, &self.key.unit, &self.address, now))
            .map(|snapshot| next_operation(&snapshot))
    }

    async fn wait(&self, changes: &mut tokio::sync::watch::Receiver<()>, until: Option<Timestamp>) {
        let sleep = async {
            match until {
                Some(until) => {
                    let left = Duration::try_from(until.duration_since(Timestamp::now()))
                        .unwrap_or_default();
                    // A little late rather than a little early: the choice compares with the clock again.
                    tokio::time::sleep(left + Duration::from_millis(1)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = changes.changed() => {}
            () = sleep => {}
        }
    }

    fn rest(&self) {
        let busy = |unit: &Unit| (unit.agent.current != "idle").then_some(());
        if self
            .read(|model| model.units.get(&self.key.unit).and_then(busy))
            .is_some()
        {
            let rested = self.change(|model| {
                if let Some(unit) = model.units.get_mut(&self.key.unit) {
                    unit.set_agent("idle", "", Timestamp::now());
                }
            });
            if let Err(failure) = rested {
                tracing::error!(
                    unit = self.key.unit,
                    "cannot store the agent's status: {failure}"
                );
            }
        }
    }

    fn resign(&self) -> Result<(), Failure> {
        self.change(|model| {
            if let Some(unit) = model.units.get_mut(&self.key.unit) {
                unit.progress.leader = false;
            }
        })
    }

    fn skip(&self) -> Result<(), Failure> {
        let seen = self.seen();
        self.change(|model| {
            let failed = model
                .units
                .get(&self.key.unit)
                .and_then(|unit| unit.progress.failed());
            if let Some(hook) = failed.map(|(hook, _)| hook.clone()) {
                lifecycle::complete_hook(model, &self.key.unit, &hook, &seen, Timestamp::now());
            }
        })
    }

    /// What a hook that starts now reports as seen.
    fn seen(&self) -> lifecycle::Seen {
        self.read(|model| {
            let unit = model.units.get(&self.key.unit)?;
            Some(lifecycle::Seen {
                config: snapshot::fingerprint(
                    model.applications.get(&unit.application)?,
                    &self.address,
                ),
                boot: model.machines.get(&unit.machine)?.boot,
            })
        })
        .unwrap_or_default()
    }

    /// After a crash of the daemon: ends what the former agent left running. A hook runs again, a task has failed.
    fn recover(&self) {
        let running = self.read(|model| model.units.get(&self.key.unit)?.progress.running.clone());
        let Some(running) = running else { return };
        orphans::kill(&running.context);
        let recovered = self.change(|model| match &running.what {
            RunningKind::Hook(hook) => {
                if let Some(unit) = model.units.get_mut(&self.key.unit) {
                    lifecycle::requeue_hook(unit, hook, Timestamp::now());
                }
            }
            RunningKind::Task(task) => run_task::fail_interrupted(model, &self.key.unit, *task),
        });
        if let Err(failure) = recovered {
            tracing::error!(
                unit = self.key.unit,
                "cannot record what the former agent left: {failure}"
            );
        }
    }
}
