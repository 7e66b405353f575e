//! `restore` and `accept-restore`.

use juju_charm::Juju;

use super::ActionError;
use crate::adapters::host::{clock, files};
use crate::domain::backups::target::Request;
use crate::domain::decide;
use crate::domain::decide::restore::Circumstances;
use crate::domain::observed::DataDirectory;
use crate::error::StepError;
use crate::juju::publish;
use crate::reconcile::{World as _, carry_out, reconcile};
use crate::unit::{Unit, because};
use crate::{catalogue, job};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let text = |name: &str| params.string(name).map(str::to_owned);
    let request = Request {
        backup_id: text("backup-id"),
        restore_to_time: text("restore-to-time"),
    };
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    // Refusals that need no look into the repository come first.
    decide::restore::allowed(&seen, &job::running(&unit.layout.jobs())?)?;
    let catalogue = catalogue::read_for(&unit.pgbackrest(), &seen.juju.stanza, &request)?;
    let id = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let with = Circumstances {
        id: &id,
        free: files::free_bytes(&unit.layout.volume()).map_err(because)?,
    };
    let plan = decide::restore::restore(&seen, &catalogue, &request, &with)?;
    unit.announce(&plan);
    unit.tell(&plan.purpose);
    publish::working(juju, &plan.purpose)?;
    if let Err(error) = carry_out(&mut unit, &plan) {
        return Err(go_back(&mut unit, &error).into());
    }
    let outcome = reconcile(&mut unit)?;
    publish::outcome(juju, &outcome)?;
    juju.action_set("restore-status", "restored")?;
    juju.action_set(
        "restored",
        plan.purpose.trim_start_matches("restore ").to_owned(),
    )?;
    if let Some(database) = unit.observe()?.database.known() {
        juju.action_set("timeline", database.timeline.to_string())?;
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
                crate::reconcile::Outcome::Rest(seen, _) if seen.is_primary() => {
                    "the database is the one from before"
                }
                _ => "the unit is on its way back to the database from before; see juju status",
            }
        }
        Err(_) => "the next regular look brings back the database from before; see juju status",
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
    let said = if there {
        "the data directory from before it was removed"
    } else {
        "nothing was kept"
    };
    juju.action_set("accepted", said)?;
    Ok(())
}
