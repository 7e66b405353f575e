//! Nothing that people or logs see holds a password or a key.

use postgresql_charm::domain::decide;
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::words::{Secret, SystemUser};
use postgresql_charm::reconcile::{World as _, carry_out};

use crate::model::Model;

/// What every secret of the model begins with.
const MARK: &str = "hidden-";

#[test]
fn invariant_5_no_secret_in_what_is_seen_decided_or_printed() {
    let mut model = Model::joined();
    model.relate();
    model.relate_application(7, &[("database", "shop")]);
    for _ in 0..60 {
        let seen = model.observe().unwrap();
        assert!(!format!("{seen:?}").contains(MARK));
        let decision = decide::reconcile(&seen);
        assert!(!format!("{decision:?}").contains(MARK), "{decision:?}");
        let status = decide::status::status(&seen, &decision);
        assert!(!status.message.contains(MARK), "{status:?}");
        match decision {
            Decision::Do(plan) => {
                assert!(!plan.to_string().contains(MARK), "{plan}");
                carry_out(&mut model, &plan).unwrap();
            }
            Decision::Wait(_) => model.end_well(),
            Decision::Blocked(blocked) => panic!("{blocked}"),
            Decision::Settled => return,
        }
    }
    panic!("the unit does not come to rest");
}

#[test]
fn a_plan_that_changes_a_password_does_not_print_it() {
    let model = Model::archiving();
    let new = Secret::new("hidden-new-one");
    let plan = decide::passwords::set(&model.seen, SystemUser::Operator, &new).unwrap();
    assert!(!format!("{plan:?} {plan}").contains(MARK));
    assert!(plan.to_string().contains("operator"));
}
