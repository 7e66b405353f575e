//! The controller daemon: owns the state of all models, runs the units' agents and answers clients.
//!
//! The state has one owner behind one lock. A change works on a copy of its model that replaces the original only if
//! the change succeeds and is stored, so a refused request and a failed commit change nothing.

pub mod api_server;
pub mod debug_log;
mod drafts;
pub(crate) mod machine_faults;
pub mod machines;
pub mod persist;
pub mod process;
pub mod sockets;
pub mod supervisor;
pub mod task_store;

use crate::agent::Agents;
use crate::api::Failure;
use crate::home::Home;
use crate::model::lease;
use crate::model::machine::Machine;
use crate::model::{Life, Model, identity};
use crate::tools::context::Contexts;
use debug_log::DebugLogs;
pub use drafts::Drafts;
use jiff::Timestamp;
use persist::{Controller, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use task_store::TaskStore;
use tokio::sync::watch;

/// Agent version the lab claims to be.
pub const VERSION: &str = "3.6.11";

#[derive(Debug)]
pub struct Daemon {
    pub home: Home,
    pub controller: Controller,
    pub started: Timestamp,
    pub logs: DebugLogs,
    pub deliveries: TaskStore,
    pub contexts: Contexts,
    pub agents: Agents,
    pub sockets: sockets::Sockets,
    pub machines: machines::MachineLocks,
    models: Mutex<BTreeMap<String, Model>>,
    defaults: Mutex<BTreeMap<String, String>>,
    store: Store,
    changes: watch::Sender<()>,
    stop: watch::Sender<bool>,
    stop_machines: AtomicBool,
}

impl Daemon {
    /// Loads what an earlier daemon stored in this home.
    pub fn open(home: Home) -> Result<Self, persist::PersistError> {
        let store = Store::open(&home.state())?;
        let (controller, mut models) = store.load()?;
        let now = Timestamp::now();
        for model in models.values_mut() {
            lease::extend_all(model, now);
            crate::controller::tasks::fail_machine_commands(model, now);
        }
        // A crash may have come between storing the two sides of a change.
        let mut drafts = Drafts::of(&models);
        let all = models.keys().cloned().collect();
        if crate::controller::across::settle(&mut drafts, all).is_ok() {
            models.extend(drafts.into_changed());
        }
        Ok(Self {
            logs: DebugLogs::new(&home.state()),
            deliveries: TaskStore::new(&home.state()),
            home,
            defaults: Mutex::new(controller.model_defaults.clone()),
            controller,
            started: now,
            contexts: Contexts::default(),
            agents: Agents::default(),
            sockets: sockets::Sockets::default(),
            machines: machines::MachineLocks::default(),
            models: Mutex::new(models),
            store,
            changes: watch::Sender::new(()),
            stop: watch::Sender::new(false),
            stop_machines: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Model>> {
        // A panic cannot leave a half-made change behind: changes are made on a copy.
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all models at one moment.
    pub fn read_all<R>(&self, read: impl FnOnce(&BTreeMap<String, Model>) -> R) -> R {
        read(&self.lock())
    }

    /// Reads one model, named `dev` or `admin/dev`.
    pub fn read<R>(
        &self,
        model: &str,
        read: impl FnOnce(&Model) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match self.lock().get(bare(model)) {
            Some(model) => read(model),
            None => Err(unknown_model(model)),
        }
    }

    /// Changes one model, all or nothing, stores it and wakes everybody who waits for changes.
    pub fn update<R, E: From<Failure>>(
        &self,
        model: &str,
        change: impl FnOnce(&mut Model) -> Result<R, E>,
    ) -> Result<R, E> {
        self.update_models(|drafts| change(drafts.get_mut(model)?))
    }

    /// Changes any number of models, all or nothing, and brings relations between models in line.
    pub fn update_models<R, E: From<Failure>>(
        &self,
        change: impl FnOnce(&mut Drafts<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut models = self.lock();
        let mut drafts = Drafts::of(&models);
        let result = change(&mut drafts)?;
        let crossing = drafts.crossing();
        crate::controller::across::settle(&mut drafts, crossing)?;
        drafts.changed_mut().for_each(|draft| {
            Self::settle_leases(draft);
        });
        let changed = drafts.into_changed();
        for draft in changed.values() {
            self.store
                .save(draft)
                .map_err(|error| Failure::internal(error.to_string()))?;
        }
        models.extend(changed);
        drop(models);
        self.changes.send_replace(());
        Ok(result)
    }

    /// Changes a model in memory only: for what a daemon that starts again finds out by itself.
    pub fn note(&self, model: &str, change: impl FnOnce(&mut Model)) {
        if let Some(model) = self.lock().get_mut(bare(model)) {
            change(model);
        }
        self.changes.send_replace(());
    }

    /// The operator's defaults for settings of models.
    pub fn model_defaults(&self) -> BTreeMap<String, String> {
        self.lock_defaults().clone()
    }

    fn lock_defaults(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.defaults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the operator's defaults; every model that does not say otherwise follows.
    pub fn change_model_defaults(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<(), Failure> {
        let mut draft = self.model_defaults();
        change(&mut draft);
        let controller = Controller {
            model_defaults: draft.clone(),
            ..self.controller.clone()
        };
        self.store
            .save_controller(&controller)
            .map_err(|error| Failure::internal(error.to_string()))?;
        self.lock_defaults().clone_from(&draft);
        self.update_models(|drafts| {
            let names: Vec<String> = drafts.iter().map(|model| model.name.clone()).collect();
            for name in names {
                drafts.get_mut(&name)?.inherited.clone_from(&draft);
            }
            Ok(())
        })
    }

    /// Moves leases on. Only a change of leadership is stored; a renewal is not worth it, because a daemon that
    /// starts again renews every lease.
    pub fn tick_leases(&self) {
        let mut moved = false;
        for model in self.lock().values_mut() {
            if Self::settle_leases(model) {
                moved = true;
                if let Err(error) = self.store.save(model) {
                    tracing::error!(
                        model = model.name,
                        "cannot store a change of leadership: {error}"
                    );
                }
            }
        }
        if moved {
            self.changes.send_replace(());
        }
    }

    /// Ends the faults of units that held for a time.
    pub fn expire_faults(&self) {
        let now = Timestamp::now();
        let over: Vec<String> = self.read_all(|models| {
            let due = |model: &&Model| {
                let mut units = model.units.values();
                units.any(|unit| unit.faults.clone().expire(now))
            };
            models
                .values()
                .filter(due)
                .map(|it| it.name.clone())
                .collect()
        });
        for model in over {
            let expired = self.update(&model, |model| {
                for unit in model.units.values_mut() {
                    unit.faults.expire(now);
                }
                Ok::<_, Failure>(())
            });
            if let Err(failure) = expired {
                tracing::error!(model, "cannot end a fault: {failure}");
            }
        }
    }

    fn settle_leases(model: &mut Model) -> bool {
        let up: BTreeSet<String> = model
            .units
            .values()
            .filter(|unit| {
                model
                    .machines
                    .get(&unit.machine)
                    .is_some_and(Machine::is_up)
            })
            .map(|unit| unit.name.clone())
            .collect();
        lease::settle(model, Timestamp::now(), &|unit| up.contains(unit))
    }

    /// Adds a model under a name that is free.
    pub fn add_model(&self, model: Model) -> Result<(), Failure> {
        let mut models = self.lock();
        if models.contains_key(&model.name) {
            return Err(Failure::exists(format!(
                "model \"{}\" already exists",
                model.name
            )));
        }
        self.store
            .save(&model)
            .map_err(|error| Failure::internal(error.to_string()))?;
        models.insert(model.name.clone(), model);
        drop(models);
        self.changes.send_replace(());
        Ok(())
    }

    /// Forgets a model and its files.
    pub fn forget_model(&self, name: &str) -> Result<(), persist::PersistError> {
        let mut models = self.lock();
        if let Some(model) = models.get(name) {
            self.store.remove(&model.uuid)?;
            self.logs.remove(&model.uuid);
            self.deliveries.remove(&model.uuid);
        }
        models.remove(name);
        // Relations with the model that went are over.
        let mut drafts = Drafts::of(&models);
        let all = models.keys().cloned().collect();
        match crate::controller::across::settle(&mut drafts, all) {
            Ok(()) => {
                let changed = drafts.into_changed();
                for draft in changed.values() {
                    self.store.save(draft)?;
                }
                models.extend(changed);
            }
            Err(failure) => tracing::error!("cannot end relations with model {name}: {failure}"),
        }
        let applications = models
            .values()
            .flat_map(|model| model.applications.values());
        let used: BTreeSet<&str> = applications.map(|it| it.charm.key.as_str()).collect();
        self.store.retain_charms(|key| used.contains(key));
        drop(models);
        self.changes.send_replace(());
        Ok(())
    }

    /// Signals every later change of any model.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Becomes true when the daemon is to end.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Whether machines are stopped when the daemon ends.
    pub fn stop_machines_at_end(&self, stop: bool) {
        self.stop_machines.store(stop, Ordering::Relaxed);
    }

    pub fn stops_machines(&self) -> bool {
        self.stop_machines.load(Ordering::Relaxed)
    }

    /// Where units would find the controller; the lab's units use a socket instead.
    pub fn controller_address(&self) -> Ipv4Addr {
        let [a, b, c] = crate::machine::address::subnet(self.home.path());
        Ipv4Addr::new(a, b, c, 1)
    }

    /// Address of the machine in this slot of the lab.
    pub fn address(&self, slot: Option<u32>) -> Option<Ipv4Addr> {
        crate::machine::address::machine(self.home.path(), slot?)
    }

    /// Address of a unit as text; empty while its machine has no place yet.
    pub fn unit_address(&self, model: &Model, unit: &str) -> String {
        model
            .units
            .get(unit)
            .and_then(|unit| model.machines.get(&unit.machine))
            .and_then(|machine| self.address(machine.slot))
            .map(|address| address.to_string())
            .unwrap_or_default()
    }
}

/// `dev` of `admin/dev`.
pub fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

pub fn unknown_model(model: &str) -> Failure {
    Failure::not_found(format!("model \"{}\" not found", qualified(model)))
}

/// `admin/dev` of `dev`.
pub fn qualified(model: &str) -> String {
    if model.contains('/') {
        model.to_owned()
    } else {
        format!("admin/{model}")
    }
}

/// A unit of a model, or the refusal that Juju words.
pub fn unit_of<'a>(model: &'a Model, unit: &str) -> Result<&'a crate::model::unit::Unit, Failure> {
    if identity::unit_number(unit).is_none() {
        return Err(Failure::invalid(format!("invalid unit name \"{unit}\"")));
    }
    model
        .units
        .get(unit)
        .ok_or_else(|| Failure::not_found(format!("unit \"{unit}\" not found")))
}

/// An application that is not gone, or the refusal that Juju words.
pub fn application_of<'a>(
    model: &'a Model,
    application: &str,
) -> Result<&'a crate::model::application::Application, Failure> {
    model
        .applications
        .get(application)
        .filter(|it| it.life != Life::Dead)
        .ok_or_else(|| Failure::not_found(format!("application \"{application}\" not found")))
}
