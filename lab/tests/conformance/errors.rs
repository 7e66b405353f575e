//! Hooks that fail: the error state, retries, and what may happen meanwhile.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::Request;
use serde_json::json;

const FAILS_WHILE_TOLD: &str = "[ $name = start ] && [ ! -e $shared/mended ] && exit 7; true";

fn broken(retry: &str) -> Lab {
    let lab = Lab::start();
    lab.set_model("lab-hook-retry-delay", retry);
    let charm = Charm::recorder("probe", "", FAILS_WHILE_TOLD)
        .file("actions.yaml", "work:\n  description: d\n")
        .file("config.yaml", "options: {a: {type: string}}\n");
    lab.deploy_unsettled(&charm, "probe", 1);
    lab.until("the unit is in error", || {
        lab.unit("probe/0").workload.current == "error"
    });
    lab
}

fn resolve(lab: &Lab, no_retry: bool) -> Vec<String> {
    lab.call(&Request::Resolved {
        model: MODEL.into(),
        units: vec!["probe/0".into()],
        all: false,
        no_retry,
    })
}

#[test]
fn a_failed_hook_puts_the_unit_in_error_and_nothing_but_actions_runs() {
    let lab = broken("1h");
    lab.settle();
    let unit = lab.unit("probe/0");
    assert_eq!(unit.workload.message, "hook failed: \"start\"");
    assert_eq!(unit.agent.current, "idle");
    assert!(lab.log_text().contains(
        "ERROR juju.worker.uniter.operation hook \"start\" (via hook dispatching script: dispatch) failed: exit status 7"
    ));
    lab.forget_events("probe/0");
    lab.set_config("probe", "a", "1").unwrap();
    lab.run("probe/0", "work", &json!({}));
    lab.settle();
    assert_eq!(lab.events("probe/0"), ["work"]);
    assert_eq!(lab.status().applications["probe"].status.current, "error");
}

#[test]
fn a_failed_hook_is_retried_by_itself() {
    let lab = broken("10ms");
    std::fs::write(lab.shared("mended"), "").unwrap();
    lab.until("the error is over", || {
        lab.unit("probe/0").workload.current == "unknown"
    });
    assert!(
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "start")
            .count()
            >= 2
    );
}

#[test]
fn hooks_are_not_retried_if_the_model_says_so() {
    let lab = Lab::start();
    lab.set_model("automatically-retry-hooks", "false");
    lab.set_model("lab-hook-retry-delay", "1ms");
    lab.deploy_unsettled(&Charm::recorder("probe", "", FAILS_WHILE_TOLD), "probe", 1);
    lab.until("the unit is in error", || {
        lab.unit("probe/0").workload.current == "error"
    });
    lab.settle();
    assert_eq!(
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "start")
            .count(),
        1
    );
}

#[test]
fn resolved_runs_the_hook_again_at_once() {
    let lab = broken("1h");
    assert_eq!(resolve(&lab, false), ["probe/0"]);
    lab.until("it failed again", || {
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "start")
            .count()
            == 2
    });
    lab.settle();
    std::fs::write(lab.shared("mended"), "").unwrap();
    resolve(&lab, false);
    lab.until("the error is over", || {
        lab.unit("probe/0").workload.current == "unknown"
    });
}

#[test]
fn resolved_without_retry_takes_the_hook_as_done() {
    let lab = broken("1h");
    resolve(&lab, true);
    lab.until("the error is over", || {
        lab.unit("probe/0").workload.current != "error"
    });
    lab.settle();
    assert_eq!(lab.events("probe/0").last().unwrap(), "start");
    assert_eq!(
        lab.events("probe/0")
            .iter()
            .filter(|line| *line == "start")
            .count(),
        1
    );
    lab.set_config("probe", "a", "1").unwrap();
    lab.until_event("probe/0", "config-changed");
}

#[test]
fn a_unit_whose_hook_fails_on_its_way_out_stays_for_its_peers_to_see_until_it_is_resolved() {
    let lab = Lab::start();
    lab.set_model("lab-hook-retry-delay", "1h");
    let script = "[ $name = cluster-relation-departed ] && [ $JUJU_DEPARTING_UNIT = $JUJU_UNIT_NAME ] && exit 1; true";
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", script),
        2,
    );
    lab.remove_unit("probe/1");
    lab.until("the unit is in error", || {
        lab.unit("probe/1").workload.current == "error"
    });
    lab.until_event("probe/0", "cluster-relation-departed probe/1");
    lab.settle();
    let unit = lab.unit("probe/1");
    assert_eq!(
        (unit.life.as_str(), unit.workload.message.as_str()),
        ("dying", "hook failed: \"cluster-relation-departed\"")
    );
    assert_eq!(
        lab.events("probe/1").last().unwrap(),
        "cluster-relation-departed probe/0"
    );
    let all = Request::Resolved {
        model: MODEL.into(),
        units: Vec::new(),
        all: true,
        no_retry: true,
    };
    assert_eq!(lab.call::<Vec<String>>(&all), ["probe/1"]);
    lab.until_gone("probe/1");
    let events = lab.events("probe/1");
    assert_eq!(events[events.len() - 2..], ["stop", "remove"]);
}

#[test]
fn a_unit_without_an_error_cannot_be_resolved() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let request = Request::Resolved {
        model: MODEL.into(),
        units: vec!["probe/0".into()],
        all: false,
        no_retry: false,
    };
    assert_eq!(
        lab.try_call::<Vec<String>>(&request).unwrap_err().message,
        "unit \"probe/0\" is not in an error state"
    );
}

#[test]
fn a_dispatch_that_cannot_be_executed_fails_its_hooks() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::start();
    lab.set_model("lab-hook-retry-delay", "1h");
    let juju_lab::api::CharmSource::Path(path) = lab.charm(&Charm::recorder("probe", "", ""))
    else {
        panic!()
    };
    std::fs::set_permissions(
        path.join("dispatch"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    lab.call::<serde_json::Value>(&Request::Deploy(crate::lab::deploy_request(&path)));
    lab.until("the unit is in error", || {
        lab.unit("probe/0").workload.message == "hook failed: \"install\""
    });
}
