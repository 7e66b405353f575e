use std::fs;
use std::os::unix::fs::MetadataExt;

use juju_lab::machine;

use crate::fixture::{Machine, eventually, is_alive, is_root};

/// A service whose daemon leaves its parents and its session, as a server started by a supervisor does.
fn with_daemon(machine: &Machine, settings: &str) -> (u32, u32) {
    let pid_file = machine.path("tmp/daemon.pid");
    machine.service(
        "a.service",
        &format!(
            "ExecStart=/bin/sh -c '(setsid sleep 1000 & echo $! >{0}.new; mv {0}.new {0}); exec sleep 1001'\n{settings}",
            pid_file.display()
        ),
    );
    machine.ctl(&["start", "a"]);
    eventually("the daemon runs", || pid_file.exists());
    let daemon = machine.read("tmp/daemon.pid").trim().parse().unwrap();
    eventually("both belong to the unit", || {
        machine.processes_of("a.service").len() == 2
    });
    (machine.main_pid("a"), daemon)
}

#[test]
fn kill_mode_control_group_ends_daemons_that_left_their_parents() {
    let machine = Machine::new();
    let (main, daemon) = with_daemon(&machine, "");
    machine.ctl(&["stop", "a"]);
    assert!(!is_alive(main) && !is_alive(daemon));
}

#[test]
fn kill_mode_process_leaves_the_others_and_a_restart_still_knows_them() {
    let machine = Machine::new();
    let (main, daemon) = with_daemon(&machine, "KillMode=process");
    machine.ctl(&["stop", "a"]);
    assert_eq!(machine.state("a"), "inactive/dead");
    assert!(!is_alive(main));
    assert!(is_alive(daemon));
    assert_eq!(machine.processes_of("a.service"), [daemon]);
    machine.ctl(&["kill", "-s", "KILL", "a"]);
    eventually("the daemon is dead", || !is_alive(daemon));
}

#[test]
fn kill_mode_mixed_asks_the_main_process_and_kills_the_rest() {
    let machine = Machine::new();
    let (main, daemon) = with_daemon(&machine, "KillMode=mixed");
    machine.ctl(&["stop", "a"]);
    assert!(!is_alive(main) && !is_alive(daemon));
    let journal = machine.journal("a");
    assert!(
        journal.contains(&format!(
            "a.service: Killing process {daemon} (sleep) with signal SIGKILL."
        )),
        "{journal:?}"
    );
}

#[test]
fn when_the_main_process_ends_the_rest_of_the_group_ends_too() {
    let machine = Machine::new();
    let (main, daemon) = with_daemon(&machine, "");
    machine.ctl(&["kill", "--kill-whom=main", "-s", "TERM", "a"]);
    machine.until_state("a", "inactive/dead");
    assert!(!is_alive(main) && !is_alive(daemon));
}

#[test]
fn the_environment_is_clean() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "Type=oneshot\nExecStart=/usr/bin/env\nEnvironment=A=1",
    );
    let said = machine
        .command("systemctl")
        .args(["start", "a"])
        .env("LEAKED", "yes")
        .status()
        .unwrap();
    assert!(said.success());
    eventually("the output is in the journal", || {
        machine.journal("a").contains(&"A=1".to_owned())
    });
    let journal = machine.journal("a");
    let names: Vec<&str> = journal
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    let mut names = names;
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "A",
            "INVOCATION_ID",
            "JUJU_LAB_MACHINE",
            "JUJU_LAB_UNIT",
            "LANG",
            "PATH",
            "SYSTEMD_EXEC_PID"
        ]
    );
}

