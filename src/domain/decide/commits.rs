//! Commits that wait for a replica which is not there.
//!
//! Patroni compares the synchronous replicas it wants with those it has recorded in etcd, and not with what PostgreSQL waits
//! for (seen with 3.0.2). One that is chosen and goes before it was confirmed was never recorded: wanted and recorded agree
//! again, and every commit goes on waiting for it.

use std::collections::BTreeSet;

use crate::domain::decision::Decision;
use crate::domain::observed::Observed;
use crate::domain::plan::{Plan, Step};
use crate::domain::words::MemberName;

/// Nobody is waited for who neither streams nor is one of those whom Patroni looks after.
pub fn commits(seen: &Observed) -> Decision {
    let (Some(database), Some(cluster), true) = (
        seen.database.known(),
        seen.cluster.known(),
        seen.is_primary() && seen.etcd.known().is_some(),
    ) else {
        return Decision::Settled;
    };
    let silent = database
        .waits_for
        .iter()
        .filter(|name| !database.streaming.contains(*name) && !cluster.synchronous.contains(*name));
    let silent: BTreeSet<MemberName> = silent.cloned().collect();
    if silent.is_empty() {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "let commits go on",
        vec![Step::ChooseSynchronous(silent)],
    ))
}
