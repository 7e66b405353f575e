//! `juju ssh` and `juju scp`.

use crate::lab::{Lab, is_file_with};

#[test]
fn a_command_over_ssh_has_our_streams_and_gives_its_exit_status() {
    let lab = Lab::with_tiny();
    let ran = lab.juju_with_input(
        &["ssh", "tiny/0", "cat; echo aside >&2; exit 7"],
        "from outside\n",
    );
    assert_eq!(ran.code, 7);
    assert_eq!(ran.stdout, "from outside\n");
    assert_eq!(ran.stderr, "aside\n");
}

#[test]
fn ssh_starts_on_the_machine_and_finds_its_programs() {
    let lab = Lab::with_tiny();
    let here = lab
        .juju_words(&["ssh", "tiny/leader", "pwd; command -v systemctl"])
        .succeeded();
    let lines: Vec<&str> = here.stdout.lines().collect();
    assert_eq!(lines[1], format!("{}/usr/bin/systemctl", lines[0]));
}

#[test]
fn files_are_copied_to_and_from_a_machine() {
    let lab = Lab::with_tiny();
    let source = lab.write("note.txt", "written outside\n");
    lab.juju(&format!("scp {} tiny/0:/etc/note", source.display()))
        .succeeded();
    let read = lab
        .juju_words(&["ssh", "tiny/0", "cat etc/note"])
        .succeeded();
    assert_eq!(read.stdout, "written outside\n");
    let back = lab.path("back.txt");
    lab.juju(&format!(
        "scp -- -p tiny/0:../../etc/note {}",
        back.display()
    ))
    .succeeded();
    assert!(is_file_with(&back, "written outside\n"));
}

#[test]
fn an_unknown_target_is_refused() {
    let lab = Lab::with_model();
    assert_eq!(lab.juju("ssh tiny/0 true").code, 1);
    lab.juju("ssh tiny/leader true")
        .refused(1, "could not determine leader for \"tiny\"");
}