#[test]
fn settings_of_the_process_apply() {
    let machine = Machine::new();
    let root = machine.spec.dir.display();
    fs::write(
        machine.path("etc/default/a"),
        "FROM_FILE='a b'\nBOTH=file\n",
    )
    .unwrap();
    machine.service(
        "a.service",
        &format!(
            "Type=oneshot\n\
             ExecStart=/bin/sh -c 'umask; ulimit -n; pwd; echo $FROM_FILE $BOTH $RUNTIME_DIRECTORY; touch made; echo oops >&2'\n\
             UMask=0027\nLimitNOFILE=123\nWorkingDirectory={root}/tmp\n\
             Environment=BOTH=line\nEnvironmentFile={root}/etc/default/a\nEnvironmentFile=-{root}/nowhere\n\
             RuntimeDirectory=a/b\nRuntimeDirectoryMode=0750\nRuntimeDirectoryPreserve=yes\n\
             StandardOutput=append:{root}/tmp/out\nStandardError=file:{root}/tmp/err"
        ),
    );
    machine.ctl(&["start", "a"]);
    assert_eq!(
        machine.read("tmp/out"),
        format!("0027\n123\n{root}/tmp\na b file {root}/run/a/b\n")
    );
    assert_eq!(machine.read("tmp/err"), "oops\n");
    assert_eq!(
        fs::metadata(machine.path("tmp/made")).unwrap().mode() & 0o777,
        0o640
    );
    assert_eq!(
        fs::metadata(machine.path("run/a/b")).unwrap().mode() & 0o777,
        0o750
    );
}

#[test]
fn privileges_and_the_out_of_memory_score_are_set() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "Type=oneshot\nNoNewPrivileges=yes\nOOMScoreAdjust=500\n\
         ExecStart=/bin/sh -c 'grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj'",
    );
    machine.ctl(&["start", "a"]);
    eventually("both are in the journal", || {
        let journal = machine.journal("a");
        journal.contains(&"NoNewPrivs:\t1".to_owned()) && journal.contains(&"500".to_owned())
    });
}

#[test]
fn a_runtime_directory_goes_when_the_service_stops() {
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/sleep 1000\nRuntimeDirectory=a");
    machine.ctl(&["start", "a"]);
    assert!(machine.path("run/a").is_dir());
    machine.ctl(&["stop", "a"]);
    assert!(!machine.path("run/a").exists());
}

#[test]
fn a_missing_environment_file_fails_the_start() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "ExecStart=/bin/sleep 1000\nEnvironmentFile=/nowhere/env",
    );
    let said = machine.systemctl(&["start", "a"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.starts_with(
            "Job for a.service failed because of unavailable resources or another system error."
        ),
        "{said:?}"
    );
}

#[test]
fn user_counts_for_root_and_is_ignored_otherwise() {
    let machine = Machine::new();
    machine.service(
        "a.service",
        "Type=oneshot\nUser=nobody\nExecStart=/bin/sh -c 'echo $(id -un) $(id -gn) $USER $HOME; :'\nExecStart=+/bin/sh -c 'echo $(id -un)'",
    );
    machine.ctl(&["start", "a"]);
    eventually("the output is in the journal", || {
        machine
            .journal("a")
            .iter()
            .any(|line| line.starts_with("Finished"))
            && machine.journal("a").len() >= 4
    });
    let journal = machine.journal("a");
    if is_root() {
        assert!(
            journal.contains(&"nobody nogroup nobody /nonexistent".to_owned()),
            "{journal:?}"
        );
        assert!(journal.contains(&"root".to_owned()), "{journal:?}");
    } else {
        assert!(
            journal.contains(
                &"a.service: User= and Group= are ignored: the machine does not run as root."
                    .to_owned()
            ),
            "{journal:?}"
        );
    }
}

#[test]
fn an_unknown_user_is_217() {
    if !is_root() {
        return;
    }
    let machine = Machine::new();
    machine.service("a.service", "ExecStart=/bin/true\nUser=no-such-user");
    machine.ctl(&["start", "a"]);
    machine.until_state("a", "failed/failed");
    assert_eq!(machine.property("a", "ExecMainStatus"), "217");
}

#[test]
fn no_process_of_another_machine_is_ours() {
    let one = Machine::new();
    let other = Machine::new();
    one.service("a.service", "ExecStart=/bin/sleep 1000");
    one.ctl(&["start", "a"]);
    assert_eq!(machine::processes(&other.spec).unwrap().len(), 1);
    machine::power_off(&other.spec).unwrap();
    assert!(is_alive(one.main_pid("a")));
}
