//! What is in a backup repository, whose it is, and what can be made and restored from it.
//!
//! The text of files and the answers of pgBackRest come in, values and refusals go out; reading the repository is the
//! adapters' work, running pgBackRest too.

mod archive_info;
mod archived;
mod backup;
mod catalogue;
pub mod create;
mod databases;
pub mod extensions;
mod history;
mod history_files;
mod info;
mod ini;
pub mod listing;
pub mod ownership;
pub mod requirements;
pub mod server;
pub mod settings_of_others;
pub mod target;
mod timelines;

pub use archive_info::ArchiveInfo;
pub use archived::{Archive, Archived, Coverage, Path, archived_segments};
pub use backup::{Backup, Database, DatabaseId};
pub use catalogue::{Catalogue, FailedBackup, RunningBackup};
pub use history::{Branch, History};
pub use history_files::{HistoryFile, history_files};
pub use info::{BackupInfo, Reader as BackupInfoReader};
pub use ini::Unreadable;
pub use requirements::Requirements;
pub use timelines::{Reach, Timelines};
