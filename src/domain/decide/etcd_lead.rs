//! etcd is led from another machine than the primary's.
//!
//! A new leader of etcd gives every lease its whole time again, the one on Patroni's lead among them. When both die with
//! one machine, nobody leads for that much longer. See `docs/decisions`.

use crate::domain::decision::Decision;
use crate::domain::observed::Observed;
use crate::domain::plan::{Plan, Step};

/// The primary hands the lead of etcd to a voter beside a replica, while nothing else about the voters is under way.
pub fn etcd_lead(seen: &Observed) -> Decision {
    let (Some(etcd), Some(cluster), true) = (
        seen.etcd.known().filter(|etcd| etcd.authenticated),
        seen.cluster.known(),
        seen.is_primary() && !seen.etcd_lead_tried,
    ) else {
        return Decision::Settled;
    };
    let mine = etcd.member(&seen.juju.member, seen.juju.address);
    let changing = |member| matches!(member, (_, None) | (true, _));
    let states = etcd.members.iter().map(|it| (it.learner, it.name.as_ref()));
    if mine.is_none_or(|mine| mine.id != etcd.leader) || states.into_iter().any(changing) {
        return Decision::Settled;
    }
    let replicas = cluster.replicas();
    let named = (etcd.members.iter()).filter_map(|it| Some((it.name.as_ref()?, it.id)));
    let heir = named.filter(|(name, _)| replicas.contains(name)).min();
    let Some((whose, to)) = heir else {
        return Decision::Settled;
    };
    let whose = whose.clone();
    Decision::Do(Plan::new(
        "have etcd led from another machine than the primary's",
        vec![Step::MoveEtcdLead { to, whose }],
    ))
}
