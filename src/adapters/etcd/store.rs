//! Keys and values.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::number;
use super::{Etcd, EtcdError};
use crate::adapters::host::clock::{self, Deadline};

/// An election, with one more for votes that were split.
const ELECTION: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// Tries again what may be done twice, while etcd elects a leader or hands the lead over.
fn through_an_election<T>(
    deadline: Deadline,
    what: impl Fn() -> Result<T, EtcdError>,
) -> Result<T, EtcdError> {
    let election = Deadline::after(ELECTION);
    loop {
        match what() {
            Err(error)
                if error.is_of_an_election() && !election.is_over() && !deadline.is_over() =>
            {
                clock::sleep(BETWEEN_TRIES);
            }
            answer => return answer,
        }
    }
}

impl Etcd {
    /// The value of a key; `None` when there is none.
    pub fn get(&self, key: &str, deadline: Deadline) -> Result<Option<Vec<u8>>, EtcdError> {
        let pair = through_an_election(deadline, || self.pair(key, deadline))?;
        Ok(pair.map(|pair| pair.value))
    }

    fn pair(&self, key: &str, deadline: Deadline) -> Result<Option<Pair>, EtcdError> {
        let request = json!({ "key": encoded(key) });
        let range: Range = self.call("read a key of etcd", "kv/range", &request, deadline)?;
        Ok(range.kvs.into_iter().next())
    }

    /// All keys that begin with `prefix`, and their values, by key.
    pub fn get_prefix(
        &self,
        prefix: &str,
        deadline: Deadline,
    ) -> Result<Vec<(String, Vec<u8>)>, EtcdError> {
        let range: Range = self.call(
            "read keys of etcd",
            "kv/range",
            &beginning(prefix),
            deadline,
        )?;
        let text = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
        Ok(range
            .kvs
            .into_iter()
            .map(|pair| (text(&pair.key), pair.value))
            .collect())
    }

    /// Sets a key.
    pub fn put(&self, key: &str, value: &[u8], deadline: Deadline) -> Result<(), EtcdError> {
        let request = json!({ "key": encoded(key), "value": STANDARD.encode(value) });
        let put = || self.call::<Value>("write a key of etcd", "kv/put", &request, deadline);
        through_an_election(deadline, put).map(|_| ())
    }

    /// The value of a key and the number of its last change; `None` when there is none.
    pub fn get_with_revision(
        &self,
        key: &str,
        deadline: Deadline,
    ) -> Result<Option<(Vec<u8>, u64)>, EtcdError> {
        let pair = self.pair(key, deadline)?;
        Ok(pair.map(|pair| (pair.value, pair.mod_revision)))
    }

    /// Sets a key, keeping its lease, unless it was changed after this change of it; tells whether it was set.
    pub fn replace(
        &self,
        key: &str,
        value: &[u8],
        revision: u64,
        deadline: Deadline,
    ) -> Result<bool, EtcdError> {
        let key = encoded(key);
        let put = json!({
            "key": key,
            "value": STANDARD.encode(value),
            "ignore_lease": true,
        });
        let request = json!({
            "compare": [{ "key": key, "target": "MOD", "mod_revision": revision.to_string() }],
            "success": [{ "request_put": put }],
        });
        let committed: Committed =
            self.call("change a key of etcd", "kv/txn", &request, deadline)?;
        Ok(committed.succeeded)
    }

    /// Deletes a key; tells whether there was one.
    pub fn delete(&self, key: &str, deadline: Deadline) -> Result<bool, EtcdError> {
        let request = json!({ "key": encoded(key) });
        let deleted: Deleted =
            self.call("delete a key of etcd", "kv/deleterange", &request, deadline)?;
        Ok(deleted.deleted > 0)
    }

    /// Deletes all keys that begin with `prefix`; tells how many.
    pub fn delete_prefix(&self, prefix: &str, deadline: Deadline) -> Result<u64, EtcdError> {
        let deleted: Deleted = self.call(
            "delete keys of etcd",
            "kv/deleterange",
            &beginning(prefix),
            deadline,
        )?;
        Ok(deleted.deleted)
    }
}

pub(super) fn encoded(key: &str) -> String {
    STANDARD.encode(key)
}

/// The range of all keys that begin with `prefix`.
pub(super) fn beginning(prefix: &str) -> Value {
    json!({ "key": encoded(prefix), "range_end": STANDARD.encode(end_of(prefix)) })
}

/// The first key after all those that begin with `prefix`; a zero byte stands for "no end".
fn end_of(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![0]
}

