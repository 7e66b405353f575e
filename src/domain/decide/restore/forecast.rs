//! What a restore would do, before it does anything.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{newest, others, room, source};
use crate::domain::backups::requirements::{Raised, Requirements};
use crate::domain::backups::target::{self, Request, Target, TargetKind};
use crate::domain::backups::{Archive, Backup, Catalogue, Coverage, Path};
use crate::domain::files;
use crate::domain::observed::{Observed, Source};
use crate::domain::refusal::Refusal;
use crate::domain::size;
use crate::domain::words::{Lsn, MemberName, SegmentSize, Stanza, Timeline, Timestamp};

/// What a restore would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The backup, the stop and the timeline.
    pub target: Target,
    /// The timelines it passes, the backup's own first.
    pub timelines: Vec<Timeline>,
    /// The first moment that can be restored from this backup.
    pub first: Timestamp,
    /// What the archive holds for it.
    pub coverage: Coverage,
    /// Bytes of the backup in the repository, with all it refers to.
    pub backup_bytes: u64,
    /// Bytes needed on the volume, beside the data.
    pub needed: u64,
    /// Bytes free on it.
    pub free: u64,
    /// About how long it takes, at the speed at which the backup was made.
    pub seconds: u64,
    /// PostgreSQL here and of the backup.
    pub versions: (u32, String),
    /// The settings that are raised for its recovery; unknown for a backup on which they are not written.
    pub raised: Option<Vec<Raised>>,
    /// Extensions of the database that are not installed here; unknown for a backup on which they are not written.
    pub missing_extensions: Option<Vec<String>>,
    /// The applications that are related to this one, and are cut off when the copy is put in place.
    pub applications: Vec<String>,
    /// The other units, which are made anew.
    pub others: Vec<MemberName>,
    /// The newest timeline anybody knows of.
    pub newest: Timeline,
    /// Whether another unit has the lead now.
    pub takes_lead: bool,
    /// The stanza, when it is another cluster's.
    pub foreign: Option<Stanza>,
}

/// What this unit has of what a backup may need.
#[derive(Clone, Debug, Default)]
pub struct Here {
    /// The settings of its database; none without one.
    pub settings: Option<Requirements>,
    /// The extensions that can be created; none while PostgreSQL does not answer.
    pub extensions: Option<BTreeSet<String>>,
}

/// The path of a target, for reading the archive: from which segment on, on which timelines.
pub fn path(catalogue: &Catalogue, target: &Target) -> Option<(Path, Backup)> {
    let backup = chosen(catalogue, target)?;
    let from = backup.timeline()?;
    let to = target.timeline.unwrap_or(from);
    let path = Path::of(from, to, catalogue.timelines.history(to));
    Some((path, backup.clone()))
}

fn chosen<'a>(catalogue: &'a Catalogue, target: &Target) -> Option<&'a Backup> {
    let mut backups = catalogue.backups.iter();
    backups.find(|backup| backup.label == target.set)
}

/// What a restore for this request would do.
///
/// # Errors
///
/// What a restore would refuse.
pub fn forecast(
    seen: &Observed,
    catalogue: &Catalogue,
    request: &Request,
    archive: &Archive,
    here: &Here,
) -> Result<Forecast, Refusal> {
    let target = target::resolve(request, catalogue, seen.now)?;
    let found = path(catalogue, &target);
    let until: Option<Lsn> = match (&target.kind, chosen(catalogue, &target)) {
        (TargetKind::Lsn(lsn), _) => Some(*lsn),
        (TargetKind::Immediate, Some(backup)) => backup.lsn_stop,
        _ => None,
    };
    let (timelines, coverage) = match &found {
        Some((path, backup)) => (
            path.timelines(),
            path.coverage(backup, until, archive, SegmentSize::DEFAULT),
        ),
        None => (Vec::new(), Coverage::default()),
    };
    let backup = chosen(catalogue, &target);
    let database = backup.and_then(|backup| {
        let mut databases = catalogue.databases.iter();
        databases.find(|database| database.id == backup.database)
    });
    Ok(Forecast {
        timelines,
        first: backup.map_or(seen.now, |backup| backup.finished),
        backup_bytes: backup.map_or(0, |backup| in_repository(backup, catalogue)),
        needed: room(catalogue, &target),
        free: seen.host.free,
        seconds: backup.map_or(0, |backup| seconds(backup, coverage.bytes)),
        coverage,
        versions: (
            files::major(seen),
            database.map_or_else(String::new, |database| database.version.clone()),
        ),
        raised: raised(backup, here.settings),
        missing_extensions: (here.extensions.as_ref())
            .and_then(|here| backup?.extensions_missing_in(here)),
        applications: applications(seen),
        others: others(seen).into_iter().collect(),
        newest: newest(seen, catalogue),
        takes_lead: !others(seen).is_empty() && !seen.is_primary(),
        foreign: matches!(source(seen), Ok(Source::Foreign)).then(|| catalogue.stanza.clone()),
        target,
    })
}

