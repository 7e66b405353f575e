//! The ownership record: written when a repository is claimed, raised after a restore, looked at before anything is
//! written, and taken over when an operator says so.

use super::repository::{self, RECORD_TIME, failing, foreign, keep_foreign};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files;
use crate::domain::backups::ownership::fence::{self, Overtaken, Push, Standing};
use crate::domain::backups::ownership::{self, Owner, RECORD, Record, Us};
use crate::domain::observed::ObjectStore;
use crate::domain::words::Timeline;
use crate::error::StepError;
use crate::fence::{keep, standing};
use crate::unit::{Unit, because};

/// Writes the record. An epoch that was raised for this restore already stays, so this may be repeated.
pub(super) fn claim(
    unit: &Unit<'_>,
    store: &ObjectStore,
    restored: Option<&str>,
) -> Result<(), StepError> {
    failing(unit, store, write_claim(unit, store, restored))
}

fn write_claim(
    unit: &Unit<'_>,
    store: &ObjectStore,
    restored: Option<&str>,
) -> Result<(), StepError> {
    let us = repository::us(unit)?;
    let found = repository::look(store)?;
    if let Owner::Foreign { who } = found.owner(&us) {
        return Err(foreign(store, &who.to_string()));
    }
    let epoch = match &found.record {
        None => 1,
        Some(record) if restored.is_none() || record.raised_for.as_deref() == restored => {
            return Ok(());
        }
        Some(record) => record.epoch.saturating_add(1),
    };
    write(unit, store, us, epoch, restored)
}

/// Writes the record of another owner anew, when it still says what the operator was told.
pub(super) fn take_over(
    unit: &Unit<'_>,
    store: &ObjectStore,
    epoch: u64,
    restored: Option<&str>,
) -> Result<(), StepError> {
    let us = repository::us(unit)?;
    let found = repository::look(store)?;
    let unchanged = found.record.as_ref().is_some_and(|it| it.epoch == epoch);
    if !unchanged || ownership::stanza_of_another(&found.stanzas, &us).is_some() {
        return Err(StepError::expected(
            "the repository has another owner by now than when it was looked at",
            "look at juju status, and run it again",
        ));
    }
    write(unit, store, us, epoch.saturating_add(1), restored)
}

fn write(
    unit: &Unit<'_>,
    store: &ObjectStore,
    us: Us,
    epoch: u64,
    restored: Option<&str>,
) -> Result<(), StepError> {
    let record = Record {
        cluster_id: us.cluster,
        system_identifier: us.system,
        timeline: timeline(unit)?,
        epoch,
        raised_for: restored.map(str::to_owned),
        model: unit.view.model.clone(),
        application: unit.view.application.clone(),
        written_at: clock::now(),
    };
    repository::put(store, RECORD, record.to_json().as_bytes())
}

fn timeline(unit: &Unit<'_>) -> Result<Timeline, StepError> {
    unit.database(Deadline::seconds(10))
        .and_then(|mut database| database.position())
        .map(|position| position.timeline)
        .map_err(because)
}

/// The regular look: a cluster that has nothing to archive would otherwise never notice that it was overtaken.
pub(super) fn look(unit: &mut Unit<'_>, store: &ObjectStore) -> Result<(), StepError> {
    unit.repository_tried = true;
    match judge(unit, store) {
        Ok(None) => Ok(()),
        Ok(Some(overtaken)) => overtaken_by(unit, store, &overtaken),
        // What archives and what backs up asks again, and fails when it gets no answer.
        Err(error) => {
            tracing::warn!("cannot tell whether the repository is still this cluster's: {error}");
            Ok(())
        }
    }
}

/// Whether a backup may be written.
pub(super) fn prove(unit: &Unit<'_>, store: &ObjectStore) -> Result<(), StepError> {
    let Some(overtaken) = judge(unit, store)? else {
        return Ok(());
    };
    overtaken_by(unit, store, &overtaken)?;
    Err(foreign(store, &overtaken.to_string()))
}

/// From then on the repository is foreign, unless it is this cluster's and only this unit is from before a restore.
fn overtaken_by(
    unit: &Unit<'_>,
    store: &ObjectStore,
    overtaken: &Overtaken,
) -> Result<(), StepError> {
    match overtaken {
        Overtaken::ByRestore { .. } => Ok(()),
        Overtaken::ByCluster { .. } | Overtaken::ByDeployment { .. } => {
            let us = repository::us(unit)?;
            let found = repository::look(store)?;
            match found.owner(&us) {
                Owner::Foreign { who } => keep_foreign(unit, store, &who, found.stanzas),
                // It was given back in this moment.
                Owner::Ours { .. } | Owner::Unclaimed | Owner::Adoptable => Ok(()),
            }
        }
    }
}

/// Reads the record and keeps what follows from it: who has overtaken this unit, if somebody has.
fn judge(unit: &Unit<'_>, store: &ObjectStore) -> Result<Option<Overtaken>, StepError> {
    let us = repository::us(unit)?;
    let path = unit.layout.standing_record();
    let config = files::read_text(&unit.layout.pgbackrest_config()).map_err(because)?;
    let timeline = timeline(unit)?;
    let known = standing(&path);
    let read_at = clock::now();
    let record = repository::read_record(store, Deadline::after(RECORD_TIME))?;
    let asks = Push {
        repository: fence::repository(&config.unwrap_or_default()),
        cluster: us.cluster,
        // No push goes by what a hook has read, unless it is of the run and the timeline that asked before.
        server: known.as_ref().map(|it| it.server.clone()),
        timeline: known.as_ref().map_or(timeline, |it| it.timeline),
    };
    let database = (us.system, timeline);
    let now = Standing::judged(record.as_ref(), asks, database, known.as_ref(), read_at);
    keep(&path, &now, &unit.user)?;
    Ok(now.overtaken)
}
