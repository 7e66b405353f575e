//! Keys and values.

use super::{Etcd, EtcdError};
use crate::adapters::host::clock::Deadline;

impl Etcd {
    /// The value of a key; `None` when there is none.
    pub fn get(&self, key: &str, deadline: Deadline) -> Result<Option<Vec<u8>>, EtcdError> {
        let _ = (key, deadline);
        unimplemented!()
    }

    /// All keys that begin with `prefix`, and their values, by key.
    pub fn get_prefix(
        &self,
        prefix: &str,
        deadline: Deadline,
    ) -> Result<Vec<(String, Vec<u8>)>, EtcdError> {
        let _ = (prefix, deadline);
        unimplemented!()
    }

    /// Sets a key.
    pub fn put(&self, key: &str, value: &[u8], deadline: Deadline) -> Result<(), EtcdError> {
        let _ = (key, value, deadline);
        unimplemented!()
    }

    /// Deletes a key; tells whether there was one.
    pub fn delete(&self, key: &str, deadline: Deadline) -> Result<bool, EtcdError> {
        let _ = (key, deadline);
        unimplemented!()
    }

    /// Deletes all keys that begin with `prefix`; tells how many.
    pub fn delete_prefix(&self, prefix: &str, deadline: Deadline) -> Result<u64, EtcdError> {
        let _ = (prefix, deadline);
        unimplemented!()
    }
}
