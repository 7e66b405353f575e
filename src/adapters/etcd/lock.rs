//! A lock that goes by itself with whoever holds it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::number;
use super::store::encoded;
use super::{Etcd, EtcdError};
use crate::adapters::host::clock::Deadline;

/// A lock that is held until it is released, or until its time is over.
#[derive(Debug)]
#[must_use = "a lock that is not released is held until its time is over"]
pub struct Lock {
    lease: u64,
}

#[derive(Deserialize)]
struct Lease {
    #[serde(rename = "ID", with = "number")]
    id: u64,
}

#[derive(Deserialize)]
struct Committed {
    #[serde(default)]
    succeeded: bool,
}

impl Etcd {
    /// Takes a lock for some seconds; none when another holds it.
    pub fn lock(
        &self,
        key: &str,
        seconds: u32,
        deadline: Deadline,
    ) -> Result<Option<Lock>, EtcdError> {
        const OPERATION: &str = "take a lock in etcd";
        let request = json!({ "TTL": seconds.to_string() });
        let lease: Lease = self.call(OPERATION, "lease/grant", &request, deadline)?;
        let lock = Lock { lease: lease.id };
        let key = encoded(key);
        let request = json!({
            "compare": [{ "key": key, "target": "CREATE", "create_revision": "0" }],
            "success": [{ "request_put": { "key": key, "lease": lock.lease.to_string() } }],
        });
        let committed: Committed = self.call(OPERATION, "kv/txn", &request, deadline)?;
        if committed.succeeded {
            return Ok(Some(lock));
        }
        self.unlock(lock, deadline)?;
        Ok(None)
    }

    /// Releases a lock.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a lock that was released is none any more"
    )]
    pub fn unlock(&self, lock: Lock, deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "ID": lock.lease.to_string() });
        self.call::<Value>("release a lock in etcd", "lease/revoke", &request, deadline)
            .map(|_| ())
    }
}
