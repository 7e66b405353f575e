//! Unit agents: one per unit, each a loop that does one operation after the other.

mod charm_dir;
pub mod commit;
pub mod environment;
mod execute;
mod launch;
pub mod lifecycle;
mod locks;
mod machine_command;
mod next_operation;
mod orphans;
mod relations_watch;
mod removal;
mod run_hook;
mod run_task;
mod running;
mod snapshot;
mod storage_dir;

use crate::api::Failure;
use crate::daemon::Daemon;
use crate::machine::container::Part;
use crate::model::Model;
use crate::model::progress::RunningKind;
use crate::model::unit::Unit;
use crate::tools::context::BagCache;
use jiff::Timestamp;
use next_operation::{Operation, next_operation};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use charm_dir::prepare_unit;
pub use machine_command::machine_exec;
pub use removal::remove_unit;
pub(crate) use removal::sweep_application;
pub(crate) use run_task::INTERRUPTED;
pub use running::Agents;
pub use storage_dir::StorageArea;

/// Names one unit of one model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitKey {
    pub model: String,
    pub uuid: String,
    pub unit: String,
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

    /// Held while this agent works on its machine, so that the unit's removal waits for it.
    async fn busy(&self) -> tokio::sync::OwnedMutexGuard<()> {
        let operations = &self.daemon.agents.operations;
        operations.acquire(self.slot, &self.key.unit).await
    }

    fn exists(&self) -> bool {
        self.read(|model| model.units.get(&self.key.unit).map(|_| ()))
            .is_some()
    }

    fn is_up(&self) -> bool {
        self.read(|model| {
            let unit = model.units.get(&self.key.unit)?;
            let machine = model.machines.get(&unit.machine)?;
            machine.is_up().then_some(())
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
        let snapshot = self.daemon.read_all(|models| {
            let model = models.get(&self.key.model)?;
            snapshot::take(models, model, &self.key.unit, &self.address, now)
        })?;
        Some(next_operation(&snapshot))
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
            // Not worth storing: an agent that starts again comes to rest again.
            self.daemon.note(&self.key.model, |model| {
                if let Some(unit) = model.units.get_mut(&self.key.unit) {
                    unit.set_agent("idle", "", Timestamp::now());
                }
            });
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
        if let Some(service) = Part::of_context(&self.root, &running.context)
            && let Err(error) = service.kill()
        {
            tracing::error!("cannot kill {}: {error}", service.path().display());
        }
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
