use std::time::Duration;

use super::*;

fn shell(script: &str) -> Command {
    Command::new("/bin/sh").args(["-c", script])
}

fn soon() -> Deadline {
    Deadline::seconds(30)
}

#[test]
fn a_program_ends_with_its_code_and_both_outputs() {
    let output = shell("echo out; echo err >&2; exit 3").run(soon()).unwrap();
    assert_eq!(
        output,
        Output {
            status: Status::Exited(3),
            stdout: b"out\n".to_vec(),
            stderr: "err\n".to_owned()
        }
    );
}

#[test]
fn a_program_ended_by_a_signal_says_so() {
    let output = shell("kill -KILL $$").run(soon()).unwrap();
    assert_eq!(output.status, Status::Signalled(9));
}

#[test]
fn the_environment_is_clean() {
    let output = Command::new("/usr/bin/env")
        .env("WANTED", "yes")
        .run(soon())
        .unwrap();
    let text = output.text();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["LC_ALL", "PATH", "WANTED"]);
}

#[test]
fn more_input_and_output_than_a_pipe_holds_goes_through() {
    let input = vec![b'x'; 3 << 20];
    let output = Command::new("cat")
        .stdin(input.clone())
        .run(soon())
        .unwrap();
    assert!(output.stdout == input);
}

#[test]
fn a_program_that_does_not_read_its_input_is_no_error() {
    let output = shell("exit 4")
        .stdin(vec![b'x'; 1 << 20])
        .run(soon())
        .unwrap();
    assert_eq!(output.status, Status::Exited(4));
}

#[test]
fn past_the_deadline_the_program_and_its_children_are_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let script = format!("sleep 1000 & echo $! > {}; wait", file.display());
    let error = shell(&script)
        .run(Deadline::after(Duration::from_secs(3)))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "/bin/sh did not end in time and was stopped"
    );
    let grandchild = std::fs::read_to_string(file).unwrap();
    let stat = format!("/proc/{}/stat", grandchild.trim());
    // Gone, or dead and not collected yet by whoever inherited it. The signal takes its time to arrive.
    let dead = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    let deadline = Deadline::seconds(20);
    while !dead() {
        assert!(!deadline.is_over(), "it runs on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_daemon_that_keeps_the_pipes_open_is_not_waited_for() {
    let output = shell("sleep 60 & echo started")
        .run(Deadline::seconds(30))
        .unwrap();
    assert_eq!(output.stdout, b"started\n");
}

#[test]
fn lines_are_handed_over_as_they_come() {
    let mut lines = Vec::new();
    let output = shell("echo one; echo two; printf three")
        .run_streaming(soon(), &mut |line| lines.push(line.to_owned()))
        .unwrap();
    assert!(output.succeeded());
    assert_eq!(lines, ["one", "two", "three"]);
}

#[test]
fn an_absent_program_is_named() {
    let error = Command::new("no-such-program").run(soon()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "start no-such-program: there is no such program"
    );
}

#[test]
fn debug_shows_no_environment_and_no_input() {
    let command = Command::new("program")
        .arg("-x")
        .env("PASSWORD", "hunter2")
        .stdin("hunter2");
    assert_eq!(format!("{command:?}"), "program -x");
}

#[test]
fn an_endless_flood_ends_at_the_deadline() {
    let mut lines = 0_u64;
    let error = Command::new("yes")
        .run_streaming(Deadline::after(Duration::from_millis(300)), &mut |_| {
            lines += 1;
        })
        .unwrap_err();
    assert_eq!(error.to_string(), "yes did not end in time and was stopped");
    assert!(lines > 0);
}
