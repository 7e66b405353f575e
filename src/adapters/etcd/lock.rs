//! A lock that goes by itself with whoever holds it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::number;
use super::store::{Committed, encoded};
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

impl Etcd {
    /// Takes a lock for some seconds; none when another holds it. Who held it under the same name and died holds it again.
    pub fn lock(
        &self,
        key: &str,
        owner: &str,
        seconds: u32,
        deadline: Deadline,
    ) -> Result<Option<Lock>, EtcdError> {
        const OPERATION: &str = "take a lock in etcd";
        let request = json!({ "TTL": seconds.to_string() });
        let lease: Lease = self.call(OPERATION, "lease/grant", &request, deadline)?;
        let lock = Lock { lease: lease.id };
        let key = encoded(key);
        let put = json!({ "key": key, "value": encoded(owner), "lease": lock.lease.to_string() });
        let request = json!({
            "compare": [{ "key": key, "target": "CREATE", "create_revision": "0" }],
            "success": [{ "request_put": put }],
            "failure": [{ "request_range": { "key": key } }],
        });
        let committed: Committed = self.call(OPERATION, "kv/txn", &request, deadline)?;
        if committed.succeeded {
            return Ok(Some(lock));
        }
        self.unlock(&lock, deadline)?;
        let ranges = committed.responses.into_iter();
        let held = ranges
            .filter_map(|response| response.response_range)
            .flat_map(|range| range.kvs)
            .find(|pair| pair.value == owner.as_bytes());
        let Some(own) = held else { return Ok(None) };
        let own = Lock { lease: own.lease };
        self.renew(&own, deadline)?;
        Ok(Some(own))
    }

    /// Holds a lock for as long again as it was taken for.
    pub fn renew(&self, lock: &Lock, deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "ID": lock.lease.to_string() });
        self.call::<Value>("keep a lock in etcd", "lease/keepalive", &request, deadline)
            .map(|_| ())
    }

    /// Releases a lock.
    pub fn unlock(&self, lock: &Lock, deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "ID": lock.lease.to_string() });
        self.call::<Value>("release a lock in etcd", "lease/revoke", &request, deadline)
            .map(|_| ())
    }
}
