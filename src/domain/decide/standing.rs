//! What a unit tells its peers about itself, and what the leader makes of it.
//!
//! Juju runs a hook on the others when a databag changes; without this they would learn of a new replica, voter or
//! repository only with the next regular look.

use super::repository::own_repository;
use crate::domain::decision::Decision;
use crate::domain::observed::{MemberState, Observed, Standing, Written};
use crate::domain::plan::{Plan, Step};

/// The peers know how far this unit is. A unit without peers tells nobody.
pub fn standing(seen: &Observed) -> Decision {
    let Some(peers) = &seen.juju.peers else {
        return Decision::Settled;
    };
    if peers.units.len() < 2 || seen.juju.written.contains(&Written::Standing) {
        return Decision::Settled;
    }
    let runs = seen
        .this_member()
        .is_some_and(|member| member.state == MemberState::Running);
    let votes = seen
        .etcd
        .known()
        .is_some_and(|etcd| etcd.voters().contains(&&seen.juju.member));
    let standing = match (runs, votes) {
        (_, true) => Standing::Voter,
        (true, false) => Standing::Member,
        (false, false) => return Decision::Settled,
    };
    if peers.standing == Some(standing) {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "let the peers know",
        vec![Step::PublishStanding(standing)],
    ))
}

/// The stanza that a primary has proved is recorded, whichever unit leads in Juju.
pub fn stanza(seen: &Observed) -> Decision {
    let Some(peers) = &seen.juju.peers else {
        return Decision::Settled;
    };
    if peers.stanza.is_some() {
        return Decision::Settled;
    }
    let written = |write| seen.juju.written.contains(&write);
    if seen.juju.leader {
        return match &peers.proved {
            Some(stanza) if !written(Written::Stanza) => Decision::Do(Plan::new(
                "record where WAL goes",
                vec![Step::PublishStanza(stanza.clone())],
            )),
            _ => Decision::Settled,
        };
    }
    let proved = seen.is_primary() && own_repository(seen).is_ok();
    if proved && peers.proved.is_none() && !written(Written::Proved) {
        return Decision::Do(Plan::new(
            "tell the leader where WAL goes",
            vec![Step::PublishProved(seen.juju.stanza.clone())],
        ));
    }
    Decision::Settled
}
