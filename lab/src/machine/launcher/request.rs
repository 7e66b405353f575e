//! What the init hands to a launcher.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ExecRequest {
    pub(crate) program: String,
    /// Including the zeroth.
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    /// Names (or `NAME=value` pairs) taken out of the environment in the end.
    pub(crate) unset_environment: Vec<String>,
    pub(crate) search_path: String,
    pub(crate) working_directory: Option<PathBuf>,
    pub(crate) working_directory_optional: bool,
    /// The working directory is the user's home.
    pub(crate) working_directory_home: bool,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) supplementary_groups: Vec<String>,
    pub(crate) umask: u32,
    pub(crate) nice: Option<i32>,
    pub(crate) oom_score_adjust: Option<i32>,
    pub(crate) no_new_privileges: bool,
    pub(crate) limits: Vec<(String, Option<u64>, Option<u64>)>,
    pub(crate) input: Source,
    pub(crate) output: Destination,
    pub(crate) error: Destination,
    /// A named pipe whose closing tells that the program runs.
    pub(crate) started: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// What the launcher was started with.
    Inherited,
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Destination {
    Inherited,
    /// The same as standard output.
    LikeOutput,
    Append(PathBuf),
    Truncate(PathBuf),
    /// Written from the start without truncating.
    File(PathBuf),
}

/// Without the environment, which may hold secrets.
impl fmt::Debug for ExecRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExecRequest")
            .field("program", &self.program)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
