//! `juju-exec`, which programs on a unit's machine call.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{OperationView, Request};
use std::process::{Command, Output};

fn juju_exec(lab: &Lab, args: &[&str]) -> Output {
    Command::new(lab.home().join("m/0/usr/bin/juju-exec"))
        .args(args)
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_program_on_the_machine_runs_a_command_in_a_hook_context_of_its_unit() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    let command = "is-leader; echo \"<$JUJU_HOOK_NAME> <$JUJU_ACTION_NAME> $JUJU_UNIT_NAME\"; echo oh >&2; exit 3";
    assert_eq!(
        said(&juju_exec(&lab, &["-u", "probe/0", command])),
        (Some(3), "True\n<> <> probe/0".to_owned(), "oh".to_owned())
    );
    // It is no operation of an operator's, and leaves nothing behind.
    let operations: Vec<OperationView> = lab.call(&Request::Operations {
        model: MODEL.into(),
    });
    assert_eq!(operations.len(), 0);
}

#[test]
fn an_event_of_the_charms_own_is_dispatched_and_what_it_writes_is_committed() {
    let lab = Lab::start();
    lab.deploy(
        &Charm::recorder(
            "probe",
            "",
            "[ $name = changed ] && status-set active dispatched; true",
        ),
        1,
    );
    let charm = lab
        .home()
        .join("m/0/var/lib/juju/agents/unit-probe-0/charm");
    let command = format!(
        "JUJU_DISPATCH_PATH=hooks/changed {}/dispatch",
        charm.display()
    );
    let ended = said(&juju_exec(&lab, &["-u", "probe/0", &command]));
    assert_eq!(ended.0, Some(0), "{ended:?}");
    let unit = &lab.status().applications["probe"].units["probe/0"];
    assert_eq!(unit.workload.message, "dispatched");
}

#[test]
fn a_unit_of_another_machine_is_refused() {
    let lab = Lab::start();
    lab.deploy(&Charm::recorder("probe", "", ""), 1);
    assert_eq!(
        said(&juju_exec(&lab, &["-u", "probe/1", "true"])),
        (
            Some(1),
            String::new(),
            "ERROR unit \"probe/1\" not found on this machine".to_owned()
        )
    );
}
