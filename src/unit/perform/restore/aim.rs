//! Where the recovery of a copy ends: its target, in the settings that PostgreSQL reads when it starts.

use std::path::Path;

use crate::adapters::host::files;
use crate::domain::backups::target::{Target, TargetKind};
use crate::domain::render::Repository;
use crate::error::StepError;
use crate::unit::{Unit, because};

/// Points a copy that was fetched already to another target.
pub(super) fn aim(unit: &Unit<'_>, beside: &Path, target: &Target) -> Result<(), StepError> {
    let mut settings = Vec::new();
    if let Some(timeline) = target.pgbackrest_timeline() {
        settings.push(("recovery_target_timeline", timeline));
    }
    let name = match target.kind {
        TargetKind::Time(_) => Some("recovery_target_time"),
        TargetKind::Lsn(_) => Some("recovery_target_lsn"),
        TargetKind::Xid(_) => Some("recovery_target_xid"),
        TargetKind::Name(_) => Some("recovery_target_name"),
        TargetKind::Immediate | TargetKind::Latest => None,
    };
    if let (Some(name), Some(at)) = (name, target.pgbackrest_target()) {
        settings.push((name, at));
        settings.push(("recovery_target_action", "promote".to_owned()));
        if target.exclusive {
            settings.push(("recovery_target_inclusive", "off".to_owned()));
        }
    }
    guide(unit, beside, "recovery_target", &settings)
}

/// A database that was stopped cleanly recovers to where it stopped, and begins a timeline there: opened as it is, it
/// would go on with the number that others know for another branch. The archive tells which numbers are taken.
pub(super) fn aim_at_its_end(unit: &Unit<'_>, beside: &Path) -> Result<(), StepError> {
    let repository = Repository {
        config: unit.layout.pgbackrest_config(),
        stanza: unit.view.stanza.clone(),
    };
    let settings = [
        ("restore_command", repository.recovery_command(beside)),
        ("recovery_target_timeline", "current".to_owned()),
    ];
    guide(unit, beside, "re", &settings)?;
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&beside.join("recovery.signal"), b"", 0o600, owner).map_err(because)?;
    files::remove_file(&beside.join("standby.signal")).map_err(because)?;
    Ok(())
}

/// Writes settings of recovery in place of those that begin with a word.
fn guide(
    unit: &Unit<'_>,
    beside: &Path,
    instead_of: &str,
    settings: &[(&str, String)],
) -> Result<(), StepError> {
    let path = beside.join("postgresql.auto.conf");
    let text = files::read_text(&path)
        .map_err(because)?
        .unwrap_or_default();
    let replaced = |line: &&str| {
        let name = line.trim_start();
        name.starts_with(instead_of)
            && (name.starts_with("recovery_target") || name.starts_with("restore_command"))
    };
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !replaced(line))
        .map(str::to_owned)
        .collect();
    for (name, value) in settings {
        lines.push(format!("{name} = '{}'", value.replace('\'', "''")));
    }
    let text = format!("{}\n", lines.join("\n"));
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&path, text.as_bytes(), 0o600, owner).map_err(because)?;
    Ok(())
}
