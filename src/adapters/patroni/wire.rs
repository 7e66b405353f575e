//! The JSON of Patroni's REST API, as far as it is read. Versions 3.0 to 4.1.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `GET /cluster`.
#[derive(Debug, Deserialize)]
pub(super) struct Cluster {
    pub(super) members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) role: String,
    pub(super) state: String,
    /// Absent until the member knows where its database will listen.
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) timeline: Option<u32>,
    /// A number, or the text "unknown"; absent on the leader.
    pub(super) lag: Option<Value>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) pending_restart: bool,
}

/// `GET /patroni`.
#[derive(Debug, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Patroni answers with as many"
)]
pub(super) struct ThisMember {
    pub(super) state: String,
    pub(super) role: String,
    pub(super) timeline: Option<u32>,
    pub(super) server_version: Option<u32>,
    #[serde(default)]
    pub(super) pending_restart: bool,
    #[serde(default)]
    pub(super) pause: bool,
    #[serde(default)]
    pub(super) sync_standby: bool,
    #[serde(default)]
    pub(super) cluster_unlocked: bool,
    /// Text; empty while there is no database.
    pub(super) database_system_identifier: Option<String>,
    pub(super) postmaster_start_time: Option<String>,
    pub(super) xlog: Option<Xlog>,
    pub(super) patroni: About,
    pub(super) dcs_last_seen: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Xlog {
    pub(super) location: Option<u64>,
    pub(super) received_location: Option<u64>,
    pub(super) replayed_location: Option<u64>,
    pub(super) replayed_timestamp: Option<String>,
    #[serde(default)]
    pub(super) paused: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct About {
    pub(super) version: String,
    pub(super) scope: String,
}
