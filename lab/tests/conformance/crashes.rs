//! The daemon, an agent's process or a machine dies at the worst moment.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{Fault, RemoveUnits, Removed, Request, TaskStatus};
use serde_json::json;
use std::process::Command;

fn count(lab: &Lab, unit: &str, event: &str) -> usize {
    lab.events(unit)
        .iter()
        .filter(|line| *line == event)
        .count()
}

/// Processes that carry this text in their command line.
fn processes_with(text: &str) -> String {
    let output = Command::new("pgrep").args(["-f", text]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_hook_interrupted_by_the_daemons_death_runs_again_and_the_orphan_is_killed() {
    let lab = Lab::start();
    let marker = format!("31{}", std::process::id());
    let script = format!(
        "if [ $name = install ] && [ ! -e $shared/once ]; then touch $shared/once; relation-set -r cluster:0 half=done 2>/dev/null; sleep {marker}; fi; true"
    );
    lab.deploy_unsettled(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", &script),
        "probe",
        1,
    );
    lab.until("install hangs", || {
        !processes_with(&format!("sleep {marker}")).is_empty()
    });
    lab.crash_and_restart();
    lab.until_event("probe/0", "start");
    assert_eq!(count(&lab, "probe/0", "install"), 2);
    assert_eq!(processes_with(&format!("sleep {marker}")), "");
    assert_eq!(
        lab.exec("probe/0", "relation-get -r cluster:0 half probe/0")
            .unwrap(),
        ""
    );
}

#[test]
fn an_action_interrupted_by_the_daemons_death_has_failed_and_is_not_run_again() {
    let lab = Lab::start();
    let script =
        "[ $name = work ] && { action-log begun; touch $shared/running; sleep 1000; }; true";
    lab.deploy(
        &Charm::recorder("probe", "", script).file("actions.yaml", "work:\n  description: d\n"),
        1,
    );
    let id = lab.enqueue("probe/0", "work", &json!({})).tasks[0]
        .id
        .clone()
        .unwrap();
    lab.until("the action runs", || lab.shared("running").exists());
    lab.crash_and_restart();
    let task = lab.finished(&id);
    assert_eq!(
        (task.status, task.message.as_deref()),
        (TaskStatus::Failed, Some("action terminated"))
    );
    assert_eq!(task.log[0].message, "begun");
    lab.settle();
    assert_eq!(count(&lab, "probe/0", "work"), 1);
}

#[test]
fn nothing_that_was_committed_is_lost_and_no_hook_is_repeated() {
    let lab = Lab::start();
    let charm = Charm::recorder(
        "probe",
        "peers: {cluster: probe_peers}\n",
        "[ $name = start ] && status-set active there; true",
    );
    lab.deploy(&charm, 2);
    lab.exec(
        "probe/0",
        "relation-set -r cluster:0 key=value; state-set a=b",
    )
    .unwrap();
    lab.settle();
    let leader = lab.leader("probe");
    lab.forget_events("probe/0");
    lab.forget_events("probe/1");
    lab.crash_and_restart();
    lab.settle();
    assert_eq!(
        lab.exec("probe/1", "relation-get -r cluster:0 key probe/0")
            .unwrap(),
        "value"
    );
    assert_eq!(lab.exec("probe/0", "state-get a").unwrap(), "b");
    assert_eq!(
        (lab.leader("probe"), lab.unit("probe/0").workload.message),
        (leader, "there".to_owned())
    );
    assert_eq!(
        (lab.events("probe/0"), lab.events("probe/1")),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn a_killed_hook_is_run_again_without_an_error() {
    let lab = Lab::start();
    let script = "if [ $name = config-changed ] && [ ! -e $shared/once ]; then state-set a=1; touch $shared/once; sleep 1000; fi; true";
    lab.deploy_unsettled(&Charm::recorder("probe", "", script), "probe", 1);
    lab.until("the hook hangs", || lab.shared("once").exists());
    lab.call::<()>(&Request::Fault(Fault::KillDispatch {
        model: MODEL.into(),
        unit: "probe/0".into(),
    }));
    lab.until_event("probe/0", "start");
    assert_eq!(count(&lab, "probe/0", "config-changed"), 2);
    assert_eq!(lab.exec("probe/0", "state-get a").unwrap(), "");
    assert!(!lab.log_text().contains("failed"), "{}", lab.log_text());
}

#[test]
fn a_machine_without_power_is_lost_and_runs_start_after_its_boot() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    lab.forget_events("probe/0");
    lab.call::<()>(&Request::Fault(Fault::PowerOff {
        model: MODEL.into(),
        machine: "0".into(),
    }));
    assert_eq!(lab.unit("probe/0").agent.current, "lost");
    assert_eq!(lab.status().machines["0"].agent.current, "down");
    lab.set_model("update-status-hook-interval", "10ms");
    assert_eq!(lab.events("probe/0"), Vec::<String>::new());
    lab.set_model("update-status-hook-interval", "1h");
    lab.call::<()>(&Request::Fault(Fault::PowerOn {
        model: MODEL.into(),
        machine: "0".into(),
    }));
    lab.until_event("probe/0", "start");
    assert_eq!(lab.exec("probe/0", "is-leader").unwrap(), "True");
}

#[test]
fn a_lab_that_goes_down_leaves_no_process_and_comes_up_as_after_a_reboot() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    lab.forget_events("probe/0");
    lab.down();
    assert_eq!(processes_with(lab.home().to_str().unwrap()), "");
    lab.up();
    lab.until_event("probe/0", "start");
}

#[test]
fn a_requested_reboot_keeps_what_the_hook_wrote_and_runs_start_again() {
    let lab = Lab::start();
    let script =
        "[ -e $shared/reboot ] && { rm $shared/reboot; state-set kept=yes; juju-reboot; }; true";
    lab.deploy(&Charm::recorder("probe", "", script), 1);
    std::fs::write(lab.shared("reboot"), "").unwrap();
    lab.call::<()>(&Request::Fault(Fault::RepeatHook {
        model: MODEL.into(),
        unit: "probe/0".into(),
        hook: "config-changed".into(),
    }));
    lab.until("start ran after the boot", || {
        count(&lab, "probe/0", "start") == 2
    });
    lab.settle();
    assert_eq!(count(&lab, "probe/0", "config-changed"), 2);
    assert_eq!(lab.exec("probe/0", "state-get kept").unwrap(), "yes");
    assert_eq!(
        lab.exec("probe/0", "juju-reboot").unwrap_err(),
        "ERROR juju-reboot is not supported when running an action."
    );
}

#[test]
fn a_reboot_at_once_kills_the_hook_which_runs_again_after_the_boot() {
    let lab = Lab::start();
    let script = "if [ $name = config-changed ] && [ ! -e $shared/once ]; then touch $shared/once; state-set kept=yes; \
                  juju-reboot --now; sleep 1000; fi; true";
    lab.deploy(&Charm::recorder("probe", "", script), 1);
    lab.until_event("probe/0", "start");
    assert_eq!(count(&lab, "probe/0", "config-changed"), 2);
    assert_eq!(lab.exec("probe/0", "state-get kept").unwrap(), "");
}

#[test]
fn a_command_on_a_machine_has_failed_when_the_daemon_died_meanwhile() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let request = juju_lab::api::Exec {
        model: MODEL.into(),
        units: Vec::new(),
        applications: Vec::new(),
        machines: vec!["0".into()],
        all: false,
        command: format!(
            "touch {0}; while [ -d {0}.keep ]; do sleep 0.05; done",
            lab.shared("ran").display()
        ),
    };
    std::fs::create_dir(lab.shared("ran.keep")).unwrap();
    let enqueued: juju_lab::api::Enqueued = lab.call(&Request::Exec(request));
    lab.until("the command runs", || lab.shared("ran").exists());
    lab.crash_and_restart();
    std::fs::remove_dir(lab.shared("ran.keep")).unwrap();
    let task = lab.task(&enqueued.tasks[0].id.clone().unwrap());
    assert_eq!(
        (task.status, task.message.as_deref()),
        (TaskStatus::Failed, Some("action terminated"))
    );
}

#[test]
fn a_machine_whose_init_crashed_boots_again() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    lab.forget_events("probe/0");
    let root = lab.machine_of("probe/0").root;
    let init = processes_with(&format!("machine-init.*{}", root.display()));
    assert_ne!(init, "", "the machine has an init");
    for pid in init.lines() {
        Command::new("kill").args(["-9", pid]).status().unwrap();
    }
    lab.until_event("probe/0", "start");
}

#[test]
fn a_unit_whose_machine_is_gone_departs_when_it_is_removed_by_force() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder("probe", "peers: {cluster: probe_peers}\n", ""),
        2,
    );
    let number = lab.machine_of("probe/1").number;
    lab.forget_events("probe/0");
    lab.forget_events("probe/1");
    lab.call::<()>(&Request::Fault(Fault::PowerOff {
        model: MODEL.into(),
        machine: number,
    }));
    lab.call::<Removed>(&Request::RemoveUnits(RemoveUnits {
        model: MODEL.into(),
        units: vec!["probe/1".into()],
        destroy_storage: true,
        force: true,
        dry_run: false,
    }));
    lab.until_gone("probe/1");
    lab.until_event("probe/0", "cluster-relation-departed probe/1");
    assert_eq!(lab.events("probe/1"), Vec::<String>::new());
}