#[derive(Deserialize)]
pub(super) struct Range {
    #[serde(default)]
    pub(super) kvs: Vec<Pair>,
}

#[derive(Deserialize)]
pub(super) struct Pair {
    #[serde(deserialize_with = "decoded")]
    key: Vec<u8>,
    /// Absent when it is empty.
    #[serde(default, deserialize_with = "decoded")]
    pub(super) value: Vec<u8>,
    /// Absent when the pair stays until it is deleted.
    #[serde(default, with = "number")]
    pub(super) lease: u64,
    #[serde(default, with = "number")]
    mod_revision: u64,
}

/// The answer to a transaction.
#[derive(Deserialize)]
pub(super) struct Committed {
    /// Whether its condition held; absent when not.
    #[serde(default)]
    pub(super) succeeded: bool,
    #[serde(default)]
    pub(super) responses: Vec<Response>,
}

#[derive(Deserialize)]
pub(super) struct Response {
    pub(super) response_range: Option<Range>,
}

#[derive(Deserialize)]
struct Deleted {
    /// Absent when there was nothing.
    #[serde(default, with = "number")]
    deleted: u64,
}

fn decoded<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(from)?;
    STANDARD
        .decode(text.as_bytes())
        .map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::scripted::Scripted;

    fn soon() -> Deadline {
        Deadline::seconds(20)
    }

    #[test]
    fn the_range_of_a_prefix_ends_right_behind_it() {
        assert_eq!(end_of("/service/"), b"/service0");
        assert_eq!(end_of(""), [0]);
    }

    #[test]
    fn keys_and_values_are_bytes_to_etcd() {
        let answer = r#"{"header":{},"kvs":[{"key":"L3MvYQ==","value":"eA=="},{"key":"L3MvYg=="}],"count":"2"}"#;
        let server = Scripted::answers(&[(200, answer)]);
        let etcd = Etcd::at("127.0.0.1", server.port, None);
        assert_eq!(
            etcd.get_prefix("/s/", soon()).unwrap(),
            [
                ("/s/a".to_owned(), b"x".to_vec()),
                ("/s/b".to_owned(), Vec::new())
            ]
        );
        assert_eq!(
            server.requests(),
            [r#"POST /v3/kv/range {"key":"L3Mv","range_end":"L3Mw"}"#]
        );
    }

    #[test]
    fn an_election_is_waited_for_and_another_refusal_is_not() {
        let unled = (503, r#"{"error":"etcdserver: no leader","code":14}"#);
        let dropped = (500, r#"{"error":"raft proposal dropped","code":2}"#);
        let full = (500, r#"{"error":"mvcc: database space exceeded","code":8}"#);
        let server = Scripted::answers(&[unled, dropped, (200, "{}"), full, unled, (200, "{}")]);
        let etcd = Etcd::at("127.0.0.1", server.port, None);
        etcd.put("/s", b"x", soon()).unwrap();
        assert!(etcd.put("/s", b"x", soon()).is_err());
        assert_eq!(etcd.get("/s", soon()).unwrap(), None);
    }

    #[test]
    fn a_key_is_replaced_only_as_it_was_read() {
        let read = r#"{"kvs":[{"key":"L3M=","mod_revision":"41","version":"3","value":"eA=="}],"count":"1"}"#;
        let server = Scripted::answers(&[(200, read), (200, r#"{"succeeded":true}"#), (200, "{}")]);
        let etcd = Etcd::at("127.0.0.1", server.port, None);
        let found = etcd.get_with_revision("/s", soon()).unwrap();
        assert_eq!(found, Some((b"x".to_vec(), 41)));
        assert!(etcd.replace("/s", b"y", 41, soon()).unwrap());
        assert!(!etcd.replace("/s", b"y", 41, soon()).unwrap());
        assert_eq!(
            server.requests()[1],
            concat!(
                "POST /v3/kv/txn ",
                r#"{"compare":[{"key":"L3M=","mod_revision":"41","target":"MOD"}],"#,
                r#""success":[{"request_put":{"ignore_lease":true,"key":"L3M=","value":"eQ=="}}]}"#
            )
        );
    }

    #[test]
    fn what_was_deleted_is_counted() {
        let server = Scripted::answers(&[(200, r#"{"deleted":"3"}"#), (200, "{}")]);
        let etcd = Etcd::at("127.0.0.1", server.port, None);
        assert_eq!(etcd.delete_prefix("/s/", soon()).unwrap(), 3);
        assert!(!etcd.delete("/s/a", soon()).unwrap());
        drop(server.requests());
    }
}
