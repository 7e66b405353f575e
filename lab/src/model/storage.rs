//! Storage instances.

use super::Life;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// MiB of an instance for which neither the charm nor the operator says a size.
pub const DEFAULT_SIZE: u64 = 1024;

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

/// A size like `1G` or `512M` in MiB; a bare number is MiB.
pub fn mebibytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().ok().filter(|number| *number >= 0.0)?;
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "M" | "MB" | "MIB" => 1.0,
        "G" | "GB" | "GIB" => 1024.0,
        "T" | "TB" | "TIB" => 1024.0 * 1024.0,
        "P" | "PB" | "PIB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    // Sizes of real disks are far below 2^53 MiB.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be positive and small"
    )]
    Some((number * factor).ceil().min(9e15) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_mebibytes_unless_a_suffix_says_more() {
        assert_eq!(mebibytes("512"), Some(512));
        assert_eq!(mebibytes("1.5G"), Some(1536));
        assert_eq!(mebibytes("2TiB"), Some(2 << 20));
        assert_eq!(mebibytes("1X"), None);
        assert_eq!(mebibytes("-1G"), None);
    }
}
