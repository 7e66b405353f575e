//! `restore`, and what becomes of it: `undo-restore`, `accept-restore`.

use std::time::Duration;

use juju_charm::{Juju, Params};

use super::{ActionError, plan_restore};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files;
use crate::adapters::pgbackrest::PgBackRest;
use crate::domain;
use crate::domain::backups::Catalogue;
use crate::domain::backups::target::{self, Request};
use crate::domain::decide;
use crate::domain::decide::restore::Circumstances;
use crate::domain::observed::{DataDirectory, Observed, Source};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::juju::publish;
use crate::reconcile::{World, carry_out, reconcile};
use crate::unit::{Unit, because};
use crate::{catalogue, job};

/// What is asked for, in the words of the parameters.
pub(super) fn request(params: &Params) -> Request {
    let text = |name: &str| params.string(name).map(str::to_owned);
    let number = |name: &str| {
        let given = params.integer(name).map(|number| number.to_string());
        given.or_else(|| text(name))
    };
    Request {
        backup_id: text("backup-id"),
        restore_to_time: text("restore-to-time"),
        lsn: text("restore-to-lsn"),
        xid: number("restore-to-xid"),
        name: text("restore-to-name"),
        timeline: number("restore-timeline"),
        exclusive: params.boolean("exclusive").unwrap_or(false),
    }
}

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let mut request = request(&params);
    let plan_id = params.string("plan").filter(|id| !id.is_empty());
    let stanza = params.string("stanza").filter(|name| !name.is_empty());
    if plan_id.is_some() && (request != Request::default() || stanza.is_some()) {
        return Err(Refusal::PlanAndTarget.into());
    }
    let mut unit = Unit::new(juju)?;
    let seen = look(&mut unit)?;
    // Refusals that need no look into the repository come first.
    decide::restore::allowed(&seen, &job::running(&unit.layout.jobs())?)?;
    let catalogue = match plan_id {
        Some(id) => {
            let (planned, catalogue) = plan_restore::planned(&unit, &seen, id)?;
            request = planned;
            catalogue
        }
        None => source(&unit, &seen, stanza, &request)?.1,
    };
    let id = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let with = Circumstances {
        id: &id,
        free: files::free_bytes(&unit.layout.volume()).map_err(because)?,
    };
    let plan = decide::restore::restore(&seen, &catalogue, &request, &with)?;
    plan_restore::forget(&unit)?;
    follow(juju, &mut unit, &plan, &id, "restored")
}

/// Where a request is served from: pgBackRest with that repository, and what the stanza holds.
pub(super) fn source(
    unit: &Unit<'_>,
    seen: &Observed,
    stanza: Option<&str>,
    request: &Request,
) -> Result<(PgBackRest, Catalogue), ActionError> {
    let stanza = stanza.filter(|name| !name.is_empty());
    let pgbackrest = match decide::restore::source(seen)? {
        Source::Foreign => unit.foreign_pgbackrest(),
        Source::Backup | Source::Kept => {
            if let Some(name) = stanza.filter(|name| *name != seen.juju.stanza.as_str()) {
                return Err(Refusal::NoStanza(name.to_owned()).into());
            }
            let pgbackrest = unit.pgbackrest();
            let catalogue = catalogue::read_for(&pgbackrest, &seen.juju.stanza, request)?;
            return Ok((pgbackrest, catalogue));
        }
    };
    let named = decide::restore::stanzas(seen, stanza)?;
    let mut catalogues = named
        .iter()
        .map(|name| catalogue::read_for(&pgbackrest, name, request))
        .collect::<Result<Vec<_>, _>>()?;
    if catalogues.len() > 1 {
        catalogues.retain(|catalogue| target::names_a_backup(request, catalogue));
    }
    match (catalogues.pop(), catalogues.is_empty()) {
        (Some(catalogue), true) => Ok((pgbackrest, catalogue)),
        _ => Err(Refusal::WhichStanza(named.iter().map(ToString::to_string).collect()).into()),
    }
}

/// A replica that has not tried the repository since it was set up does so now, and not at its next regular look.
pub(super) fn look(unit: &mut Unit<'_>) -> Result<Observed, StepError> {
    let seen = unit.observe()?;
    if seen.host.restore.is_some() || seen.host.repository.is_some() {
        return Ok(seen);
    }
    reconcile(unit)?;
    unit.observe()
}

/// `undo-restore`: the database from before the last restore comes back.
pub(super) fn undo(juju: &Juju) -> Result<(), ActionError> {
    let mut unit = Unit::new(juju)?;
    let seen = look(&mut unit)?;
    let jobs = job::running(&unit.layout.jobs())?;
    let id = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    decide::restore::undoable(&seen, &jobs)?;
    // The archive says which timelines there are; without it there is no telling which number is free.
    let catalogue = catalogue::read(&unit.pgbackrest(), &seen.juju.stanza)?;
    let plan = decide::restore::undo(&seen, &catalogue, &jobs, &id)?;
    follow(juju, &mut unit, &plan, &id, "undone")
}

