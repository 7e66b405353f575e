//! `create-backup`: takes a backup and waits for its end.

use std::time::Duration;

use juju_charm::Juju;

use super::ActionError;
use crate::adapters::host::clock;
use crate::domain::decide;
use crate::domain::observed::Seen;
use crate::domain::refusal::Refusal;
use crate::domain::size;
use crate::domain::words::BackupKind;
use crate::reconcile::{World as _, carry_out};
use crate::unit::Unit;
use crate::{attempts, catalogue};

/// How long to wait for Patroni to answer.
const RESTART: Duration = Duration::from_secs(30);

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let asked = params.string("type");
    if let Some(text) = asked.filter(|text| !text.is_empty()) {
        // Refused before anything else is asked for: nothing about the cluster could make it right.
        text.parse::<BackupKind>()
            .map_err(|error| Refusal::from(crate::domain::backups::create::Refusal::Kind(error)))?;
    }
    let mut unit = Unit::new(juju)?;
    let mut seen = unit.observe()?;
    // Programs that are started again are back in a moment: nobody wants to be told to try again then.
    while matches!(seen.cluster, Seen::Unreachable(_)) && unit.pause(RESTART) {
        seen = unit.observe()?;
    }
    decide::backup::allowed(&seen)?;
    let stanza = seen.juju.stanza.clone();
    let (failed, running) = attempts::of(&unit.layout.jobs(), juju.context().unit.as_str())?;
    let catalogue = catalogue::read(&unit.pgbackrest(), &stanza)?.with_attempts(failed, running);
    let started = clock::now();
    let mut request = String::new();
    let plan = decide::backup::create(&seen, &catalogue, asked, |kind| {
        attempts::name(kind, started)
    })?;
    if let Some(crate::domain::plan::Step::TakeBackup { request: name, .. }) = plan.steps.first() {
        request.clone_from(name);
    }
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    let Some(backup) = catalogue::backup_of_request(&unit.pgbackrest(), &stanza, &request)? else {
        return Err(crate::error::StepError::expected(
            "the backup ended well, and is not in the repository",
            "list-backups shows what is",
        )
        .into());
    };
    juju.action_set("backup-status", "backup created")?;
    juju.action_set("backup-id", backup.id().to_string())?;
    juju.action_set("backup-label", backup.label.to_string())?;
    juju.action_set("backup-type", backup.kind().word())?;
    juju.action_set("backup-size", size::human(backup.size))?;
    let seconds = backup.finished.duration_since(backup.started).as_secs();
    juju.action_set("backup-duration", format!("{seconds}s"))?;
    Ok(())
}
