//! Jobs over several units: what a start pulls in, what a stop takes along, and who waits for whom.

use std::collections::BTreeSet;
use std::rc::Rc;

use tokio::sync::oneshot;

use super::Init;
use super::unit::{JobKind, Unit};
use crate::machine::protocol::{Outcome, Verb};
use crate::machine::unit::directory::Loaded;
use crate::machine::unit::name::UnitName;

/// A job that was accepted.
pub(crate) struct Submitted {
    /// None when there is nothing to do.
    pub(crate) outcome: Option<oneshot::Receiver<Outcome>>,
    pub(crate) stale: bool,
}

impl Init {
    /// Checks that `verb` can be done to the unit `name` and everything it needs, and queues it.
    pub(crate) fn submit(
        self: &Rc<Self>,
        verb: Verb,
        name: &UnitName,
    ) -> Result<Submitted, Outcome> {
        if name.is_target() {
            return Ok(self.submit_target(verb, name));
        }
        if !name.is_service() {
            return Err(Outcome::Unsupported);
        }
        let Some(unit) = self.unit(name) else {
            return Err(if verb == Verb::Stop {
                Outcome::NotLoaded
            } else {
                Outcome::NotFound(name.clone())
            });
        };
        let stale = unit.is_stale(self);
        let up = !unit.state.borrow().active.is_dead();
        let can_reload = unit
            .definition()
            .is_some_and(|definition| !definition.service.exec_reload.is_empty());
        if !up && matches!(verb, Verb::TryRestart | Verb::TryReloadOrRestart) {
            return Ok(Submitted {
                outcome: None,
                stale,
            });
        }
        let kind = match verb {
            Verb::Start => JobKind::Start,
            Verb::Stop => JobKind::Stop,
            Verb::Reload if !can_reload => return Err(Outcome::Inapplicable),
            Verb::Reload => JobKind::Reload,
            Verb::ReloadOrRestart | Verb::TryReloadOrRestart if up && can_reload => JobKind::Reload,
            Verb::Restart | Verb::TryRestart | Verb::ReloadOrRestart | Verb::TryReloadOrRestart => {
                JobKind::Restart
            }
        };
        match kind {
            JobKind::Start => self.check_startable(&unit)?,
            JobKind::Restart => {
                self.check_startable(&unit)?;
                self.take_along(&unit, true);
            }
            JobKind::Stop => self.take_along(&unit, false),
            JobKind::Reload => {}
        }
        if matches!(kind, JobKind::Start | JobKind::Restart) {
            self.pull_in(&unit);
        }
        Ok(Submitted {
            outcome: Some(unit.enqueue(self, kind)),
            stale,
        })
    }

    /// Targets group units. Those of the boot exist without a file and are always reached.
    fn submit_target(self: &Rc<Self>, verb: Verb, name: &UnitName) -> Submitted {
        if verb == Verb::Start {
            for unit in self.wanted_by_target(name) {
                // A member that cannot start does not keep the others from starting.
                let _ = self.submit(Verb::Start, &unit);
            }
        }
        Submitted {
            outcome: None,
            stale: false,
        }
    }

    fn wanted_by_target(&self, target: &UnitName) -> BTreeSet<UnitName> {
        let mut names = BTreeSet::new();
        for directory in self.layout.unit_directories() {
            for kind in ["wants", "requires"] {
                let entries = std::fs::read_dir(directory.join(format!("{target}.{kind}")));
                names.extend(entries.into_iter().flatten().flatten().filter_map(|entry| {
                    UnitName::parse(entry.file_name().to_str()?).filter(UnitName::is_service)
                }));
            }
        }
        names
    }

    /// Whether the unit and everything it requires can be started as far as their files go.
    fn check_startable(self: &Rc<Self>, unit: &Rc<Unit>) -> Result<(), Outcome> {
        let mut checked = BTreeSet::new();
        let mut pending = vec![unit.name.clone()];
        while let Some(name) = pending.pop() {
            if !checked.insert(name.clone()) || name.is_target() {
                continue;
            }
            if !name.is_service() {
                return Err(Outcome::NotFound(name));
            }
            let unit = self.unit(&name).ok_or(Outcome::NotFound(name.clone()))?;
            match &**unit.loaded.borrow() {
                Loaded::NotFound => return Err(Outcome::NotFound(name)),
                Loaded::Masked(_) => return Err(Outcome::Masked(name)),
                Loaded::Unit(_, definition) if definition.fault.is_some() => {
                    return Err(Outcome::BadSetting(name));
                }
                Loaded::Unit(_, definition) => {
                    pending.extend(definition.dependencies.requires.iter().cloned());
                    pending.extend(definition.dependencies.binds_to.iter().cloned());
                }
            }
        }
        Ok(())
    }

    /// Queues starts of what the unit needs or wants, and stops of what conflicts with it.
    pub(crate) fn pull_in(self: &Rc<Self>, unit: &Rc<Unit>) {
        let mut seen = BTreeSet::from([unit.name.clone()]);
        let mut pending = vec![Rc::clone(unit)];
        while let Some(unit) = pending.pop() {
            let Some(definition) = unit.definition() else {
                continue;
            };
            let dependencies = &definition.dependencies;
            let needed = dependencies
                .requires
                .iter()
                .chain(&dependencies.binds_to)
                .chain(&dependencies.wants);
            for name in needed {
                if !seen.insert(name.clone()) || name.is_target() {
                    continue;
                }
                let Some(other) = self.unit(name) else {
                    continue;
                };
                let startable = other
                    .definition()
                    .is_some_and(|definition| definition.fault.is_none());
                if startable && other.state.borrow().active.is_dead() && other.idle() {
                    other.enqueue(self, JobKind::Start);
                    pending.push(other);
                }
            }
            for name in &dependencies.conflicts {
                if let Some(other) = self.unit(name)
                    && !other.state.borrow().active.is_dead()
                {
                    other.enqueue(self, JobKind::Stop);
                }
            }
        }
    }

