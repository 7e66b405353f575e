//! Every key the charm writes into a databag: declared once, with the one that owns it.

use juju_charm::{Juju, Own, RelationId};

/// A key of a databag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The endpoint of the relation.
    pub endpoint: &'static str,
    /// Whether the unit writes it into its own bag, or the leader into the application's.
    pub owner: Owner,
    /// The key.
    pub name: &'static str,
}

/// Who writes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Each unit, about itself.
    Unit,
    /// The leader, about the application.
    Leader,
}

/// The address a unit is reached at by its peers.
pub const ADDRESS: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Unit,
    name: "ip",
};
/// JSON: member name to address of those that vote in etcd.
pub const VOTERS: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Leader,
    name: "etcd-voters",
};
/// `True` once the application has a database.
pub const INITIALISED: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Leader,
    name: "cluster_initialised",
};
/// The stanza WAL goes to. Never removed: from the first segment on, none is discarded.
pub const STANZA: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Leader,
    name: "stanza",
};
/// The last restore. It changes nothing by itself: it has the peers look at what the cluster's configuration says of it.
pub const RESTORED: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Leader,
    name: "restored",
};
/// JSON: where is archived instead of where the relation with the object store says, and since which restore.
pub const MOVED: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Leader,
    name: "moved-repository",
};
/// How far a unit is: `member`, or `voter` when it votes in etcd, too.
pub const STANDING: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Unit,
    name: "standing",
};
/// The stanza that a primary which is not the leader has proved.
pub const PROVED: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Unit,
    name: "proved-stanza",
};
/// JSON: to which stage of TLS all units go, from which, and a number that tells one such course from the next; absent
/// before TLS was ever turned on.
pub const TLS_COURSE: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Leader,
    name: "tls-course",
};
/// JSON: the stage of TLS a unit has reached, the authorities of its certificates, and the fingerprints of those it
/// trusts.
pub const TLS: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Unit,
    name: "tls",
};
/// JSON: where the files of a unit lie, and the common name of its certificate, for backups that its peers take.
pub const BACKUP_SERVER: Key = Key {
    endpoint: super::PEERS,
    owner: Owner::Unit,
    name: "backup-server",
};
/// Asks an integrator of the second generation for the keys, as a secret.
pub const REQUESTED_SECRETS: Key = Key {
    endpoint: super::OBJECT_STORAGE,
    owner: Owner::Leader,
    name: "requested-secrets",
};
/// Tells an integrator of the second generation which protocol is spoken.
pub const LIB_VERSION: Key = Key {
    endpoint: super::OBJECT_STORAGE,
    owner: Owner::Leader,
    name: "lib-version",
};
/// Asks an integrator of the first generation for an answer.
pub const BUCKET: Key = Key {
    endpoint: super::OBJECT_STORAGE,
    owner: Owner::Leader,
    name: "bucket",
};

/// Asks a provider of further authorities for the second version of the protocol.
pub const TRANSFER_VERSION: Key = Key {
    endpoint: super::RECEIVE_CA,
    owner: Owner::Leader,
    name: "version",
};
/// JSON: the requests for certificates.
pub const REQUESTS: Key = Key {
    endpoint: super::CERTIFICATES,
    owner: Owner::Unit,
    name: "certificate_signing_requests",
};

/// Every key.
pub const ALL: [Key; 16] = [
    TLS_COURSE,
    TLS,
    ADDRESS,
    STANDING,
    PROVED,
    VOTERS,
    INITIALISED,
    STANZA,
    RESTORED,
    MOVED,
    REQUESTED_SECRETS,
    LIB_VERSION,
    BUCKET,
    BACKUP_SERVER,
    TRANSFER_VERSION,
    REQUESTS,
];

/// Writes a key, to be committed when the dispatch ends well.
pub fn write(juju: &Juju, relation: &RelationId, key: Key, value: impl Into<String>) {
    let own = match key.owner {
        Owner::Unit => Own::Unit,
        Owner::Leader => Own::App,
    };
    juju.relation_set(relation, own, key.name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_8_each_databag_key_has_one_owner_and_one_declaration() {
        for (position, key) in ALL.iter().enumerate() {
            let same = |other: &&Key| (other.endpoint, other.name) == (key.endpoint, key.name);
            assert!(
                !ALL[position + 1..].iter().any(|other| same(&other)),
                "{key:?} twice"
            );
        }
    }
}
