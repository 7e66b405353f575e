use crate::fixture::{Machine, eventually};

#[test]
fn a_notify_service_is_started_when_it_says_so() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "Type=notify\nNotifyAccess=all\n\
         ExecStart=/bin/sh -c 'while ! [ -e $FLAG ]; do sleep 0.02; done; systemd-notify --ready --status=serving; exec sleep 1000'\n\
         Environment=FLAG=%T/flag",
    );
    machine.ctl(&["start", "--no-block", "a"]);
    machine.until_state("a", "activating/start");
    std::fs::write(machine.path("tmp/flag"), "").unwrap();
    machine.until_state("a", "active/running");
    assert_eq!(machine.property("a", "StatusText"), "serving");
}

#[test]
fn a_notify_service_that_ends_without_a_word_breaks_the_protocol() {
    let machine = Machine::new();
    machine.service("a.service", "Type=notify\nExecStart=/bin/true");
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert_eq!(machine.property("a", "Result"), "protocol");
}

#[test]
fn only_the_main_process_may_notify_unless_allowed() {
    let machine = Machine::new();
    // A process between the tool and the main process: not even root's tool speaks for the main one then.
    machine.service(
        "a.service",
        "Type=notify\nTimeoutStartSec=10\nExecStart=/bin/sh -c '(systemd-notify --ready; :); exec sleep 1000'",
    );
    machine.ctl(&["start", "--no-block", "a"]);
    eventually("the refusal is in the journal", || {
        machine
            .journal("a")
            .iter()
            .any(|line| line.contains("reception only permitted for main PID"))
    });
    assert_eq!(machine.state("a"), "activating/start");
}

#[test]
fn a_service_can_name_another_main_process() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "Type=notify\nNotifyAccess=all\n\
         ExecStart=/bin/sh -c 'sleep 1000 & systemd-notify --pid=$! --ready; echo $! >%T/pid; exec sleep 1001'",
    );
    machine.ctl(&["start", "a"]);
    eventually("the pid is known", || !machine.read("tmp/pid").is_empty());
    let named: u32 = machine.read("tmp/pid").trim().parse().unwrap();
    assert_eq!(machine.main_pid("a"), named);
    crate::fixture::signal(named, "TERM");
    eventually("the unit is down with its main process", || {
        machine.property("a", "ActiveState") == "inactive"
    });
}

#[test]
fn a_forking_service_is_its_daemon() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "Type=forking\nPIDFile=a.pid\nExecStart=/bin/sh -c 'setsid sleep 1000 & echo $! >%t/a.pid'",
    );
    machine.ctl(&["start", "a"]);
    let pid: u32 = machine.read("run/a.pid").trim().parse().unwrap();
    assert_eq!(machine.main_pid("a"), pid);
    crate::fixture::signal(pid, "KILL");
    machine.until_state("a", "failed/failed");
    assert_eq!(machine.property("a", "Result"), "signal");
    machine.service(
        "b.service",
        "Type=forking\nExecStart=/bin/sh -c 'sleep 1000 &'",
    );
    machine.ctl(&["start", "b"]);
    assert_eq!(machine.processes_of("b.service"), [machine.main_pid("b")]);
}
