//! Without root: the units run as the invoking user.

use std::process::Command;

use crate::lab::Lab;

#[test]
fn an_ordinary_user_runs_everything_as_themselves() {
    let root = Command::new("id").arg("-u").output().unwrap().stdout;
    if root != b"0\n" {
        // Then every other story already ran as an ordinary user.
        return;
    }
    let lab = Lab::of_user("user", "nobody");
    lab.with_backups("/pg");
    assert_eq!(lab.sql("postgresql/0", "select 1"), "1");
    lab.run("postgresql/leader", "create-backup", &[]).done();
    let owner = Command::new("stat")
        .args(["-c", "%U"])
        .arg(lab.machine(0).join("var/lib/postgresql/15/main"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&owner.stdout), "nobody\n");
}
