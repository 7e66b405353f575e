//! What comes from another cluster's machine does not know where it is now.

use std::path::Path;

use super::major;
use crate::adapters::host::files;
use crate::domain::backups::settings_of_others::without_those_of_a_machine;
use crate::error::StepError;
use crate::unit::{Unit, because};

/// The configuration in the copy becomes that of a database made here, but for what was set inside the database and does not
/// belong to the machine it was set on.
///
/// Products keep it in different places: Debian outside of the data directory, so that there is none; others in files that include
/// files of theirs, or load libraries of theirs. Patroni makes what it finds the base of its own.
///
/// Can be repeated.
pub(super) fn settle_in(unit: &Unit<'_>, beside: &Path) -> Result<(), StepError> {
    let owner = files::Owner::Workload(&unit.user);
    let write = |name: &str, text: &str| {
        let path = beside.join(name);
        files::write_atomic(&path, text.as_bytes(), 0o600, owner).map_err(because)
    };
    let read = |path: &Path| files::read_text(path).map_err(because);

    let own = unit.layout.data_dir(major(unit)?);
    let base = read(&own.join("postgresql.base.conf"))?.unwrap_or_default();
    write("postgresql.conf", &base)?;
    for others in ["postgresql.base.conf", "patroni.dynamic.json"] {
        files::remove_file(&beside.join(others)).map_err(because)?;
    }
    let settings = read(&beside.join("postgresql.auto.conf"))?.unwrap_or_default();
    let (kept, left) = without_those_of_a_machine(&settings);
    if !left.is_empty() {
        let left = left.join(", ");
        unit.tell(&format!(
            "left behind, as it belongs to the machine the database comes from: {left}"
        ));
        write("postgresql.auto.conf", &kept)?;
    }
    Ok(())
}
