//! TLS counts once PostgreSQL has read it.

use super::*;

/// Once TLS is on, PostgreSQL is changed by hand, as `change` says, and what the unit does is told, at once and later.
fn when_postgresql_does_otherwise(change: impl Fn(&mut Model)) -> (String, Vec<String>) {
    let mut cluster = Cluster::of(1);
    cluster.relate("first", None);
    cluster.come_to_rest();
    let unit = &mut cluster.units[0];
    change(unit);
    let mut seen = unit.observe().unwrap();
    let Decision::Wait(wait) = decide::reconcile(&seen) else {
        panic!("it is not waited for: {:?}", decide::reconcile(&seen));
    };
    seen.waited = wait.patience;
    let Decision::Do(plan) = decide::reconcile(&seen) else {
        panic!("nothing is done about it: {:?}", decide::reconcile(&seen));
    };
    (
        wait.reason,
        plan.steps.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn rules_that_postgresql_does_not_have_yet_are_waited_for_and_then_seen_to() {
    let (waits, does) =
        when_postgresql_does_otherwise(|unit| unit.running.refuses_plaintext = false);
    assert_eq!(
        waits,
        "PostgreSQL is about to refuse connections without TLS"
    );
    assert_eq!(
        does,
        [
            "start Patroni anew while PostgreSQL runs on",
            "have Patroni read its configuration again"
        ]
    );
}

#[test]
fn a_certificate_that_postgresql_has_not_read_yet_is_waited_for_and_then_seen_to() {
    let (waits, does) = when_postgresql_does_otherwise(|unit| unit.running.identity.clear());
    assert_eq!(waits, "PostgreSQL is taking up its certificate");
    assert_eq!(does, ["have Patroni read its configuration again"]);
}

#[test]
fn a_file_from_the_future_is_no_reason_to_wait() {
    let at = |text: &str| text.parse().unwrap();
    let tls = |written| ServerTls {
        on: true,
        plaintext: true,
        loaded: at("2026-01-01T12:00:00Z"),
        rules_written: Some(at("2026-01-01T11:00:00Z")),
        certificate_written: Some(at(written)),
    };
    let now = at("2026-01-01T13:00:00Z");
    assert!(tls("2026-01-01T12:00:00Z").is_up_to_date(now));
    assert!(!tls("2026-01-01T12:00:00.001Z").is_up_to_date(now));
    assert!(tls("2026-01-01T13:00:01Z").is_up_to_date(now));
}
