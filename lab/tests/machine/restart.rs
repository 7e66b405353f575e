use crate::fixture::{Machine, eventually, signal};

#[test]
fn on_failure_restarts_after_a_crash_and_not_after_a_clean_end() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sleep 1000\nRestart=on-failure\nRestartSec=10ms",
    );
    machine.ctl(&["start", "a"]);
    let pid = machine.main_pid("a");
    signal(pid, "KILL");
    eventually("another process runs", || {
        let now = machine.main_pid("a");
        now != 0 && now != pid
    });
    assert_eq!(machine.property("a", "NRestarts"), "1");
    signal(machine.main_pid("a"), "TERM");
    machine.until_state("a", "inactive/dead");
}

#[test]
fn always_restarts_after_a_clean_end_but_not_after_a_stop() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=10ms",
    );
    machine.ctl(&["start", "a"]);
    let pid = machine.main_pid("a");
    signal(pid, "TERM");
    eventually("another process runs", || {
        let now = machine.main_pid("a");
        now != 0 && now != pid
    });
    machine.ctl(&["stop", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
}

#[test]
fn between_two_tries_the_unit_is_activating_and_a_stop_ends_the_trying() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/false\nRestart=always\nRestartSec=1h",
    );
    machine.ctl(&["start", "a"]);
    machine.until_state("a", "activating/auto-restart");
    assert_eq!(machine.systemctl(&["is-active", "a"]).code, 3);
    machine.ctl(&["stop", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
}

#[test]
fn too_many_starts_hit_the_limit_until_it_is_reset() {
    let machine = Machine::new();
    machine.unit(
        "a.service",
        "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=3\n[Service]\nExecStart=/bin/false\nRestart=always\nRestartSec=0\n",
    );
    machine.ctl(&["start", "a"]);
    machine.until_state("a", "failed/failed");
    assert_eq!(machine.property("a", "NRestarts"), "3");
    let journal = machine.journal("a");
    assert!(
        journal.contains(&"a.service: Start request repeated too quickly.".to_owned()),
        "{journal:?}"
    );
    assert_eq!(machine.systemctl(&["start", "a"]).code, 1);
    machine.ctl(&["reset-failed", "a"]);
    machine.ctl(&["start", "a"]);
}

#[test]
fn a_start_by_hand_that_hits_the_limit_says_how_to_force_it() {
    let machine = Machine::new();
    machine.unit(
        "a.service",
        "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n[Service]\nExecStart=/bin/sleep 1000\n",
    );
    machine.ctl(&["start", "a"]);
    machine.ctl(&["stop", "a"]);
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err
            .contains("because start of the service was attempted too often."),
        "{said:?}"
    );
    assert!(
        said.err
            .contains("To force a start use \"systemctl reset-failed a.service\""),
        "{said:?}"
    );
}

#[test]
fn listed_exit_codes_count_as_success() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sh -c 'exit 42'\nSuccessExitStatus=42\nRestart=on-failure",
    );
    machine.ctl(&["start", "a"]);
    machine.until_state("a", "inactive/dead");
    assert_eq!(machine.property("a", "Result"), "success");
    assert_eq!(machine.property("a", "ExecMainStatus"), "42");
}
