//! Long work as a supervised transient service (D7): it outlives the action, the agent and the charm that asked for it.
//!
//! A job is a folder: `spec.json` says what to run, `log` is what it printed, `end.json` appears when it ended. The runner
//! is this same binary, started by the service manager as `dispatch run-job FOLDER`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files::{self, Owner};
use crate::adapters::host::lines;
use crate::adapters::host::process::{Command, Status};
use crate::adapters::systemd::{self, Active, TransientUnit};
use crate::domain::words::Timestamp;
use crate::error::StepError;
use crate::unit::{because, records};

/// Jobs whose logs are kept.
const KEPT: usize = 20;
/// The last line of the log of a job that was cancelled.
const CANCELLED: &str = "ERROR: cancelled";

/// What to run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Spec {
    /// What it is, for people.
    pub description: String,
    /// The program and its arguments. No secret is among them.
    pub command: Vec<String>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The exit status; none when a signal ended it.
    pub code: Option<i32>,
    /// When.
    pub at: Timestamp,
}

/// A job's folder.
#[derive(Clone, Debug)]
pub struct Job {
    name: String,
    folder: PathBuf,
}

impl Job {
    /// The job of this name.
    pub fn named(jobs: &Path, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            folder: jobs.join(name),
        }
    }

    /// The name of its service.
    pub fn service(&self) -> String {
        format!("charmed-postgresql-{}.service", self.name)
    }

    /// What it printed so far.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String, StepError> {
        let path = self.folder.join("log");
        Ok(files::read_text(&path)
            .map_err(because)?
            .unwrap_or_default())
    }

    /// How it ended; none when it did not.
    ///
    /// # Errors
    ///
    /// When the record cannot be read.
    pub fn end(&self) -> Result<Option<End>, StepError> {
        records::read(&self.folder.join("end.json")).map_err(because)
    }

    /// The last error it printed.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn last_error(&self) -> Result<Option<String>, StepError> {
        let log = self.log()?;
        let said = log.lines().rev().find_map(|line| line.split_once("ERROR:"));
        Ok(said.map(|(_, said)| said.trim().to_owned()))
    }

    /// Starts it. The folder is the workload's: the job writes its log and its end there.
    ///
    /// # Errors
    ///
    /// When the service manager refuses.
    pub fn start(&self, spec: &Spec, charm: &Path, user: &WorkloadUser) -> Result<(), StepError> {
        let owner = Owner::Workload(user);
        files::make_dir(&self.folder, 0o750, owner).map_err(because)?;
        let text = serde_json::to_vec_pretty(spec).map_err(because)?;
        files::write_atomic(&self.folder.join("spec.json"), &text, 0o640, owner)
            .map_err(because)?;
        let service = TransientUnit {
            name: self.service(),
            description: spec.description.clone(),
            command: vec![
                charm.join("dispatch").into(),
                "run-job".into(),
                self.folder.clone().into(),
            ],
            user: Some(user.clone()),
            properties: Vec::new(),
            env: Vec::new(),
        };
        systemd::run_transient(&service, Deadline::seconds(30)).map_err(because)
    }

    /// Follows it to its end, handing on what it prints. Whoever follows may be killed; the job goes on.
    ///
    /// # Errors
    ///
    /// When it died without an end, or does not end in time.
    pub fn follow(&self, deadline: Deadline, line: &mut dyn FnMut(&str)) -> Result<End, StepError> {
        let mut read = 0;
        loop {
            // Asked before the end is looked for: a job that ends in between is not taken for one that died.
            let alive = self.is_alive()?;
            let end = self.end()?;
            let log = self.log()?;
            let complete = log.rfind('\n').map_or(0, |position| position + 1);
            for new in log.get(read..complete).unwrap_or_default().lines() {
                line(new);
            }
            read = read.max(complete);
            match end {
                Some(end) => return Ok(end),
                None if !alive => {
                    return Err(StepError::expected(
                        format!("job {} died before it ended", self.name),
                        "run the action again",
                    ));
                }
                None if deadline.is_over() => {
                    return Err(StepError::expected(
                        format!("job {} is still running", self.name),
                        "it goes on by itself",
                    ));
                }
                None => clock::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Ends it, and says so where its end is looked for.
    ///
    /// # Errors
    ///
    /// When the service manager cannot stop it.
    pub fn cancel(&self, user: &WorkloadUser) -> Result<(), StepError> {
        if self.is_alive()? {
            systemd::stop(&self.service(), Deadline::seconds(120)).map_err(because)?;
        }
        // One that was never begun leaves nothing behind.
        if self.end()?.is_some() || !files::exists(&self.folder).map_err(because)? {
            return Ok(());
        }
        let log = self.folder.join("log");
        lines::append(&log, CANCELLED).map_err(|error| StepError::because(&error))?;
        let end = End {
            code: None,
            at: clock::now(),
        };
        let text = serde_json::to_vec_pretty(&end).map_err(because)?;
        let owner = Owner::Workload(user);
        files::write_atomic(&self.folder.join("end.json"), &text, 0o640, owner).map_err(because)?;
        Ok(())
    }

    /// Whether it was ended by [`Self::cancel`].
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn was_cancelled(&self) -> Result<bool, StepError> {
        Ok(self.log()?.lines().next_back() == Some(CANCELLED))
    }

    /// Whether its process runs.
    ///
    /// # Errors
    ///
    /// When the service manager does not say.
    pub fn is_alive(&self) -> Result<bool, StepError> {
        let state = systemd::show(&self.service(), Deadline::seconds(10)).map_err(because)?;
        Ok(!matches!(state.active, Active::Inactive | Active::Failed))
    }
}

/// When a job was asked for, as its name says.
pub fn started(name: &str) -> Option<Timestamp> {
    let (_, at) = name.rsplit_once('-')?;
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", at).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// The names of jobs that run, newest first.
///
/// # Errors
///
/// When the folder or the service manager cannot be asked.
pub fn running(jobs: &Path) -> Result<Vec<String>, StepError> {
    let mut alive = Vec::new();
    for name in names(jobs)? {
        let job = Job::named(jobs, &name);
        if job.end()?.is_none() && job.is_alive()? {
            alive.push(name);
        }
    }
    Ok(alive)
}

/// The names of all jobs, newest first.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn names(jobs: &Path) -> Result<Vec<String>, StepError> {
    let entries = files::list(jobs).map_err(because)?.unwrap_or_default();
    let mut names: Vec<String> = entries
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .collect();
    // Names end in the time of their start, so the order of text is the order of time.
    names.sort_by_key(|name| std::cmp::Reverse(name.rsplit_once('-').map(|(_, at)| at.to_owned())));
    Ok(names)
}

/// Removes the folders of all but the newest jobs that have ended.
///
/// # Errors
///
/// When a folder cannot be removed.
pub fn forget_old(jobs: &Path) -> Result<(), StepError> {
    for name in names(jobs)?.into_iter().skip(KEPT) {
        let folder = jobs.join(&name);
        if files::exists(&folder.join("end.json")).map_err(because)? {
            files::remove_tree(&folder, jobs).map_err(because)?;
        }
    }
    Ok(())
}

/// Runs the job in a folder: what the service manager starts.
///
/// # Errors
///
/// When the spec cannot be read or the end cannot be written.
pub fn run(folder: &Path) -> Result<Option<i32>, StepError> {
    let spec: Spec = records::read(&folder.join("spec.json"))
        .map_err(because)?
        .ok_or_else(|| StepError::expected("there is no spec.json in the job's folder", ""))?;
    let Some((program, arguments)) = spec.command.split_first() else {
        return Err(StepError::expected("the job's command is empty", ""));
    };
    let log = folder.join("log");
    let mut failed_to_log = None;
    let outcome = Command::new(program).args(arguments).run_streaming(
        Deadline::after(Duration::from_hours(24 * 7)),
        &mut |line| {
            if let Err(error) = lines::append(&log, line) {
                failed_to_log.get_or_insert(error);
            }
        },
    );
    let code = match &outcome {
        Ok(output) => match output.status {
            Status::Exited(code) => Some(code),
            Status::Signalled(_) => None,
        },
        Err(error) => {
            lines::append(&log, &StepError::because(error).to_string()).map_err(because)?;
            Some(127)
        }
    };
    records::write(
        &folder.join("end.json"),
        &End {
            code,
            at: clock::now(),
        },
    )
    .map_err(because)?;
    match failed_to_log {
        Some(error) => Err(because(error)),
        None => Ok(code),
    }
}
