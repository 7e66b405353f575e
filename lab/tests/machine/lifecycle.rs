use crate::fixture::{Machine, eventually};

#[test]
fn a_simple_service_starts_runs_and_stops() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000");
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.state("a"), "active/running");
    let pid = machine.main_pid("a");
    assert_eq!(machine.processes_of("a.service"), [pid]);
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.main_pid("a"), pid);
    machine.ctl(&["stop", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
    assert_eq!(machine.property("a", "Result"), "success");
    assert_eq!(machine.main_pid("a"), 0);
}

#[test]
fn a_restart_is_a_new_process_and_a_new_invocation() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000");
    machine.ctl(&["restart", "a"]);
    let (pid, invocation) = (machine.main_pid("a"), machine.property("a", "InvocationID"));
    machine.ctl(&["restart", "a"]);
    assert_ne!(machine.main_pid("a"), pid);
    assert_ne!(machine.property("a", "InvocationID"), invocation);
    machine.ctl(&["stop", "a"]);
    machine.ctl(&["try-restart", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
}

#[test]
fn commands_run_in_order_and_a_failing_one_fails_the_start() {
    let machine = Machine::new();
    let log = machine.path("tmp/log");
    let log = log.display();
    machine.service(
        "a.service",
        &format!(
            "ExecStartPre=-/bin/false\nExecStartPre=/bin/sh -c 'echo pre >>{log}'\n\
             ExecStart=/bin/sh -c 'echo main >>{log}; exec sleep 1000'\n\
             ExecStartPost=/bin/sh -c 'sleep 0.1; echo post $MAINPID >>{log}'\n\
             ExecStop=/bin/sh -c 'echo stop $MAINPID >>{log}'\n\
             ExecStopPost=/bin/sh -c 'echo after $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >>{log}'"
        ),
    );
    machine.ctl(&["start", "a"]);
    let pid = machine.main_pid("a");
    machine.ctl(&["stop", "a"]);
    assert_eq!(
        machine.read("tmp/log"),
        format!("pre\nmain\npost {pid}\nstop {pid}\nafter success killed TERM\n")
    );
    machine.service(
        "b.service",
        "ExecStartPre=/bin/sh -c 'exit 9'\nExecStart=/bin/sleep 1000",
    );
    let said = machine.systemctl(&["start", "b"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.err,
        "Job for b.service failed because the control process exited with error code.\n\
         See \"systemctl status b.service\" and \"journalctl -xeu b.service\" for details.\n"
    );
    assert_eq!(machine.state("b"), "failed/failed");
    assert_eq!(machine.property("b", "ExecMainPID"), "0");
}

#[test]
fn a_program_that_cannot_run_fails_after_the_start_of_a_simple_service() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/nowhere/program");
    machine.ctl(&["start", "a"]);
    machine.until_state("a", "failed/failed");
    assert_eq!(machine.property("a", "ExecMainStatus"), "203");
    assert_eq!(machine.property("a", "ExecMainCode"), "1");
    let journal = machine.journal("a");
    assert!(
        journal
            .contains(&"a.service: Main process exited, code=exited, status=203/EXEC".to_owned()),
        "{journal:?}"
    );
    assert!(
        journal
            .contains(&"Failed to execute /nowhere/program: No such file or directory".to_owned()),
        "{journal:?}"
    );
}

#[test]
fn type_exec_fails_its_start_when_the_program_cannot_run() {
    let machine = Machine::new();
    machine.service("a.service", "Type=exec\nExecStart=/nowhere/program");
    assert_eq!(machine.systemctl(&["start", "a"]).code, 1);
    assert_eq!(machine.state("a"), "failed/failed");
    machine.service("b.service", "Type=exec\nExecStart=/bin/sleep 1000");
    machine.ctl(&["start", "b"]);
    assert_eq!(machine.state("b"), "active/running");
}

#[test]
fn a_oneshot_start_lasts_as_long_as_its_commands() {
    let machine = Machine::new();
    let log = machine.path("tmp/log");
    let log = log.display();
    machine.service(
        "a.service",
        &format!(
            "Type=oneshot\nExecStart=/bin/sh -c 'sleep 0.2; echo 1 >>{log}'\nExecStart=/bin/sh -c 'echo 2 >>{log}'"
        ),
    );
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.read("tmp/log"), "1\n2\n");
    assert_eq!(machine.state("a"), "inactive/dead");
    machine.service(
        "b.service",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
    );
    machine.ctl(&["start", "b"]);
    assert_eq!(machine.state("b"), "active/exited");
    machine.service("c.service", "Type=oneshot\nExecStart=/bin/false");
    assert_eq!(machine.systemctl(&["start", "c"]).code, 1);
    assert_eq!(machine.property("c", "Result"), "exit-code");
}

#[test]
fn a_start_that_takes_too_long_times_out() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStartPre=/bin/sleep 1000\nExecStart=/bin/sleep 1000\nTimeoutStartSec=200ms",
    );
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err
            .starts_with("Job for a.service failed because a timeout was exceeded."),
        "{said:?}"
    );
    assert_eq!(machine.property("a", "Result"), "timeout");
    assert!(machine.processes_of("a.service").is_empty());
}

#[test]
fn a_stop_cancels_a_start_that_goes_on() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStartPre=/bin/sleep 1000\nExecStart=/bin/sleep 1000",
    );
    let start = machine
        .command("systemctl")
        .args(["start", "a"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    machine.until_state("a", "activating/start-pre");
    machine.ctl(&["stop", "a"]);
    let output = start.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Job for a.service canceled.\n"
    );
    assert_eq!(machine.state("a"), "inactive/dead");
}

#[test]
fn a_process_that_ignores_the_stop_is_killed_and_the_unit_fails() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done'\nTimeoutStopSec=300ms",
    );
    machine.ctl(&["start", "a"]);
    eventually("it is ready", || {
        machine.journal("a").contains(&"ready".to_owned())
    });
    machine.ctl(&["stop", "a"]);
    assert_eq!(machine.state("a"), "failed/failed");
    assert_eq!(machine.property("a", "Result"), "timeout");
    machine.ctl(&["reset-failed", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
}

#[test]
fn a_reload_runs_its_command_and_leaves_the_process() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sh -c 'trap \"echo reloaded\" HUP; echo ready; while :; do sleep 0.05; done'\n\
         ExecReload=/bin/kill -s HUP $MAINPID",
    );
    assert_eq!(
        machine.systemctl(&["reload", "a"]).err,
        "a.service is not active, cannot reload.\n"
    );
    machine.ctl(&["start", "a"]);
    let pid = machine.main_pid("a");
    eventually("it is ready", || {
        machine.journal("a").contains(&"ready".to_owned())
    });
    machine.ctl(&["reload", "a"]);
    eventually("it is reloaded", || {
        machine.journal("a").contains(&"reloaded".to_owned())
    });
    machine.ctl(&["reload-or-restart", "a"]);
    assert_eq!(machine.main_pid("a"), pid);
}

#[test]
fn a_failing_reload_leaves_the_service_running() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sleep 1000\nExecReload=/bin/false",
    );
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.systemctl(&["reload", "a"]).code, 1);
    assert_eq!(machine.state("a"), "active/running");
    assert_eq!(machine.property("a", "Result"), "success");
}

#[test]
fn a_condition_that_does_not_hold_skips_the_start() {
    let machine = Machine::new();
    machine.unit(
        "a.service",
        "[Unit]\nConditionPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep 1000\n",
    );
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
    assert_eq!(machine.property("a", "ConditionResult"), "no");
}
