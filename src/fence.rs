//! `archive-push`: PostgreSQL's `archive_command`. It lets pgBackRest have a file of the write-ahead log as long as the
//! repository is this cluster's.
//!
//! A file that may not be pushed is a command that failed: PostgreSQL keeps the file and asks again. The same when nobody
//! can tell whose the repository is: pgBackRest could not have written there either, and a push cannot be taken back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files::{self, Owner};
use crate::adapters::host::process::Command;
use crate::adapters::pgbackrest::PgBackRest;
use crate::adapters::postgres::control;
use crate::domain::backups::ownership::fence::{self, Standing};
use crate::domain::backups::ownership::{ClusterId, RECORD, Record};
use crate::domain::words::{Stanza, Timeline};
use crate::error::StepError;
use crate::layout::Layout;
use crate::unit::{because, explained};

/// A server that shuts down asks three times. pgBackRest itself would go on for four times its `io-timeout`.
const ANSWER: Duration = Duration::from_secs(10);

/// What PostgreSQL asks for. It runs this in the data directory.
#[derive(Args)]
pub struct Push {
    /// pgBackRest's configuration.
    #[arg(long)]
    config: PathBuf,
    /// The stanza.
    #[arg(long)]
    stanza: Stanza,
    /// This cluster, as the repository's record names it.
    #[arg(long)]
    cluster: ClusterId,
    /// The file that keeps what was read of the repository.
    #[arg(long)]
    standing: PathBuf,
    /// The file to push.
    file: PathBuf,
}

/// Becomes pgBackRest when the push may be made.
///
/// # Errors
///
/// When somebody has taken the repository over, and when nobody can tell. Nothing was pushed then.
pub fn archive_push(push: &Push) -> Result<(), StepError> {
    let config = files::read_text(&push.config).map_err(because)?;
    let config = config.ok_or_else(|| {
        StepError::expected(
            format!("there is no {}", push.config.display()),
            "the file is kept",
        )
    })?;
    let asked = fence::Push {
        repository: fence::repository(&config),
        cluster: push.cluster.clone(),
        server: server(Path::new(".")),
        timeline: timeline(&push.file)?,
    };
    let known = standing(&push.standing);
    let known = known.as_ref();
    if !known.is_some_and(|known| known.lets_pass(&asked, clock::now())) {
        ask(push, asked, known)?;
    }
    let pgbackrest = Command::new("pgbackrest")
        .arg(format!("--config={}", push.config.display()))
        .arg(format!("--stanza={}", push.stanza))
        .arg("archive-push")
        .arg(&push.file);
    Err(because(pgbackrest.replace_us()))
}

/// Reads the record, keeps what follows from it, and fails unless that is good.
fn ask(push: &Push, asked: fence::Push, known: Option<&Standing>) -> Result<(), StepError> {
    let user = WorkloadUser::find().map_err(because)?;
    let deadline = Deadline::after(ANSWER);
    let data = std::env::current_dir().map_err(because)?;
    let major = files::read_text(&data.join("PG_VERSION")).map_err(because)?;
    let major = major.and_then(|text| text.trim().parse().ok());
    let major = major.ok_or_else(|| StepError::expected("no data directory is here", ""))?;
    // Programs are the machine's own, whatever the root.
    let programs = Layout::new("/").programs(major);
    let control = control::read(&programs, &data, &user, deadline).map_err(because)?;
    let control = control.ok_or_else(|| StepError::expected("no database is here", ""))?;
    let read_at = clock::now();
    let text = PgBackRest::new(push.config.clone(), user.clone())
        .repo_get(RECORD, deadline)
        .map_err(|error| unknown(push, &explained(error)))?;
    let record = parsed(text).map_err(|error| unknown(push, &error))?;
    // The control file follows a promotion a moment later.
    let newest = asked.timeline.max(control.timeline);
    let database = (control.system_identifier, newest);
    let standing = Standing::judged(record.as_ref(), asked, database, known, read_at);
    if let Err(error) = keep(&push.standing, &standing, &user) {
        // The next push asks again, and the unit's status does not tell.
        say(&format!("WARN cannot keep the standing: {error}"));
    }
    let Some(overtaken) = standing.overtaken else {
        return Ok(());
    };
    Err(StepError::expected(
        format!(
            "{} is not pushed, because the repository is not this cluster's any more: {overtaken}",
            push.file.display()
        ),
        "juju status of the unit tells the way out; PostgreSQL keeps the file",
    ))
}

