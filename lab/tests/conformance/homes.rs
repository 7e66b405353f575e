//! A home that another build of the lab left behind.

use crate::lab::Lab;
use std::fs;

fn with_format(format: Option<u32>) -> (Lab, String) {
    let lab = Lab::start();
    lab.down();
    let path = lab.home().join("state/controller.json");
    let mut controller: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let fields = controller.as_object_mut().unwrap();
    match format {
        Some(format) => fields.insert("format".into(), format.into()),
        None => fields.remove("format"),
    };
    fs::write(&path, controller.to_string()).unwrap();
    let output = lab.program().arg("up").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    (lab, said)
}

#[test]
fn a_home_of_an_older_build_is_refused_with_the_way_out_and_can_be_destroyed() {
    let (lab, said) = with_format(None);
    assert_eq!(
        said,
        format!(
            "ERROR the lab in {} was written by an older build of juju-lab: its state has format 1, this build reads \
             format 3\nhint: 'juju-lab destroy' removes it, with all that is in it; another JUJU_LAB_HOME keeps both\n",
            lab.home().display()
        )
    );
    assert!(lab.home().join("state/controller.json").exists());
    let destroyed = lab.program().arg("destroy").output().unwrap();
    assert_eq!(
        (destroyed.status.code(), lab.home().exists()),
        (Some(0), false)
    );
}

#[test]
fn a_home_of_a_newer_build_is_refused_as_such() {
    let (_lab, said) = with_format(Some(99));
    assert!(
        said.contains(
            "was written by a newer build of juju-lab: its state has format 99, this build reads"
        ),
        "{said}"
    );
}
