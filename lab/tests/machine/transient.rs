use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::fixture::{Machine, eventually, is_alive};

#[test]
fn waiting_returns_the_exit_code_of_the_command() {
    let machine = Machine::new();
    let said = machine.run(
        "systemd-run",
        &[
            "--wait",
            "--unit=job",
            "--",
            "sh",
            "-c",
            "echo working; exit 7",
        ],
    );
    assert_eq!(said.code, 7);
    assert!(
        said.err.starts_with(
            "Running as unit: job.service\nFinished with result: exit-code\n\
             Main processes terminated with: code=exited/status=7\n"
        ),
        "{said:?}"
    );
    assert!(machine.journal("job").contains(&"working".to_owned()));
    assert_eq!(machine.state("job"), "failed/failed");
    assert_eq!(machine.property("job", "ExecMainStatus"), "7");
}

#[test]
fn a_unit_that_ended_well_is_forgotten_and_its_name_is_free_again() {
    let machine = Machine::new();
    for _ in 0..2 {
        let said = machine.run("systemd-run", &["--wait", "-q", "-u", "job", "true"]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
    }
    assert_eq!(machine.property("job", "LoadState"), "not-found");
}

#[test]
fn a_failed_unit_keeps_its_name_until_reset_unless_collected() {
    let machine = Machine::new();
    let run = |args: &[&str]| machine.run("systemd-run", args);
    assert_eq!(run(&["--wait", "-q", "-u", "job", "false"]).code, 1);
    let said = run(&["--wait", "-q", "-u", "job", "true"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.err,
        "Failed to start transient service unit: Unit job.service was already loaded or has a fragment file.\n"
    );
    machine.ctl(&["reset-failed", "job"]);
    assert_eq!(
        run(&["--wait", "-q", "--collect", "-u", "job", "false"]).code,
        1
    );
    assert_eq!(machine.property("job", "LoadState"), "not-found");
}

#[test]
fn a_pipe_passes_all_three_streams() {
    let machine = Machine::new();
    let mut child = machine
        .command("systemd-run")
        .args(["--pipe", "-q", "sh", "-c", "cat; echo oops >&2; exit 3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"through the pipe")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"through the pipe");
    assert_eq!(output.stderr, b"oops\n");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_job_outlives_its_caller() {
    let machine = Machine::new();
    let mut caller = machine
        .command("systemd-run")
        .args(["--wait", "-u", "job", "sleep", "1000"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    machine.until_state("job", "active/running");
    let pid = machine.main_pid("job");
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert!(is_alive(pid));
    machine.ctl(&["stop", "job"]);
    assert!(!is_alive(pid));
    assert_eq!(machine.property("job", "LoadState"), "not-found");
}

#[test]
fn options_become_settings() {
    let machine = Machine::new();
    let root = machine.spec.dir.display().to_string();
    let said = machine
        .command("systemd-run")
        .args(["--pipe", "-q", "--setenv=A=1 2", "--setenv=FROM_CALLER"])
        .args([
            "--property=UMask=0027",
            &format!("--working-directory={root}/tmp"),
        ])
        .args(["--description=Some job", "--unit=job", "sh", "-c"])
        .arg("umask; pwd; echo \"$$A\" $$FROM_CALLER; systemctl show -P Description job")
        .env("FROM_CALLER", "handed on")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(said.stdout).unwrap(),
        format!("0027\n{root}/tmp\n1 2 handed on\nSome job\n")
    );
}

#[test]
fn the_unit_file_of_a_job_is_not_for_others() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new();
    let said = machine.run(
        "systemd-run",
        &["-q", "-u", "job", "-E", "PASSWORD=x", "sleep", "1000"],
    );
    assert_eq!(said.code, 0, "{said:?}");
    let file = machine.path("run/systemd/transient/job.service");
    assert_eq!(
        fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    eventually("the launcher has removed its request", || {
        let mut left = fs::read_dir(machine.path("run/systemd/exec")).unwrap();
        left.next().is_none()
    });
}

#[test]
fn a_missing_program_is_noticed_by_the_caller() {
    let machine = Machine::new();
    let said = machine.run("systemd-run", &["no-such-program"]);
    assert_eq!(said.code, 1);
    assert_eq!(
        said.err,
        "Failed to find executable no-such-program: No such file or directory\n"
    );
}

#[test]
fn a_job_killed_by_a_signal_is_255() {
    let machine = Machine::new();
    let said = machine.run("systemd-run", &["--wait", "sh", "-c", "kill -KILL $$$$"]);
    assert_eq!(said.code, 255);
    assert!(
        said.err.contains("Finished with result: signal"),
        "{said:?}"
    );
}

#[test]
fn many_jobs_at_once_all_end() {
    let machine = Machine::new();
    let callers: Vec<_> = (0..20)
        .map(|number| {
            machine
                .command("systemd-run")
                .args(["--wait", "-q", "-u", &format!("job{number}"), "sh", "-c"])
                .arg(format!("exit {number}"))
                .spawn()
                .unwrap()
        })
        .collect();
    for (number, mut caller) in callers.into_iter().enumerate() {
        let code = caller.wait().unwrap().code();
        assert_eq!(code, i32::try_from(number).ok());
    }
}
