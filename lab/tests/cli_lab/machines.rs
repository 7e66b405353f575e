//! Machines without units.

use serde_json::json;

use crate::lab::Lab;

#[test]
fn a_machine_is_added_used_and_removed() {
    let lab = Lab::with_model();
    let added = lab.juju("add-machine -n 2").succeeded();
    assert_eq!(added.stderr, "created machine 0\ncreated machine 1\n");
    lab.run(
        &[
            "juju",
            "wait-for",
            "machine",
            "1",
            "--query",
            "status==\"started\"",
            "--timeout",
            "30s",
        ],
        "",
    )
    .succeeded();
    let shown = lab.json("show-machine 1 --format json");
    assert_eq!(shown["machines"].as_object().unwrap().len(), 1);
    assert_eq!(
        shown["machines"]["1"]["machine-status"]["current"],
        "running"
    );
    let charm = lab.tiny_charm();
    lab.juju(&format!("deploy {} --to 1", charm.display()))
        .succeeded();
    lab.settle();
    assert_eq!(
        lab.status()["applications"]["tiny"]["units"]["tiny/0"]["machine"],
        "1"
    );
    let listed = lab.juju("machines").succeeded().stdout;
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().take(2).collect())
        .collect();
    assert_eq!(
        lines,
        [["Machine", "State"], ["0", "started"], ["1", "started"]]
    );
    lab.juju("remove-machine 1").refused(
        1,
        "removing machine 1 failed: machine 1 has unit \"tiny/0\" assigned",
    );
    lab.juju("remove-machine 7")
        .refused(1, "machine 7 not found");
    lab.juju("show-machine 7").refused(1, "machine 7 not found");
    let removed = lab.juju("remove-machine 0 1 --force -y").succeeded();
    assert_eq!(
        removed.stdout,
        "will remove machine 0\nwill remove machine 1\n- will remove unit tiny/0\n"
    );
    lab.juju("wait-for model dev --query len(machines)==0 --timeout 2m")
        .succeeded();
    assert_eq!(lab.status()["machines"], json!({}));
}

#[test]
fn a_machine_is_nowhere_but_in_the_lab() {
    let lab = Lab::with_model();
    let ran = lab.juju("add-machine ssh:ubuntu@10.0.0.1");
    assert!(
        ran.code == 1
            && ran
                .stderr
                .contains("neither containers nor machines reached over SSH"),
        "{ran:?}"
    );
    assert_eq!(lab.status()["machines"], json!({}));
}
