//! The processes that agents run, for those who must end them from outside, and the locks between agents.

use super::UnitKey;
use super::locks::Locks;
use crate::machine::container::Part;
use rustix::process::{Pid, Signal};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// The agents that run now, and the processes they started.
#[derive(Debug, Default)]
pub struct Agents {
    groups: Mutex<HashMap<(String, String), Group>>,
    rejections: Mutex<HashMap<(String, String), String>>,
    restarts: Mutex<HashMap<(String, String), Arc<Notify>>>,
    pub(super) locks: Locks,
    /// Held, by place and unit, while a unit's agent works on its machine, and while the unit is removed.
    pub(super) operations: Locks,
}

impl Agents {
    pub(super) fn running(
        &self,
        key: &UnitKey,
        leader: Option<u32>,
        service: Option<Part>,
    ) -> RunningGuard<'_> {
        let id = (key.uuid.clone(), key.unit.clone());
        if let Some(leader) = leader {
            self.groups
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id.clone(), Group { leader, service });
        }
        RunningGuard { agents: self, id }
    }

    /// Kills the process group that a unit's agent runs, if any, as a crash of the agent or a cancelled task would.
    pub fn kill(&self, uuid: &str, unit: &str) -> bool {
        self.signal(uuid, unit, Signal::KILL)
    }

    /// Signals the process group that a unit's agent runs; false if it runs none.
    pub fn signal(&self, uuid: &str, unit: &str, signal: Signal) -> bool {
        let id = (uuid.to_owned(), unit.to_owned());
        let group = self
            .groups
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        group.is_some_and(|group| group.signal(signal))
    }

    /// Lets a unit's agent die and start again; what it ran is left to the new one. False if it has no agent.
    pub fn restart(&self, uuid: &str, unit: &str) -> bool {
        // What it ran does nothing more until the new agent kills it.
        self.signal(uuid, unit, Signal::STOP);
        let restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        let signal = restarts.get(&(uuid.to_owned(), unit.to_owned()));
        signal.is_some_and(|signal| {
            signal.notify_waiters();
            true
        })
    }

    /// Fires when the unit's agent is to die.
    pub(crate) fn restart_signal(&self, key: &UnitKey) -> Arc<Notify> {
        let mut restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (key.uuid.clone(), key.unit.clone());
        Arc::clone(restarts.entry(id).or_default())
    }

    /// The unit is gone, or its agent stopped for good.
    pub(crate) fn forget_restarts(&self, key: &UnitKey) {
        self.restarts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&(key.uuid.clone(), key.unit.clone()));
    }

    /// The process groups that run now, for the end of the daemon.
    pub(crate) fn take_groups(&self) -> Vec<Group> {
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

    pub(super) fn take_rejection(&self, key: &UnitKey) -> Option<String> {
        let id = (key.uuid.clone(), key.unit.clone());
        self.rejections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
    }
}

/// The processes of a hook, an action or a command.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    leader: u32,
    /// On a machine with systemd the leader only waits for this service, which is the program.
    service: Option<Part>,
}

impl Group {
    /// Kills it; false if there is none.
    pub(crate) fn kill(&self) -> bool {
        self.signal(Signal::KILL)
    }

    fn signal(&self, signal: Signal) -> bool {
        if let Some(service) = &self.service {
            let done = match signal {
                Signal::KILL => service.kill(),
                signal => service.freeze(signal == Signal::STOP),
            };
            if let Err(error) = done {
                tracing::error!("cannot signal {}: {error}", service.path().display());
            }
        }
        let pid = Pid::from_raw(self.leader.cast_signed());
        pid.is_some_and(|pid| rustix::process::kill_process_group(pid, signal).is_ok())
    }
}

pub(super) struct RunningGuard<'a> {
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
