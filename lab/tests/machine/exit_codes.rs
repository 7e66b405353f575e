use crate::fixture::Machine;

#[test]
fn unknown_units_are_four_or_five() {
    let machine = Machine::new();
    let check = |args: &[&str], code: i32, err: &str| {
        let said = machine.systemctl(args);
        assert_eq!((said.code, said.err.as_str()), (code, err), "{args:?}");
    };
    check(
        &["start", "x"],
        5,
        "Failed to start x.service: Unit x.service not found.\n",
    );
    check(
        &["stop", "x"],
        5,
        "Failed to stop x.service: Unit x.service not loaded.\n",
    );
    check(
        &["restart", "x"],
        5,
        "Failed to restart x.service: Unit x.service not found.\n",
    );
    check(
        &["reload", "x"],
        5,
        "Failed to reload x.service: Unit x.service not found.\n",
    );
    check(&["status", "x"], 4, "Unit x.service could not be found.\n");
    check(&["is-active", "-q", "x"], 4, "");
    check(
        &["enable", "x"],
        1,
        "Failed to enable unit: Unit file x.service does not exist.\n",
    );
    check(
        &["kill", "x"],
        1,
        "Failed to kill unit x.service: Unit x.service not loaded.\n",
    );
    assert_eq!(machine.property("x", "LoadState"), "not-found");
    assert_eq!(machine.property("x", "ActiveState"), "inactive");
}

#[test]
fn inactive_is_three_and_active_is_zero() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000");
    for (verb, code, out) in [
        ("is-active", 3, "inactive\n"),
        ("is-failed", 1, "inactive\n"),
        ("is-enabled", 0, "static\n"),
    ] {
        let said = machine.systemctl(&[verb, "a"]);
        assert_eq!((said.code, said.out.as_str()), (code, out), "{verb}");
    }
    assert_eq!(machine.systemctl(&["status", "a"]).code, 3);
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.ctl(&["is-active", "a"]), "active\n");
    assert_eq!(machine.systemctl(&["status", "a"]).code, 0);
    assert_eq!(machine.systemctl(&["is-active", "-q", "a"]).out, "");
}

#[test]
fn a_failed_unit_degrades_the_machine() {
    let machine = Machine::new();
    machine.service("a.service", "Type=oneshot\nExecStart=/bin/false");
    assert_eq!(machine.ctl(&["is-system-running"]), "running\n");
    machine.systemctl(&["start", "a"]);
    assert_eq!(machine.ctl(&["is-failed", "a"]), "failed\n");
    let said = machine.systemctl(&["is-system-running"]);
    assert_eq!((said.code, said.out.as_str()), (1, "degraded\n"));
    let said = machine.ctl(&["list-units", "--failed", "--plain", "--no-legend"]);
    assert_eq!(said, "a.service loaded failed failed a.service\n");
}

#[test]
fn a_masked_unit_does_not_start() {
    let machine = Machine::new();
    std::fs::write(
        machine.path("usr/lib/systemd/system/a.service"),
        "[Service]\nExecStart=/bin/sleep 1000\n",
    )
    .unwrap();
    machine.ctl(&["mask", "-q", "a"]);
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (1, "Failed to start a.service: Unit a.service is masked.\n")
    );
    let said = machine.systemctl(&["is-enabled", "a"]);
    assert_eq!((said.code, said.out.as_str()), (1, "masked\n"));
    machine.ctl(&["unmask", "a"]);
    machine.ctl(&["start", "a"]);
}

#[test]
fn a_unit_that_cannot_be_read_is_refused() {
    let machine = Machine::new();
    machine.service("a.service", "Type=simple");
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.starts_with(
            "Failed to start a.service: Unit a.service has a bad unit file setting.\n"
        ),
        "{said:?}"
    );
    assert_eq!(machine.property("a", "LoadState"), "bad-setting");
}

#[test]
fn enabling_and_disabling_now_also_starts_and_stops() {
    let machine = Machine::new();
    machine.unit(
        "a.service",
        "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n",
    );
    machine.ctl(&["enable", "--now", "a"]);
    assert_eq!(machine.state("a"), "active/running");
    assert_eq!(machine.property("a", "UnitFileState"), "enabled");
    machine.ctl(&["disable", "--now", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
    let said = machine.systemctl(&["is-enabled", "a"]);
    assert_eq!((said.code, said.out.as_str()), (1, "disabled\n"));
}

const NOBODY: u32 = 65534;

#[test]
fn other_users_may_look_but_not_touch() {
    use std::os::unix::process::CommandExt;
    if !crate::fixture::is_root() {
        return;
    }
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000");
    machine.ctl(&["start", "a"]);
    let as_nobody = |verb: &str| {
        let mut command = machine.command("systemctl");
        command
            .args([verb, "a"])
            .current_dir("/")
            .uid(NOBODY)
            .gid(NOBODY);
        command.output().unwrap()
    };
    let looked = as_nobody("is-active");
    if looked.status.code() == Some(126) {
        // The program lies where nobody can go.
        return;
    }
    assert_eq!(String::from_utf8(looked.stdout).unwrap(), "active\n");
    let touched = as_nobody("stop");
    assert_eq!(touched.status.code(), Some(4));
    assert_eq!(
        String::from_utf8(touched.stderr).unwrap(),
        "Failed to stop a: Access denied\n"
    );
    assert_eq!(machine.state("a"), "active/running");
}
