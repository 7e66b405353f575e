//! Options that are not one parameter of the server.

use super::declaration::{Declaration, INT_MAX, Kind};
use super::reader::Reader;
use super::shape::Shape;
use super::{Machine, Parameter, SynchronousNodes};

/// What the machine is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The database may have most of the memory.
    Production,
    /// PostgreSQL's own small defaults.
    Testing,
}

/// What the options of this file say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct General {
    pub(super) profile: Profile,
    pub(super) version: Option<u32>,
    pub(super) synchronous_nodes: SynchronousNodes,
    pub(super) synchronous_strict: bool,
    pub(super) maximum_lag_on_failover: i64,
}

const PROFILE: Declaration = Declaration {
    name: "profile",
    kind: Kind::Choice {
        allowed: &["production", "testing"],
        default: "production",
    },
    about: "What the machine is used for. With production, PostgreSQL gets a quarter of the memory as shared buffers \
            and is told to count on the rest for caching; with testing it keeps its small defaults.",
    inherited: true,
    restart: false,
};
pub(super) const PROFILE_LIMIT_MEMORY: Declaration = Declaration {
    name: "profile-limit-memory",
    kind: Kind::Int {
        least: 128,
        most: 9_999_999,
        default: None,
    },
    about: "The memory the profile counts on, in MB, if less than the machine has.",
    inherited: true,
    restart: false,
};
const SYNCHRONOUS_NODE_COUNT: Declaration = Declaration {
    name: "synchronous-node-count",
    kind: Kind::Text {
        shape: Shape::SynchronousNodes,
        default: "all",
    },
    about: "How many replicas confirm a commit before the client hears of it: all of them, as many as make a majority \
            together with the primary, or a number.",
    inherited: true,
    restart: false,
};
const SYNCHRONOUS_MODE_STRICT: Declaration = Declaration {
    name: "synchronous-mode-strict",
    kind: Kind::Bool { default: true },
    about: "Whether writes wait when no synchronous replica is left. It has no effect in a cluster of one.",
    inherited: true,
    restart: false,
};
const MAX_CONNECTIONS: Declaration = Declaration {
    name: "experimental-max-connections",
    // The least that Patroni takes, which keeps some of them for itself and for replication.
    kind: Kind::Int {
        least: 25,
        most: 262_143,
        default: None,
    },
    about: "How many connections the database accepts. Unset: four for each processor, and at least 100.",
    inherited: true,
    restart: true,
};
const MAXIMUM_LAG_ON_FAILOVER: Declaration = Declaration {
    name: "durability-maximum-lag-on-failover",
    kind: Kind::Int {
        least: 0,
        most: INT_MAX,
        default: Some(1_048_576),
    },
    about: "How many bytes of WAL a replica may lack and still become the primary when the primary is lost.",
    inherited: true,
    restart: false,
};
const VERSION: Declaration = Declaration {
    name: "version",
    kind: Kind::Choice {
        allowed: &["", "14", "15", "16", "17"],
        default: "",
    },
    about: "The major version of PostgreSQL. Empty: the one of the distribution. It is read when a unit is installed; \
            a database that exists keeps its version.",
    inherited: false,
    restart: false,
};
/// Every option of this file.
pub(super) const DECLARATIONS: [Declaration; 7] = [
    PROFILE,
    PROFILE_LIMIT_MEMORY,
    SYNCHRONOUS_NODE_COUNT,
    SYNCHRONOUS_MODE_STRICT,
    MAX_CONNECTIONS,
    MAXIMUM_LAG_ON_FAILOVER,
    VERSION,
];

/// Reads all but the number of connections. A wrong option leaves its default behind; the reader knows of it.
pub(super) fn read(reader: &mut Reader<'_>) -> General {
    let is = |value: Option<String>, word: &str| value.as_deref() == Some(word);
    let nodes = reader.text(&SYNCHRONOUS_NODE_COUNT);
    General {
        profile: if is(reader.text(&PROFILE), "testing") {
            Profile::Testing
        } else {
            Profile::Production
        },
        version: reader
            .text(&VERSION)
            .and_then(|version| version.parse().ok()),
        synchronous_nodes: nodes.map_or(SynchronousNodes::All, |text| {
            SynchronousNodes::from_text(&text)
        }),
        synchronous_strict: reader.truth(&SYNCHRONOUS_MODE_STRICT).unwrap_or(true),
        maximum_lag_on_failover: reader.int(&MAXIMUM_LAG_ON_FAILOVER).unwrap_or_default(),
    }
}

/// How many connections the database accepts.
pub(super) fn max_connections(reader: &mut Reader<'_>, machine: &Machine) -> Parameter {
    let given = reader.int(&MAX_CONNECTIONS);
    Parameter::Int(given.unwrap_or_else(|| (4 * i64::from(machine.cpus)).max(100)))
}
