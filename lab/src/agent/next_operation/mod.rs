//! Which operation a unit's agent does next: a pure function of what it remembers and what the model says now.
//! The order is Juju's: it is evaluated from the top each time the agent is free.

use crate::agent::relations_watch::{self, RelationView};
use crate::model::Life;
use crate::model::hook::{Hook, SecretHook, StorageHook};
use crate::model::progress::Progress;
use crate::model::unit::Resolution;
use jiff::Timestamp;

/// All that the choice depends on.
#[derive(Debug, Clone)]
pub(in crate::agent) struct Snapshot {
    pub life: Life,
    pub progress: Progress,
    /// The machine's present boot.
    pub boot: u64,
    pub leader: bool,
    /// Fingerprint of config, trust and address.
    pub config: String,
    /// Key of the charm the application runs.
    pub charm: String,
    /// In the order in which they are looked at; Juju promises none.
    pub relations: Vec<RelationView>,
    /// Storage attached to the unit in the model.
    pub storage: Vec<StorageHook>,
    /// Due secret events, gravest first.
    pub secrets: Vec<SecretHook>,
    /// When the next secret event falls due by the clock.
    pub secrets_due: Option<Timestamp>,
    /// Pending tasks, oldest first.
    pub tasks: Vec<u64>,
    pub resolved: Option<Resolution>,
    pub force_upgrade: bool,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::agent) enum Operation {
    /// Put the charm's files into the empty charm directory.
    Unpack,
    /// Replace the charm's files; upgrade-charm follows unless it is forced out of an error.
    Upgrade,
    Run(Hook),
    Task(u64),
    /// Forget that the unit was leader. No hook tells the charm.
    Resign,
    /// Take the failed hook as done (`resolved --no-retry`).
    Skip,
    /// The unit is gone from Juju's point of view.
    Finish,
    /// Nothing to do before this time, or before the model changes.
    Wait(Option<Timestamp>),
}

/// Chooses the next operation.
pub(in crate::agent) fn next_operation(s: &Snapshot) -> Operation {
    let progress = &s.progress;
    let alive = s.life == Life::Alive;
    let failed = progress.failed();
    let idle = progress.hook.is_none();
    if progress.removed || (!alive && !progress.installed && failed.is_none()) {
        return Operation::Finish;
    }
    if progress.charm.is_none() {
        return Operation::Unpack;
    }
    if progress.upgrading.is_some() {
        return Operation::Upgrade;
    }
    if progress.leader && !s.leader {
        return Operation::Resign;
    }
    if idle && let Some(operation) = urgent(s, alive) {
        return operation;
    }
    if let Some(task) = s.tasks.first()
        && (failed.is_some() || (idle && progress.installed))
    {
        return Operation::Task(*task);
    }
    if idle && let Some(hook) = storage(s, alive) {
        return Operation::Run(hook);
    }
    if let Some((hook, failure)) = failed {
        return match s.resolved {
            Some(Resolution::Retry) => Operation::Run(hook.clone()),
            Some(Resolution::NoRetry) => Operation::Skip,
            None if s.force_upgrade && progress.charm.as_ref() != Some(&s.charm) => {
                Operation::Upgrade
            }
            None if failure.retry_at.is_some_and(|at| at <= s.now) => Operation::Run(hook.clone()),
            None => Operation::Wait(failure.retry_at),
        };
    }
    if let Some(pending) = &progress.hook {
        return Operation::Run(pending.hook.clone());
    }
    if alive { ordinary(s) } else { farewell(s) }
}

/// What goes before actions: the machine rebooted, new relations, leadership, secrets.
fn urgent(s: &Snapshot, alive: bool) -> Option<Operation> {
    let progress = &s.progress;
    if alive && progress.started && progress.boot != s.boot {
        return Some(Operation::Run(Hook::Start));
    }
    if let Some(hook) = progress.repeat.first() {
        return Some(Operation::Run(hook.clone()));
    }
    if !alive || !progress.installed {
        return None;
    }
    let created = s
        .relations
        .iter()
        .find_map(|view| relations_watch::created_hook(view, progress));
    if let Some(hook) = created {
        return Some(Operation::Run(hook));
    }
    if s.leader && !progress.leader {
        return Some(Operation::Run(Hook::LeaderElected));
    }
    if !s.leader && !progress.told_follower {
        return Some(Operation::Run(Hook::LeaderSettingsChanged));
    }
    let secret = s.secrets.first().filter(|_| progress.started)?;
    Some(Operation::Run(Hook::Secret(secret.clone())))
}

fn storage(s: &Snapshot, alive: bool) -> Option<Hook> {
    let seen = |storage: &StorageHook| s.progress.storage.contains(&storage.id);
    let arriving = s
        .storage
        .iter()
        .find(|storage| alive && storage.attached && !seen(storage));
    let leaving = || {
        s.storage
            .iter()
            .find(|storage| seen(storage) && !(alive && storage.attached))
    };
    let storage = arriving.or_else(leaving)?;
    Some(Hook::Storage(StorageHook {
        attached: !seen(storage),
        ..storage.clone()
    }))
}

/// The life of a unit that stays.
fn ordinary(s: &Snapshot) -> Operation {
    let progress = &s.progress;
    if !progress.installed {
        return Operation::Run(Hook::Install);
    }
    if progress.charm.as_ref() != Some(&s.charm) {
        return Operation::Upgrade;
    }
    if progress.config.as_ref() != Some(&s.config) {
        return Operation::Run(Hook::ConfigChanged);
    }
    if let Some(hook) = relation_hook(s, false) {
        return Operation::Run(hook);
    }
    match progress.update_status {
        Some(due) if progress.started && due <= s.now => Operation::Run(Hook::UpdateStatus),
        due => Operation::Wait([due, s.secrets_due].into_iter().flatten().min()),
    }
}

/// The way out: relations end, then stop, then remove.
fn farewell(s: &Snapshot) -> Operation {
    if let Some(hook) = relation_hook(s, true) {
        return Operation::Run(hook);
    }
    Operation::Run(if s.progress.stopped {
        Hook::Remove
    } else {
        Hook::Stop
    })
}

fn relation_hook(s: &Snapshot, dying: bool) -> Option<Hook> {
    s.relations
        .iter()
        .find_map(|view| relations_watch::next_hook(view, &s.progress, dying))
}

#[cfg(test)]
mod tests;