/// Carries a plan out and stays to its end, unless nobody wants to wait for it.
fn follow(
    juju: &Juju,
    unit: &mut Unit<'_>,
    plan: &Plan,
    id: &str,
    status: &str,
) -> Result<(), ActionError> {
    let wait = juju.action_params()?.boolean("wait").unwrap_or(true);
    if !wait {
        unit.leave_to_itself();
    }
    unit.announce(plan);
    unit.tell(&plan.purpose);
    publish::working(juju, &plan.purpose)?;
    juju.action_set("restore-id", id.to_owned())?;
    match carry_out(&mut Narrated::new(unit, plan), plan) {
        Err(error) if !wait && error.is_remembered() => {
            let seen = unit.observe()?;
            if decide::restore::is_under_way(&seen) {
                juju.action_set("restore-status", "restore started")?;
                publish::outcome(juju, &reconcile(unit)?)?;
                return Ok(());
            }
            return Err(go_back(unit, &error).into());
        }
        Err(error) => return Err(go_back(unit, &error).into()),
        Ok(()) => {}
    }
    let outcome = reconcile(unit)?;
    publish::outcome(juju, &outcome)?;
    juju.action_set("restore-status", status)?;
    let purpose = &plan.purpose;
    let what = purpose.trim_start_matches("restore ");
    let what = what.trim_start_matches("bring back ");
    juju.action_set("restored", what.to_owned())?;
    let seen = unit.observe()?;
    if let Some(database) = seen.database.known() {
        juju.action_set("timeline", database.timeline.to_string())?;
    }
    indexes_to_rebuild(juju, unit, &seen)?;
    let moves = plan
        .steps
        .iter()
        .any(|it| matches!(it, Step::MoveRepository(_)));
    if let (true, Some(store)) = (moves, seen.juju.object_storage.given()) {
        juju.action_set("archives-to", format!("{}{}", store.bucket, store.path))?;
        juju.action_set("archives-as", seen.juju.stanza.to_string())?;
    }
    members(juju, &seen)
}

/// Names the databases whose text is in another order on this machine than where their indexes were built. That they cannot be
/// asked for just now takes nothing from the restore.
fn indexes_to_rebuild(juju: &Juju, unit: &Unit<'_>, seen: &Observed) -> Result<(), ActionError> {
    if domain::files::major(seen) < 15 {
        return Ok(());
    }
    let found = unit
        .database(Deadline::seconds(10))
        .and_then(|mut database| database.with_another_collation());
    match found {
        Ok(databases) if databases.is_empty() => {}
        Ok(databases) => juju.action_set("indexes-to-rebuild-in", databases.join(", "))?,
        Err(error) => {
            tracing::warn!("whether indexes have to be built again is not known: {error}");
        }
    }
    Ok(())
}

/// Says of each step that it begins: a restore can take hours, and whoever waits for it wants to know where it is.
struct Narrated<'a, 'b> {
    unit: &'a mut Unit<'b>,
    begun: usize,
    steps: usize,
}

impl<'a, 'b> Narrated<'a, 'b> {
    fn new(unit: &'a mut Unit<'b>, plan: &Plan) -> Self {
        Self {
            unit,
            begun: 0,
            steps: plan.steps.len(),
        }
    }
}

impl World for Narrated<'_, '_> {
    fn observe(&mut self) -> Result<Observed, StepError> {
        self.unit.observe()
    }

    fn perform(&mut self, step: &Step) -> Result<(), StepError> {
        self.begun += 1;
        let (begun, steps) = (self.begun, self.steps);
        self.unit.tell(&format!("step {begun} of {steps}: {step}"));
        self.unit.perform(step)
    }

    fn pause(&mut self, at_most: Duration) -> bool {
        self.unit.pause(at_most)
    }

    fn announce(&mut self, plan: &Plan) {
        self.unit.announce(plan);
    }
}

/// Which of the other units follow, and which are still to be rebuilt.
fn members(juju: &Juju, seen: &Observed) -> Result<(), ActionError> {
    let Some(cluster) = seen.cluster.known() else {
        return Ok(());
    };
    let stale = cluster
        .restored()
        .map(|restored| restored.stale)
        .unwrap_or_default();
    let list = |names: Vec<&MemberName>| {
        let names: Vec<String> = names.into_iter().map(MemberName::unit).collect();
        names.join(", ")
    };
    let follow = cluster.replicas();
    let follow: Vec<&MemberName> = follow
        .into_iter()
        .filter(|name| !stale.contains(*name))
        .collect();
    if !follow.is_empty() {
        juju.action_set("replicas", list(follow))?;
    }
    if !stale.is_empty() {
        juju.action_set("outdated", list(stale.iter().collect()))?;
    }
    Ok(())
}

/// A restore that failed is finished or undone at once, not at the next regular look.
fn go_back(unit: &mut Unit<'_>, error: &StepError) -> StepError {
    tracing::error!("{error}");
    let after = match reconcile(unit) {
        Ok(outcome) => {
            let _ = publish::outcome(unit.juju(), &outcome);
            match outcome {
                crate::reconcile::Outcome::Rest(seen, _)
                    if seen.host.restore.is_none() && seen.cluster.known().is_some() =>
                {
                    "the database is the one from before"
                }
                _ => "see juju status for how it goes on",
            }
        }
        Err(_) => "the next regular look goes on from here; see juju status",
    };
    let hint = match error.hint() {
        "" => after.to_owned(),
        hint => format!("{hint}; {after}"),
    };
    StepError::expected(error.problem(), hint)
}

/// `accept-restore`: gives up the way back.
pub(super) fn accept(juju: &Juju) -> Result<(), ActionError> {
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let major = crate::domain::files::major(&seen);
    let there = files::exists(&unit.layout.kept_dir(major)).map_err(because)?;
    let kept = if there {
        DataDirectory::Present
    } else {
        DataDirectory::Absent
    };
    let plan = decide::restore::accept(&seen, kept)?;
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    let outcome = reconcile(&mut unit)?;
    publish::outcome(juju, &outcome)?;
    let said = if there {
        "the data directory from before it was removed"
    } else {
        "nothing was kept"
    };
    juju.action_set("accepted", said)?;
    Ok(())
}
