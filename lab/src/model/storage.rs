//! Storage instances.

use super::Life;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StorageInstance {
    /// `pgdata/0`
    pub id: String,
    pub name: String,
    /// `filesystem` or `block`
    pub kind: String,
    pub pool: String,
    /// MiB
    pub size: u64,
    pub read_only: bool,
    pub life: Life,
    /// Unit it belongs to; none while detached.
    pub unit: Option<String>,
    /// Where the unit finds it: an absolute path on this computer, below the machine's root.
    pub location: PathBuf,
    pub since: Timestamp,
}

impl StorageInstance {
    /// Whether the instance outlives its machine.
    pub fn is_persistent(&self) -> bool {
        !matches!(self.pool.as_str(), "rootfs" | "tmpfs" | "loop")
    }
}
