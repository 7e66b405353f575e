use std::fs;

use crate::fixture::{Machine, eventually};

#[test]
fn a_running_unit_keeps_its_old_definition_until_the_reload() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000");
    machine.ctl(&["start", "a"]);
    machine.service("a.service", "ExecStart=/bin/sleep 2000\nNice=0");
    assert_eq!(machine.property("a", "NeedDaemonReload"), "yes");
    let said = machine.systemctl(&["restart", "a"]);
    assert_eq!(said.code, 0);
    assert!(
        said.err.starts_with("Warning: The unit file, source configuration file or drop-ins of a.service changed on disk."),
        "{said:?}"
    );
    let command_line = || {
        let bytes = fs::read(format!("/proc/{}/cmdline", machine.main_pid("a"))).unwrap();
        String::from_utf8(bytes).unwrap().replace('\0', " ")
    };
    eventually("the old program runs", || {
        command_line() == "/bin/sleep 1000 "
    });
    machine.ctl(&["daemon-reload"]);
    assert_eq!(machine.property("a", "NeedDaemonReload"), "no");
    machine.ctl(&["restart", "a"]);
    eventually("the new program runs", || {
        command_line() == "/bin/sleep 2000 "
    });
}

#[test]
fn instances_come_from_their_template() {
    let machine = Machine::new();
    machine.unit(
        "a@.service",
        "[Unit]\nDescription=Instance %i on %H\n[Service]\nType=oneshot\nExecStart=/bin/echo instance=%i name=%n\n",
    );
    machine.ctl(&["start", "a@one"]);
    eventually("the output is in the journal", || {
        machine
            .journal("a@one")
            .contains(&"instance=one name=a@one.service".to_owned())
    });
    assert_eq!(
        machine.property("a@one", "Description"),
        "Instance one on juju-1-0"
    );
}

#[test]
fn cat_prints_the_unit_with_its_drop_ins() {
    let machine = Machine::new();
    machine.unit("a.service", "[Service]\nExecStart=/bin/true\n");
    fs::create_dir(machine.path("etc/systemd/system/a.service.d")).unwrap();
    machine.unit("a.service.d/x.conf", "[Service]\nNice=1\n");
    let etc = machine.path("etc/systemd/system");
    assert_eq!(
        machine.ctl(&["cat", "a"]),
        format!(
            "# {0}/a.service\n[Service]\nExecStart=/bin/true\n\n# {0}/a.service.d/x.conf\n[Service]\nNice=1\n",
            etc.display()
        )
    );
}

#[test]
fn the_journal_can_be_cut_and_followed() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sh -c 'for i in 1 2 3; do echo line $i; done; while ! [ -e %T/go ]; do sleep 0.02; done; echo line 4; exec sleep 1000'",
    );
    machine.ctl(&["start", "a"]);
    eventually("three lines are there", || {
        machine.journal("a").contains(&"line 3".to_owned())
    });
    let said = machine.run("journalctl", &["-u", "a", "-n", "2", "-o", "cat"]);
    assert_eq!(said.out, "line 2\nline 3\n");
    let said = machine.run("journalctl", &["-u", "a", "-n1"]);
    assert!(said.out.contains(" juju-1-0 sh["), "{said:?}");
    let mut follow = machine
        .command("journalctl")
        .args(["-fu", "a", "-o", "cat", "-n", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "line 3");
    fs::write(machine.path("tmp/go"), "").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "line 4");
    follow.kill().unwrap();
    follow.wait().unwrap();
    let said = machine.run("journalctl", &["-u", "nothing"]);
    assert_eq!((said.code, said.out.as_str()), (0, "-- No entries --\n"));
}
