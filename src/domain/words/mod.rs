//! The words of the field as types: what PostgreSQL, pgBackRest and operators call things.
//!
//! Each word is checked once, where text enters, and cannot be malformed afterwards. Order is the order of the thing
//! (timeline 10 comes after timeline 9), never that of its text.

mod backup_id;
mod backup_kind;
mod backup_label;
mod digits;
mod lsn;
mod malformed;
mod member_name;
mod restore_point;
mod secret;
mod stanza;
mod system_id;
mod system_user;
mod text;
mod timeline;
mod wal_segment;

pub use backup_id::BackupId;
pub use backup_kind::BackupKind;
pub use backup_label::BackupLabel;
/// A moment in time, to the nanosecond, without a zone; prints as `2026-01-01T12:00:00Z`.
pub use jiff::Timestamp;
pub use lsn::Lsn;
pub use malformed::Malformed;
pub use member_name::MemberName;
pub use restore_point::{NotAName, RestorePoint};
pub use secret::Secret;
pub use stanza::Stanza;
pub use system_id::SystemId;
pub use system_user::SystemUser;
pub use timeline::Timeline;
pub use wal_segment::{SegmentSize, WalSegment};
