use std::fs;

use juju_lab::machine;

use crate::fixture::{Machine, eventually, is_alive, signal};

const ENABLED: &str = "[Service]\nExecStart=/bin/sleep 1000\nRuntimeDirectory=a\n[Install]\nWantedBy=multi-user.target\n";

fn init_pid(machine: &Machine) -> u32 {
    machine::processes(&machine.spec).unwrap()[0].pid
}

#[test]
fn booting_twice_is_booting_once() {
    let machine = Machine::new();
    let init = init_pid(&machine);
    machine::prepare(&machine.spec).unwrap();
    machine::ensure_running(&machine.spec).unwrap();
    assert_eq!(init_pid(&machine), init);
}

#[test]
fn after_a_crash_of_the_init_the_machine_boots_again() {
    let machine = Machine::new();
    machine.unit("a.service", ENABLED);
    machine.service("b.service", "ExecStart=/bin/sleep 1000");
    machine.ctl(&["enable", "-q", "a"]);
    machine.ctl(&["start", "a", "b"]);
    let (a, b) = (machine.main_pid("a"), machine.main_pid("b"));
    fs::write(machine.path("run/leftover"), "").unwrap();
    signal(init_pid(&machine), "KILL");
    eventually("the init is gone", || !machine::is_running(&machine.spec));
    assert!(is_alive(a) && is_alive(b));
    machine::ensure_running(&machine.spec).unwrap();
    assert!(!is_alive(a) && !is_alive(b));
    machine.until_state("a", "active/running");
    assert_eq!(machine.state("b"), "inactive/dead");
    assert!(!machine.path("run/leftover").exists());
}

#[test]
fn a_process_that_hides_its_environment_is_still_found_after_a_crash() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sh -c 'env -i setsid sleep 1000 & exec sleep 1001'",
    );
    machine.ctl(&["start", "a"]);
    eventually("both run", || machine.processes_of("a.service").len() == 2);
    let processes = machine.processes_of("a.service");
    // The list for the successor is complete as soon as the init has looked once more.
    eventually("both are listed", || {
        let list = machine.read("run/systemd/processes");
        processes.iter().all(|pid| {
            list.lines()
                .any(|line| line.starts_with(&format!("{pid} ")))
        })
    });
    signal(init_pid(&machine), "KILL");
    machine::ensure_running(&machine.spec).unwrap();
    for pid in processes {
        assert!(!is_alive(pid));
    }
}

#[test]
fn a_shutdown_stops_units_against_their_order_and_leaves_nothing() {
    let machine = Machine::new();
    let log = machine.path("tmp/log");
    for (name, after) in [("a", ""), ("b", "After=a.service")] {
        machine.unit(
            &format!("{name}.service"),
            &format!(
                "[Unit]\n{after}\n[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/sh -c 'sleep 0.1; echo {name} >>{}'\n",
                log.display()
            ),
        );
    }
    machine.service(
        "stray.service",
        "KillMode=process\nExecStart=/bin/sh -c 'setsid sleep 1000 & exec sleep 1001'",
    );
    machine.ctl(&["start", "a", "b", "stray"]);
    eventually("the stray runs", || {
        machine.processes_of("stray.service").len() == 2
    });
    let all = machine::processes(&machine.spec).unwrap();
    machine::stop(&machine.spec).unwrap();
    assert_eq!(machine.read("tmp/log"), "b\na\n");
    for process in all {
        assert!(!is_alive(process.pid), "{process:?}");
    }
    assert!(!machine::is_running(&machine.spec));
}

#[test]
fn a_power_cut_ends_everything_without_a_last_word() {
    let machine = Machine::new();
    let log = machine.path("tmp/log");
    machine.service(
        "a.service",
        &format!(
            "ExecStart=/bin/sh -c 'trap \"echo word >>{0}\" TERM; sleep 1000 & wait'\nExecStop=/bin/sh -c 'echo word >>{0}'",
            log.display()
        ),
    );
    machine.ctl(&["start", "a"]);
    let all = machine::processes(&machine.spec).unwrap();
    machine::power_off(&machine.spec).unwrap();
    for process in all {
        assert!(!is_alive(process.pid), "{process:?}");
    }
    assert_eq!(machine.read("tmp/log"), "");
}

#[test]
fn a_frozen_machine_stands_still_until_it_thaws() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000");
    machine.ctl(&["start", "a"]);
    let pid = machine.main_pid("a");
    let is_stopped = || {
        fs::read_to_string(format!("/proc/{pid}/stat"))
            .unwrap()
            .rsplit(')')
            .next()
            .unwrap()
            .starts_with(" T")
    };
    machine::freeze(&machine.spec).unwrap();
    eventually("it is stopped", is_stopped);
    machine::thaw(&machine.spec).unwrap();
    eventually("it goes on", || !is_stopped());
}

#[test]
fn the_tools_say_when_the_machine_is_off() {
    let machine = Machine::new();
    machine::stop(&machine.spec).unwrap();
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.starts_with("Failed to connect to bus: "),
        "{said:?}"
    );
}
