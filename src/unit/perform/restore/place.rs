//! The data directories: which one is in place, which is kept.

use super::fetch::tablespaces;
use super::major;
use crate::adapters::host::clock;
use crate::adapters::host::files;
use crate::domain::observed::{Kept, RestoreRecord, Source};
use crate::error::StepError;
use crate::unit::{Unit, because, records};

pub(in crate::unit::perform) fn remove_beside(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    for part in [
        unit.layout.restoring_dir(major),
        tablespaces(unit, major, record),
    ] {
        files::remove_tree(&part, &unit.layout.volume()).map_err(because)?;
    }
    Ok(())
}

/// Two renames on one volume. Whichever of them was the last to happen, doing this again ends in the same place.
pub(in crate::unit::perform) fn exchange(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    let (data, beside) = (
        unit.layout.data_dir(major),
        unit.layout.restoring_dir(major),
    );
    let kept = &record.kept;
    if files::exists(&beside).map_err(because)? {
        if files::exists(&data).map_err(because)? {
            if files::exists(kept).map_err(because)? {
                files::remove_tree(kept, &unit.layout.volume()).map_err(because)?;
            }
            files::rename(&data, kept).map_err(because)?;
        }
        files::rename(&beside, &data).map_err(because)?;
    }
    if !files::exists(kept).map_err(because)? {
        return Ok(());
    }
    let note = Kept {
        since: clock::now(),
        size: files::tree_size(kept).unwrap_or(0),
        moved: record.moves.is_some(),
    };
    records::write(&unit.layout.kept_record(), &note).map_err(because)
}

/// The kept database comes to where copies are recovered. Nothing is copied: it is the only one of its kind.
pub(in crate::unit::perform) fn move_kept_beside(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    let beside = unit.layout.restoring_dir(major);
    if files::exists(&record.kept).map_err(because)? {
        // What lies there is the remainder of a restore that went back.
        files::remove_tree(&beside, &unit.layout.volume()).map_err(because)?;
        files::rename(&record.kept, &beside).map_err(because)?;
    }
    if !files::exists(&beside.join("PG_VERSION")).map_err(because)? {
        return Err(StepError::expected("the kept database is not there", ""));
    }
    super::aim::aim_at_its_end(unit, &beside)
}

pub(in crate::unit::perform) fn keep_again(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    debug_assert!(record.source == Source::Kept);
    let beside = unit.layout.restoring_dir(major(unit)?);
    let there = files::exists(&beside).map_err(because)?;
    if there && !files::exists(&record.kept).map_err(because)? {
        files::rename(&beside, &record.kept).map_err(because)?;
    }
    Ok(())
}

pub(in crate::unit::perform) fn remove_kept(unit: &Unit<'_>) -> Result<(), StepError> {
    let kept = unit.layout.kept_dir(major(unit)?);
    files::remove_tree(&kept, &unit.layout.volume()).map_err(because)?;
    records::forget(&unit.layout.kept_record()).map_err(because)
}
