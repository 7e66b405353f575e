//! Leadership.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{Fault, Request};

fn cluster() -> Lab {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        2,
    );
    lab
}

fn expire(lab: &Lab) {
    lab.call::<()>(&Request::Fault(Fault::ExpireLeadership {
        model: MODEL.into(),
        application: "probe".into(),
    }));
}

#[test]
fn exactly_one_unit_leads() {
    let lab = cluster();
    let answers = [
        lab.exec("probe/0", "is-leader --format json"),
        lab.exec("probe/1", "is-leader --format json"),
    ];
    let mut answers = answers.map(Result::unwrap);
    answers.sort();
    assert_eq!(answers, ["false", "true"]);
}

#[test]
fn a_lost_lease_goes_to_another_unit_and_nothing_tells_the_former_leader() {
    let lab = cluster();
    let (leader, follower) = (lab.leader("probe"), lab.follower("probe"));
    lab.forget_events(&leader);
    lab.forget_events(&follower);
    expire(&lab);
    lab.until_event(&follower, "leader-elected");
    lab.settle();
    assert_eq!(lab.events(&leader), Vec::<String>::new());
    assert_eq!(lab.leader("probe"), follower);
}

#[test]
fn leadership_lost_before_the_commit_fails_a_hook_that_wrote_for_the_application() {
    let lab = cluster();
    let leader = lab.leader("probe");
    let command = format!(
        "relation-set -r cluster:0 --app a=1 && touch {0} && while [ -e {0} ]; do sleep 0.02; done",
        lab.shared("hold").display()
    );
    let task = std::thread::scope(|scope| {
        let task = scope.spawn(|| lab.exec_task(&leader, &command));
        lab.until("the command wrote", || lab.shared("hold").exists());
        expire(&lab);
        std::fs::remove_file(lab.shared("hold")).unwrap();
        task.join().unwrap()
    });
    assert_eq!(
        task.message.as_deref(),
        Some("committing requested changes failed")
    );
    assert_eq!(task.results.stderr, "permission denied\n");
    assert_eq!(
        lab.exec(
            &leader,
            "relation-get -r cluster:0 --app a probe --format json"
        )
        .unwrap(),
        "null"
    );
}

#[test]
fn a_leader_without_power_loses_the_lease_when_it_runs_out() {
    let lab = cluster();
    lab.set_model("lab-leadership-ttl", "1s");
    let (leader, follower) = (lab.leader("probe"), lab.follower("probe"));
    lab.forget_events(&follower);
    expire(&lab);
    lab.until("the new lease is short", || lab.leader("probe") == follower);
    lab.settle();
    let machine = lab.unit(&follower).machine;
    lab.forget_events(&leader);
    lab.call::<()>(&Request::Fault(Fault::PowerOff {
        model: MODEL.into(),
        machine,
    }));
    lab.until_event(&leader, "leader-elected");
}

#[test]
fn a_dying_leader_leads_until_it_is_gone() {
    let lab = Lab::start();
    let script = "[ $name = stop ] && is-leader >> $shared/at-stop; true";
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", script),
        2,
    );
    let (leader, follower) = (lab.leader("probe"), lab.follower("probe"));
    lab.remove_unit(&leader);
    lab.until_gone(&leader);
    assert_eq!(
        std::fs::read_to_string(lab.shared("at-stop")).unwrap(),
        "True\n"
    );
    lab.until_event(&follower, "leader-elected");
}

#[test]
fn only_the_leader_speaks_for_its_application() {
    let lab = cluster();
    let (leader, follower) = (lab.leader("probe"), lab.follower("probe"));
    let not_leader = "ERROR this unit is not the leader";
    for (command, refusal) in [
        ("status-set --application active x", not_leader),
        ("status-get --application", not_leader),
        ("secret-add password=one", not_leader),
        (
            "relation-set -r cluster:0 --app a=1",
            "ERROR cannot write relation settings",
        ),
    ] {
        assert_eq!(lab.exec(&follower, command).unwrap_err(), refusal);
    }
    lab.exec(&leader, "status-set --application blocked together")
        .unwrap();
    let status = lab.status().applications["probe"].status.clone();
    assert_eq!(
        (status.current.as_str(), status.message.as_str()),
        ("blocked", "together")
    );
}

#[test]
fn a_hook_on_a_machine_that_hung_too_long_cannot_write_for_its_application() {
    let lab = cluster();
    lab.set_model("lab-leadership-ttl", "1s");
    let former = lab.follower("probe");
    expire(&lab);
    lab.until("the new lease is short", || lab.leader("probe") == former);
    lab.settle();
    let machine = lab.unit(&former).machine;
    let other = lab.follower("probe");
    let command = format!(
        "relation-set -r cluster:0 --app a=1 && touch {0} && while [ -e {0} ]; do sleep 0.02; done",
        lab.shared("hold").display()
    );
    let task = std::thread::scope(|scope| {
        let task = scope.spawn(|| lab.exec_task(&former, &command));
        lab.until("the command wrote", || lab.shared("hold").exists());
        lab.call::<()>(&Request::Fault(Fault::Freeze {
            model: MODEL.into(),
            machine: machine.clone(),
        }));
        std::fs::remove_file(lab.shared("hold")).unwrap();
        lab.until("leadership moved", || {
            lab.status().applications["probe"].units[&other].leader
        });
        assert_eq!(lab.unit(&former).agent.current, "lost");
        lab.call::<()>(&Request::Fault(Fault::Thaw {
            model: MODEL.into(),
            machine,
        }));
        task.join().unwrap()
    });
    assert_eq!(task.results.stderr, "permission denied\n");
    lab.settle();
    assert_eq!(
        lab.exec(
            &other,
            "relation-get -r cluster:0 --app a probe --format json"
        )
        .unwrap(),
        "null"
    );
}