    /// A stop or restart that somebody asked for goes on to the units that depend on this one.
    fn take_along(self: &Rc<Self>, unit: &Rc<Unit>, restart: bool) {
        let mut seen = BTreeSet::from([unit.name.clone()]);
        let mut pending = vec![unit.name.clone()];
        while let Some(name) = pending.pop() {
            for other in self.loaded_units() {
                let Some(definition) = other.definition() else {
                    continue;
                };
                let dependencies = &definition.dependencies;
                let depends = dependencies.requires.contains(&name)
                    || dependencies.binds_to.contains(&name)
                    || dependencies.part_of.contains(&name);
                if depends
                    && !other.state.borrow().active.is_dead()
                    && seen.insert(other.name.clone())
                {
                    let kind = if restart {
                        JobKind::Restart
                    } else {
                        JobKind::Stop
                    };
                    other.enqueue(self, kind);
                    pending.push(other.name.clone());
                }
            }
        }
    }

    /// A unit went down by itself or was stopped: those bound to it follow.
    pub(crate) fn unit_ended(self: &Rc<Self>, unit: &Rc<Unit>) {
        for other in self.loaded_units() {
            let bound = other
                .definition()
                .is_some_and(|definition| definition.dependencies.binds_to.contains(&unit.name));
            if bound && other.state.borrow().active.is_up() && !other.is_stopping() {
                other.enqueue(self, JobKind::Stop);
            }
        }
    }

    pub(crate) fn loaded_units(&self) -> Vec<Rc<Unit>> {
        self.units.borrow().values().cloned().collect()
    }

    /// Waits for the jobs of the units that `unit` is ordered after. Returns whether something it needs is
    /// then not up.
    pub(crate) async fn wait_for_turn(self: &Rc<Self>, unit: &Rc<Unit>) -> bool {
        loop {
            let changed = self.changed.notified();
            if !self.is_waiting(unit) {
                break;
            }
            changed.await;
        }
        let Some(definition) = unit.definition() else {
            return false;
        };
        let dependencies = &definition.dependencies;
        let is_up = |name: &UnitName| {
            name.is_target()
                || self
                    .unit(name)
                    .is_some_and(|other| other.state.borrow().active.is_up())
        };
        // Without an order nobody waits for the other, so that it may come up later.
        let missing = |name: &&UnitName| dependencies.after.contains(name) && !is_up(name);
        let has_run_oneshot = |name: &&UnitName| {
            self.unit(name).is_some_and(|other| {
                use crate::machine::unit::definition::ServiceType;
                let oneshot = other
                    .definition()
                    .is_some_and(|definition| definition.service.kind == ServiceType::Oneshot);
                let state = other.state.borrow();
                oneshot
                    && state.active == super::state::ActiveState::Inactive
                    && state.inactive_enter.is_some()
            })
        };
        dependencies
            .requires
            .iter()
            .filter(missing)
            .any(|name| !has_run_oneshot(&name))
            || dependencies.binds_to.iter().any(|name| missing(&name))
            || dependencies.requisite.iter().any(|name| !is_up(name))
    }

    fn is_waiting(self: &Rc<Self>, unit: &Rc<Unit>) -> bool {
        self.predecessors(unit)
            .iter()
            .any(|other| !other.idle() && !self.waits_for(other, unit))
    }

    /// The units in memory that `unit` is ordered after.
    fn predecessors(&self, unit: &Unit) -> Vec<Rc<Unit>> {
        let after = unit
            .definition()
            .map(|definition| definition.dependencies.after.clone())
            .unwrap_or_default();
        self.loaded_units()
            .into_iter()
            .filter(|other| {
                other.name != unit.name
                    && (after.contains(&other.name)
                        || other.definition().is_some_and(|definition| {
                            definition.dependencies.before.contains(&unit.name)
                        }))
            })
            .collect()
    }

    /// Whether `unit` is ordered after `other` over units with jobs: then waiting for it would be a cycle.
    fn waits_for(self: &Rc<Self>, unit: &Rc<Unit>, other: &Rc<Unit>) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = vec![Rc::clone(unit)];
        while let Some(unit) = pending.pop() {
            for predecessor in self.predecessors(&unit) {
                if predecessor.name == other.name {
                    return true;
                }
                if !predecessor.idle() && seen.insert(predecessor.name.clone()) {
                    pending.push(predecessor);
                }
            }
        }
        false
    }

    /// Waits, before a unit stops, for the stops of the units that are ordered after it.
    pub(crate) async fn wait_for_dependents(self: &Rc<Self>, unit: &Rc<Unit>) {
        loop {
            let changed = self.changed.notified();
            let waiting = self.loaded_units().into_iter().any(|other| {
                other.name != unit.name
                    && other.is_stopping()
                    && !other.state.borrow().active.is_dead()
                    && self
                        .predecessors(&other)
                        .iter()
                        .any(|predecessor| predecessor.name == unit.name)
                    && !self
                        .predecessors(unit)
                        .iter()
                        .any(|predecessor| predecessor.name == other.name)
            });
            if !waiting {
                return;
            }
            changed.await;
        }
    }
}