/// Without a database here there is nothing to compare with: then it is all that the backup needs.
fn raised(backup: Option<&Backup>, here: Option<Requirements>) -> Option<Vec<Raised>> {
    let needed = backup?.requirements()?;
    Some(needed.raised_from(here.unwrap_or_default()))
}

fn applications(seen: &Observed) -> Vec<String> {
    let clients = seen.juju.clients.values();
    let names: BTreeSet<String> = clients.map(|client| client.application.clone()).collect();
    names.into_iter().collect()
}

/// pgBackRest does not tell it for block incremental backups: then it is what each of them added.
fn in_repository(backup: &Backup, catalogue: &Catalogue) -> u64 {
    backup.repo_size.unwrap_or_else(|| {
        let needed = |other: &&Backup| {
            other.label == backup.label || backup.references.contains(&other.label)
        };
        let needed = catalogue.backups.iter().filter(needed);
        needed.map(|backup| backup.repo_delta).sum()
    })
}

fn seconds(backup: &Backup, wal: u64) -> u64 {
    let took = backup.finished.duration_since(backup.started).as_secs();
    let took = u64::try_from(took).unwrap_or(0).max(1);
    let speed = (backup.delta / took).max(1);
    (backup.size + wal) / speed + 1
}

impl Forecast {
    /// Names the forecast: the same as long as the restore would do the same.
    pub fn id(&self) -> String {
        let mut text = format!("{} {:?} {}", self.target, self.timelines, self.newest);
        let _ = write!(
            text,
            " {:?} {:?} {:?} {} {:?}",
            self.coverage.missing, self.others, self.versions, self.takes_lead, self.foreign
        );
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(6).fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
    }

    /// For people: one fact a line.
    pub fn lines(&self) -> Vec<String> {
        let timelines: Vec<String> = self.timelines.iter().map(ToString::to_string).collect();
        let mut lines = vec![
            format!("restores {}", self.target),
            format!("timelines: {}", timelines.join(" → ")),
            format!(
                "first moment that can be reached from this backup: {}",
                self.first
            ),
            match &self.coverage.last {
                Some((segment, archived)) => format!(
                    "last that can be reached: what was committed by {}, when {segment} was archived",
                    archived.stored
                ),
                None => "no WAL of this path is archived".to_owned(),
            },
        ];
        lines.extend(self.coverage.missing.iter().map(|segment| {
            format!("gap: {segment} is not in the archive, and nothing after it can be reached")
        }));
        lines.push(format!(
            "to fetch: {} of the backup and {} of WAL",
            size::human(self.backup_bytes),
            size::human(self.coverage.bytes)
        ));
        lines.push(format!(
            "room: {} needed, {} free{}",
            size::human(self.needed),
            size::human(self.free),
            if self.needed > self.free {
                ": too little"
            } else {
                ""
            }
        ));
        lines.push(format!(
            "version: PostgreSQL {} here, {} in the backup",
            self.versions.0, self.versions.1
        ));
        lines.extend(match self.raised.as_deref() {
            Some([]) => None,
            Some(raised) => {
                let raised: Vec<String> = raised.iter().map(ToString::to_string).collect();
                Some(format!("for recovery alone: {}", raised.join(", ")))
            }
            None => Some(
                "settings: what recovery needs raised is seen when the backup is fetched"
                    .to_owned(),
            ),
        });
        lines.push(match self.missing_extensions.as_deref() {
            Some([]) => "extensions: all that the database has are installed here".to_owned(),
            Some(missing) => format!(
                "extensions: {} of the database cannot be found here, and what uses them fails until they are installed",
                missing.join(", ")
            ),
            None => "extensions: which ones the database has is not known before it is restored".to_owned(),
        });
        lines.push(format!(
            "takes about {} s, at the speed of that backup",
            self.seconds
        ));
        let stops = if self.target.kind == TargetKind::Latest {
            "the database stops at once, so that no commit is left out"
        } else {
            "the database serves until the copy is proved"
        };
        lines.push(format!(
            "clients: {stops}; connections are cut when it is put in place"
        ));
        if !self.applications.is_empty() {
            lines.push(format!(
                "related applications: {} keep their passwords; users and databases that the restored database lacks are \
                 made again, and users of others are put aside",
                self.applications.join(", ")
            ));
        }
        if self.takes_lead {
            lines.push("lead: it is taken over by this unit".to_owned());
        }
        let others: Vec<String> = self.others.iter().map(MemberName::unit).collect();
        lines.push(match others.as_slice() {
            [] => "replicas: none".to_owned(),
            others => format!("replicas: {} are made anew", others.join(", ")),
        });
        lines.push(match &self.foreign {
            None => format!(
                "archiving goes on, on a timeline after {}; the database of now is kept for undo-restore",
                self.newest
            ),
            Some(stanza) => format!(
                "stanza {stanza} is another cluster's and only read; archiving goes to a fresh path beside it; the \
                 database of now is kept for undo-restore"
            ),
        });
        lines
    }
}
