//! `status-set`, `status-get` and `application-version-set`: what `juju status` shows.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::ToolError;
use crate::Juju;

#[derive(Debug, Default)]
pub(super) struct Session {
    unit: Option<Status>,
    application: Option<Status>,
    version: Option<String>,
}

/// The statuses a charm may set, worst last (Juju shows the worst unit's as the application's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusKind {
    /// In service.
    Active,
    /// Waiting for something that will come by itself.
    Waiting,
    /// Working on it.
    Maintenance,
    /// An operator has to do something.
    Blocked,
}

impl StatusKind {
    /// Juju's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Maintenance => "maintenance",
            Self::Blocked => "blocked",
        }
    }
}

/// A status with its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The status.
    pub kind: StatusKind,
    /// What `juju status` shows beside it; may be empty.
    pub message: String,
}

impl Status {
    /// In service.
    pub fn active(message: impl Into<String>) -> Self {
        Self {
            kind: StatusKind::Active,
            message: message.into(),
        }
    }

    /// Waiting for something that will come by itself.
    pub fn waiting(message: impl Into<String>) -> Self {
        Self {
            kind: StatusKind::Waiting,
            message: message.into(),
        }
    }

    /// Working on it.
    pub fn maintenance(message: impl Into<String>) -> Self {
        Self {
            kind: StatusKind::Maintenance,
            message: message.into(),
        }
    }

    /// An operator has to do something; the message says what.
    pub fn blocked(message: impl Into<String>) -> Self {
        Self {
            kind: StatusKind::Blocked,
            message: message.into(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(self.kind.as_str()),
            message => write!(f, "{}: {message}", self.kind.as_str()),
        }
    }
}

/// A status as Juju reports it; the word may be one that only Juju sets, such as `unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AppStatus {
    /// The status.
    pub status: String,
    /// The message.
    #[serde(default)]
    pub message: String,
}

impl Juju {
    /// Sets the unit's status, at once. Setting the same again in a hook costs nothing.
    pub fn status_set(&self, status: &Status) -> Result<(), ToolError> {
        if self.session().status.unit.as_ref() == Some(status) {
            return Ok(());
        }
        self.call(
            "status-set",
            &[status.kind.as_str(), "--", &status.message],
            None,
        )?;
        self.session().status.unit = Some(status.clone());
        Ok(())
    }

    /// Sets the application's status, at once. Only the leader may.
    pub fn app_status_set(&self, status: &Status) -> Result<(), ToolError> {
        if self.session().status.application.as_ref() == Some(status) {
            return Ok(());
        }
        let kind = status.kind.as_str();
        self.call(
            "status-set",
            &["--application", kind, "--", &status.message],
            None,
        )?;
        self.session().status.application = Some(status.clone());
        Ok(())
    }

    /// The unit's status as Juju has it.
    pub fn status_get(&self) -> Result<AppStatus, ToolError> {
        self.read("status-get", &["--include-data"])
    }

    /// The statuses of all units of the application. Only the leader may ask.
    pub fn unit_statuses(&self) -> Result<BTreeMap<String, AppStatus>, ToolError> {
        // Juju nests the units inside; some of its releases put them beside.
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "application-status")]
            application: Inner,
            #[serde(default)]
            units: BTreeMap<String, AppStatus>,
        }
        #[derive(Deserialize)]
        struct Inner {
            #[serde(default)]
            units: BTreeMap<String, AppStatus>,
        }
        let answer: Answer = self.read("status-get", &["--application", "--include-data"])?;
        Ok(if answer.application.units.is_empty() {
            answer.units
        } else {
            answer.application.units
        })
    }

    /// Sets the version of the workload that `juju status` shows, at once.
    pub fn application_version_set(&self, version: &str) -> Result<(), ToolError> {
        if self.session().status.version.as_deref() == Some(version) {
            return Ok(());
        }
        self.call("application-version-set", &["--", version], None)?;
        self.session().status.version = Some(version.to_owned());
        Ok(())
    }
}
