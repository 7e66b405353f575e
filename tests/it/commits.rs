//! Commits wait for replicas, and never for one that will not confirm.

use std::collections::BTreeSet;

use postgresql_charm::domain::decide;
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{ManagedFile, Seen};
use postgresql_charm::domain::plan::{Plan, Step};
use postgresql_charm::domain::words::MemberName;

use crate::model::{Model, has};

fn names(numbers: &[u8]) -> BTreeSet<MemberName> {
    let names = numbers.iter().map(|it| format!("postgresql-{it}"));
    names.map(|name| name.parse().unwrap()).collect()
}

/// A primary of three whose commits wait for these, of whom these stream, and these are in Patroni's record.
fn decided(waits_for: &[u8], streaming: &[u8], recorded: &[u8]) -> Decision {
    let mut model = Model::one_of(3, 0);
    assert!(has(&model, ManagedFile::PatroniConfig));
    let (Seen::Known(database), Seen::Known(cluster)) =
        (&mut model.seen.database, &mut model.seen.cluster)
    else {
        panic!()
    };
    database.waits_for = names(waits_for);
    database.streaming = names(streaming);
    cluster.synchronous = names(recorded);
    decide::reconcile(&model.seen)
}

/// Patroni 3.0.2: it had PostgreSQL wait for a replica that went before it was confirmed, and then forgot it.
#[test]
fn a_replica_that_went_before_it_was_confirmed_holds_up_no_commit() {
    let plan = Plan::new(
        "let commits go on",
        vec![Step::ChooseSynchronous(names(&[2]))],
    );
    assert_eq!(decided(&[1, 2], &[1], &[1]), Decision::Do(plan));
}

#[test]
fn patroni_looks_after_those_who_stream_or_are_in_its_record() {
    for (waits_for, streaming, recorded) in [
        (&[][..], &[1, 2][..], &[][..]),
        (&[1, 2], &[1, 2], &[1]),
        (&[1, 2], &[1], &[1, 2]),
    ] {
        let decision = decided(waits_for, streaming, recorded);
        assert_eq!(decision, Decision::Settled, "{waits_for:?} {streaming:?}");
    }
}

#[test]
fn once_nobody_waits_for_it_all_is_settled() {
    let mut model = Model::one_of(3, 0);
    if let Seen::Known(database) = &mut model.seen.database {
        database.waits_for = names(&[2]);
    }
    model.live();
    assert_eq!(
        model.performed.last().unwrap(),
        "have commits not wait for postgresql/2"
    );
    assert_eq!(decide::reconcile(&model.seen), Decision::Settled);
}
