//! Whatever dies half-way, the next look ends in the same place.

use postgresql_charm::domain::backups::target::{Target, TargetKind};
use postgresql_charm::domain::decide;
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{RestorePhase, RestoreRecord};
use postgresql_charm::domain::plan::Plan;
use postgresql_charm::reconcile::{carry_out, reconcile};

use crate::model::{Directories, Model};

/// The facts two worlds must agree on to be in the same place; times of death leave no other traces.
fn place(model: &Model) -> String {
    let host = &model.seen.host;
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        host.files.keys(),
        host.services,
        host.repository,
        host.restore,
        model.seen.juju.peers,
        model.directories
    )
}

/// Every state that is worth starting from, with where it leads.
fn beginnings() -> Vec<(&'static str, Model)> {
    let mut related = Model::primary();
    related.relate();
    vec![
        ("a unit that joins", Model::joined()),
        ("a primary that is related", related),
    ]
}

#[test]
fn invariant_3_reconcile_twice_in_a_row_is_settled() {
    for (what, mut model) in beginnings() {
        model.live();
        let before = model.performed.len();
        reconcile(&mut model).unwrap();
        assert_eq!(
            model.performed.len(),
            before,
            "{what}: {:?}",
            &model.performed[before..]
        );
        assert_eq!(decide::reconcile(&model.seen), Decision::Settled, "{what}");
    }
}

#[test]
fn invariant_4_any_prefix_of_any_plan_then_reconcile_reaches_the_same_end() {
    for (what, model) in beginnings() {
        let mut whole = model.clone();
        whole.live();
        let steps = whole.performed.len() - model.performed.len();
        assert!(steps > 5, "{what}: only {steps} steps");
        for cut in 0..steps {
            let mut dying = model.clone();
            dying.steps_left = Some(cut);
            reconcile(&mut dying).unwrap();
            dying.die();
            dying.live();
            assert_eq!(
                place(&dying),
                place(&whole),
                "{what}, cut after {cut} steps"
            );
        }
    }
}

fn restore() -> Plan {
    let record = RestoreRecord {
        id: "20260101T120000Z".into(),
        phase: RestorePhase::Beside,
        stanza: "dev.postgresql".parse().unwrap(),
        target: Target {
            set: "20260101-110000F".parse().unwrap(),
            kind: TargetKind::Immediate,
            timeline: None,
            assumed_utc: false,
        },
        replaces: None,
        kept: "/var/lib/postgresql/15/main.before-restore".into(),
    };
    decide::restore::plan(record)
}

#[test]
fn invariant_6_a_restore_cut_anywhere_ends_with_the_old_database_or_the_new_one_whole() {
    let plan = restore();
    let mut ends = Vec::new();
    for cut in 0..=plan.steps.len() {
        let mut model = Model::archiving();
        model.steps_left = Some(cut);
        let done = carry_out(&mut model, &plan);
        assert_eq!(done.is_ok(), cut == plan.steps.len());
        model.die();
        model.live();
        let old = Directories {
            data: Some("first"),
            beside: None,
            kept: None,
        };
        let new = Directories {
            data: Some("restored"),
            beside: None,
            kept: Some("first"),
        };
        assert!(
            model.directories == old || model.directories == new,
            "cut after {cut}: {:?}",
            model.directories
        );
        assert_eq!(model.seen.host.restore, None, "cut after {cut}");
        assert!(model.seen.is_primary(), "cut after {cut}");
        ends.push(model.directories.data);
    }
    // Back while the copy is unproved, forward from then on, and never back again.
    let turn = ends
        .iter()
        .position(|end| *end == Some("restored"))
        .unwrap();
    assert!(ends[turn..].iter().all(|end| *end == Some("restored")));
    let recorded = plan.steps[..turn]
        .iter()
        .filter(|step| step.to_string().contains("record"));
    assert_eq!(
        recorded.count(),
        2,
        "the turn is the second record of intent"
    );
}

#[test]
fn a_database_is_never_made_with_passwords_that_juju_has_not_recorded() {
    let mut model = Model::joined();
    reconcile(&mut model).unwrap();
    assert!(
        model
            .performed
            .iter()
            .any(|step| step.contains("make the passwords"))
    );
    assert!(
        !model.performed.iter().any(|step| step == "start Patroni"),
        "{:?}",
        model.performed
    );
}
