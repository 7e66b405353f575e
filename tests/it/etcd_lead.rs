//! etcd is led from another machine than the primary's, where there is one.

use postgresql_charm::domain::decide;
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{EtcdView, MemberState, Observed, Seen};
use postgresql_charm::domain::plan::Step;
use postgresql_charm::domain::words::MemberName;

use crate::model::{Model, etcd_id};

fn name(number: u8) -> MemberName {
    format!("postgresql-{number}").parse().unwrap()
}

fn etcd(seen: &mut Observed) -> &mut EtcdView {
    match &mut seen.etcd {
        Seen::Known(etcd) => etcd,
        other => panic!("{other:?}"),
    }
}

/// A settled unit of three whose member of etcd leads.
fn leading(number: u8) -> Observed {
    let mut seen = Model::one_of(3, number).seen;
    etcd(&mut seen).leader = etcd_id(&name(number));
    seen
}

fn moves(seen: &Observed) -> Option<Step> {
    match decide::reconcile(seen) {
        Decision::Do(plan) => Some(plan.steps[0].clone()),
        Decision::Settled => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_primary_hands_the_lead_of_etcd_to_a_voter_beside_a_replica() {
    let mut seen = leading(0);
    let to = |number| Step::MoveEtcdLead {
        to: etcd_id(&name(number)),
        whose: name(number),
    };
    assert_eq!(moves(&seen), Some(to(1)));
    if let Seen::Known(cluster) = &mut seen.cluster {
        cluster.members[1].state = MemberState::Other("stopped".into());
    }
    assert_eq!(moves(&seen), Some(to(2)));
    seen.etcd_lead_tried = true;
    assert_eq!(moves(&seen), None, "once a dispatch is enough");
}

#[test]
fn it_stays_where_it_is_on_a_replica_and_where_nobody_else_votes() {
    assert_eq!(moves(&leading(1)), None, "a replica");
    let mut seen = leading(0);
    etcd(&mut seen).members.truncate(1);
    assert_eq!(moves(&seen), None, "nobody else votes");
}

#[test]
fn it_stays_while_a_voter_comes() {
    let mut joins = leading(0);
    etcd(&mut joins).members[2].learner = true;
    let mut starts = leading(0);
    etcd(&mut starts).members[2].name = None;
    assert_eq!([moves(&joins), moves(&starts)], [None, None]);
}

#[test]
fn a_cluster_at_rest_is_led_elsewhere() {
    let model = Model::one_of(3, 0);
    let Seen::Known(etcd) = &model.seen.etcd else {
        panic!()
    };
    assert_eq!(etcd.leader, etcd_id(&name(1)));
}