/// The ownership record in what was read of it; none when there was none.
///
/// # Errors
///
/// When it cannot be understood, which is not "none".
pub fn parsed(text: Option<Vec<u8>>) -> Result<Option<Record>, StepError> {
    let record = text.map(|text| Record::parse(&String::from_utf8_lossy(&text)));
    record
        .transpose()
        .map_err(|error| StepError::expected(error.to_string(), error.hint()))
}

fn unknown(push: &Push, why: &StepError) -> StepError {
    StepError::expected(
        format!(
            "{} is not pushed, because nobody can tell whose the repository is: {}",
            push.file.display(),
            why.problem()
        ),
        "PostgreSQL keeps the file and asks again",
    )
}

/// What is kept in the file; nothing when it cannot be read, for then all is asked for again.
pub fn standing(path: &Path) -> Option<Standing> {
    let text = files::read_text(path).ok()??;
    serde_json::from_str(&text).ok()
}

/// Keeps it there, for the user who archives.
///
/// # Errors
///
/// When the file cannot be written.
pub fn keep(path: &Path, standing: &Standing, user: &WorkloadUser) -> Result<(), StepError> {
    let text = serde_json::to_vec_pretty(standing).map_err(because)?;
    files::write_atomic(path, &text, 0o600, Owner::Workload(user)).map_err(because)?;
    Ok(())
}

/// The run of PostgreSQL on this data: its process and when it began.
fn server(data: &Path) -> Option<String> {
    let text = files::read_text(&data.join("postmaster.pid")).ok()??;
    let mut lines = text.lines();
    let (process, began) = (lines.next()?, lines.nth(1)?);
    Some(format!("{} {}", process.trim(), began.trim()))
}

/// The timeline of a file of the write-ahead log, which is how its name begins.
fn timeline(file: &Path) -> Result<Timeline, StepError> {
    let name = file.file_name().map(|name| name.to_string_lossy());
    let digits = name.as_deref().and_then(|name| name.get(..8));
    Timeline::from_hex(digits.unwrap_or_default()).map_err(|_| {
        StepError::expected(
            format!("{} is no file of the write-ahead log", file.display()),
            "",
        )
    })
}

/// Into PostgreSQL's log.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timeline_is_in_the_name_of_every_file_that_is_archived() {
        let number = |name: &str| timeline(Path::new(name)).ok().map(Timeline::number);
        assert_eq!(number("pg_wal/0000000A000000010000002C"), Some(10));
        assert_eq!(number("pg_wal/0000000A.history"), Some(10));
        assert_eq!(number("pg_wal/000000020000000000000003.partial"), Some(2));
        assert_eq!(number("0000000200000000000000A3.00000028.backup"), Some(2));
        assert_eq!(number("pg_wal/"), None);
        assert_eq!(number("pg_wal/not-a-name"), None);
    }

    #[test]
    fn a_run_of_the_server_is_told_by_its_process_and_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(server(folder.path()), None);
        let pid = folder.path().join("postmaster.pid");
        std::fs::write(&pid, "812\n/data\n1767268000\n5432\n/run\n").unwrap();
        assert_eq!(server(folder.path()).as_deref(), Some("812 1767268000"));
    }

    #[test]
    fn a_standing_that_is_no_json_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("standing.json");
        assert_eq!(standing(&path), None);
        std::fs::write(&path, "{\"epoch\":").unwrap();
        assert_eq!(standing(&path), None);
    }
}
