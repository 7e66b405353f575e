//! The part of Patroni's configuration that all members share and that lives in etcd.
//!
//! Patroni reads it from its file once, when the cluster is made; afterwards it is changed through Patroni's REST
//! interface. Both are made here, so that they cannot differ.

use super::document::Node;
use super::parameters;
use crate::domain::settings::Settings;

/// How long a primary that is silent keeps its lead, in seconds: the time a failover takes at least.
pub const TTL_SECONDS: u32 = 30;
/// How often Patroni looks, in seconds.
pub const LOOP_WAIT_SECONDS: u32 = 10;
/// How long Patroni tries to reach etcd before a primary steps down, in seconds.
///
/// Patroni wants `loop_wait + 2 * retry_timeout <= ttl`; the three are its own defaults.
pub const RETRY_TIMEOUT_SECONDS: u32 = 10;
/// How many past timelines Patroni keeps in etcd; its default is all.
const TIMELINES_KEPT: u32 = 50;

/// Whether writes wait when no synchronous replica is left.
const STRICT: &str = "synchronous_mode_strict";

/// The configuration all members share.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicConfiguration(Node);

impl DynamicConfiguration {
    /// The configuration for a cluster of `members` units.
    pub fn new(settings: &Settings, members: u32) -> Self {
        let synchronous = settings.synchronous(members);
        let of_options = settings
            .cluster_parameters()
            .map(|(name, value)| (name, value.into()));
        let parameters = parameters::of_the_cluster()
            .into_iter()
            .chain(of_options)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Self(Node::from([
            ("ttl", TTL_SECONDS.into()),
            ("loop_wait", LOOP_WAIT_SECONDS.into()),
            ("retry_timeout", RETRY_TIMEOUT_SECONDS.into()),
            (
                "maximum_lag_on_failover",
                settings.maximum_lag_on_failover().into(),
            ),
            ("max_timelines_history", TIMELINES_KEPT.into()),
            // When etcd is out of reach, a primary that still reaches every other member goes on.
            ("failsafe_mode", true.into()),
            ("synchronous_mode", true.into()),
            (STRICT, synchronous.strict.into()),
            ("synchronous_node_count", synchronous.count.into()),
            (
                "postgresql",
                [
                    ("use_pg_rewind", true.into()),
                    ("use_slots", true.into()),
                    // A former primary that cannot be rewound is of no use as it is, and its transactions are on
                    // no other member: it becomes a replica again by itself.
                    ("remove_data_directory_on_rewind_failure", true.into()),
                    ("remove_data_directory_on_diverged_timelines", true.into()),
                    ("parameters", Node::Map(parameters)),
                ]
                .into(),
            ),
        ]))
    }

    /// The same while no replica has ever run: a primary that waited for one would accept no writes until then.
    #[must_use]
    pub fn before_any_replica(mut self) -> Self {
        if let Node::Map(entries) = &mut self.0 {
            let strict = entries.iter_mut().filter(|(key, _)| key == STRICT);
            strict.for_each(|(_, value)| *value = false.into());
        }
        self
    }

    /// What has to be sent to Patroni (`PATCH /config`) so that `current`, its answer to `GET /config`, holds this
    /// configuration; `None` when it does already. What others added to the configuration stays.
    pub fn patch(&self, current: &serde_json::Value) -> Option<serde_json::Value> {
        difference(&self.0.clone().into(), current)
    }

    pub(super) fn node(&self) -> Node {
        self.0.clone()
    }
}

/// What has to be sent to Patroni so that writes do not wait for members that are gone, whatever the options say: they may be
/// wrong just then. Never makes them wait for more.
pub fn for_fewer(
    current: &serde_json::Value,
    members: u32,
    any_replica: bool,
) -> Option<serde_json::Value> {
    const COUNT: &str = "synchronous_node_count";
    let mut patch = serde_json::Map::new();
    let most = u64::from(members.saturating_sub(1).max(1));
    if current[COUNT].as_u64().is_some_and(|count| count > most) {
        patch.insert(COUNT.to_owned(), most.into());
    }
    if current[STRICT] == true && (members < 2 || !any_replica) {
        patch.insert(STRICT.to_owned(), false.into());
    }
    (!patch.is_empty()).then_some(patch.into())
}

/// The part of `wanted` that `current` does not hold.
fn difference(
    wanted: &serde_json::Value,
    current: &serde_json::Value,
) -> Option<serde_json::Value> {
    let Some(entries) = wanted.as_object() else {
        return (wanted != current).then(|| wanted.clone());
    };
    let missing: serde_json::Map<_, _> = entries
        .iter()
        .filter_map(|(key, value)| {
            let current = current.get(key).unwrap_or(&serde_json::Value::Null);
            Some((key.clone(), difference(value, current)?))
        })
        .collect();
    (!missing.is_empty()).then_some(missing.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::Machine;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn configuration(members: u32) -> DynamicConfiguration {
        let machine = Machine::new(8 << 30, 4);
        let settings = Settings::from_options(&BTreeMap::new(), &machine).unwrap();
        DynamicConfiguration::new(&settings, members)
    }

    #[test]
    fn a_cluster_that_holds_everything_needs_no_patch_whatever_else_it_holds() {
        let wanted = configuration(3);
        let mut current = wanted.patch(&json!({})).unwrap();
        current["pause"] = json!(true);
        current["postgresql"]["parameters"]["max_slot_wal_keep_size"] = json!("10GB");
        assert_eq!(wanted.patch(&current), None);
    }

    #[test]
    fn writes_wait_for_no_more_members_than_there_are() {
        let current = configuration(3).patch(&json!({})).unwrap();
        assert_eq!(for_fewer(&current, 3, true), None);
        assert_eq!(
            for_fewer(&current, 2, true),
            Some(json!({"synchronous_node_count": 1}))
        );
        let alone = json!({"synchronous_mode_strict": false, "synchronous_node_count": 1});
        assert_eq!(for_fewer(&current, 2, false), Some(alone.clone()));
        assert_eq!(for_fewer(&current, 1, true), Some(alone.clone()));
        assert_eq!(for_fewer(&alone, 3, true), None);
    }

    #[test]
    fn a_patch_names_only_what_differs() {
        let current = configuration(1).patch(&json!({})).unwrap();
        assert_eq!(
            configuration(3).patch(&current),
            Some(json!({"synchronous_mode_strict": true, "synchronous_node_count": 2}))
        );
    }

    #[test]
    fn before_any_replica_ran_only_the_waiting_for_one_differs() {
        let current = configuration(3).patch(&json!({})).unwrap();
        assert_eq!(
            configuration(3).before_any_replica().patch(&current),
            Some(json!({"synchronous_mode_strict": false}))
        );
    }

    #[test]
    fn a_parameter_that_someone_changed_is_set_back() {
        let wanted = configuration(1);
        let mut current = wanted.patch(&json!({})).unwrap();
        current["postgresql"]["parameters"]["wal_level"] = json!("replica");
        assert_eq!(
            wanted.patch(&current),
            Some(json!({"postgresql": {"parameters": {"wal_level": "logical"}}}))
        );
    }
}
