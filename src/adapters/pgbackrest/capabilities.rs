//! What a version of pgBackRest can do.

/// A version, such as 2.45.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number, zero in most.
    pub patch: u32,
}

/// What it can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of independent abilities"
)]
pub struct Capabilities {
    /// Annotations of backups (2.41).
    pub annotations: bool,
    /// Block incremental backups (2.46).
    pub block_incremental: bool,
    /// Progress in `info` (2.48).
    pub info_progress: bool,
    /// Only `restore` may run as root (2.59).
    pub root_only_restores: bool,
}
