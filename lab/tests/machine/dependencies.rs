use crate::fixture::{Machine, eventually, signal};

fn sleeper(machine: &Machine, name: &str, unit_section: &str) {
    machine.unit(
        name,
        &format!("[Unit]\n{unit_section}\n[Service]\nExecStart=/bin/sleep 1000\n"),
    );
}

#[test]
fn a_start_brings_up_what_it_requires_in_order() {
    let machine = Machine::new();
    let log = machine.path("tmp/log");
    for (name, unit) in [("a", "Requires=b.service\nAfter=b.service"), ("b", "")] {
        machine.unit(
            &format!("{name}.service"),
            &format!(
                "[Unit]\n{unit}\n[Service]\nExecStartPre=/bin/sh -c 'sleep 0.1; echo {name} >>{}'\nExecStart=/bin/sleep 1000\n",
                log.display()
            ),
        );
    }
    machine.ctl(&["start", "a"]);
    assert_eq!(machine.read("tmp/log"), "b\na\n");
    assert_eq!(machine.state("b"), "active/running");
}

#[test]
fn a_failed_requirement_fails_the_dependent() {
    let machine = Machine::new();
    sleeper(&machine, "a.service", "Requires=b.service\nAfter=b.service");
    machine.service("b.service", "ExecStartPre=/bin/false\nExecStart=/bin/true");
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.err,
        "A dependency job for a.service failed. See 'journalctl -xe' for details.\n"
    );
    assert_eq!(machine.state("a"), "inactive/dead");
}

#[test]
fn a_missing_requirement_is_named_and_a_missing_wish_is_not() {
    let machine = Machine::new();
    sleeper(&machine, "a.service", "Requires=gone.service");
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (
            5,
            "Failed to start a.service: Unit gone.service not found.\n"
        )
    );
    sleeper(
        &machine,
        "b.service",
        "Wants=gone.service network-online.target\nAfter=network-online.target",
    );
    machine.ctl(&["start", "b"]);
}

#[test]
fn stopping_a_requirement_stops_its_dependents() {
    let machine = Machine::new();
    sleeper(&machine, "a.service", "Requires=b.service\nAfter=b.service");
    sleeper(&machine, "b.service", "");
    sleeper(&machine, "c.service", "PartOf=b.service");
    machine.ctl(&["start", "a", "c"]);
    let c = machine.main_pid("c");
    machine.ctl(&["restart", "b"]);
    eventually("its part is restarted too", || {
        let now = machine.main_pid("c");
        now != 0 && now != c
    });
    machine.ctl(&["stop", "b"]);
    machine.until_state("a", "inactive/dead");
    machine.until_state("c", "inactive/dead");
}

#[test]
fn a_bound_unit_goes_down_with_what_it_is_bound_to() {
    let machine = Machine::new();
    sleeper(&machine, "a.service", "BindsTo=b.service\nAfter=b.service");
    sleeper(&machine, "b.service", "");
    machine.ctl(&["start", "a"]);
    signal(machine.main_pid("b"), "KILL");
    machine.until_state("a", "inactive/dead");
}

#[test]
fn a_circle_of_orders_does_not_hang() {
    let machine = Machine::new();
    sleeper(&machine, "a.service", "After=b.service\nWants=b.service");
    sleeper(&machine, "b.service", "After=a.service\nWants=a.service");
    machine.ctl(&["start", "a", "b"]);
    assert_eq!(machine.state("a"), "active/running");
    assert_eq!(machine.state("b"), "active/running");
}

#[test]
fn conflicting_units_replace_each_other() {
    let machine = Machine::new();
    sleeper(&machine, "a.service", "Conflicts=b.service");
    sleeper(&machine, "b.service", "");
    machine.ctl(&["start", "b"]);
    machine.ctl(&["start", "a"]);
    machine.until_state("b", "inactive/dead");
    assert_eq!(machine.state("a"), "active/running");
}
