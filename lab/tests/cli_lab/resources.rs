//! Resources of charms.

use serde_json::json;

use crate::lab::Lab;

const READ: [&str; 5] = ["exec", "--unit", "tiny/0", "--", "cat $(resource-get blob)"];

#[test]
fn a_resource_is_given_read_and_replaced() {
    let lab = Lab::with_model();
    let charm = lab.tiny_charm();
    let first = lab.write("first.bin", "first");
    lab.juju(&format!(
        "deploy {} --resource blob={}",
        charm.display(),
        first.display()
    ))
    .succeeded();
    lab.settle();
    assert_eq!(lab.juju_words(&READ).succeeded().stdout, "first\n");
    let document = lab.json("resources tiny --format json");
    let resource = &document["resources"][0];
    assert_eq!(
        (
            &resource["resourceid"],
            &resource["size"],
            &resource["used"]
        ),
        (&json!("tiny/blob"), &json!(5), &json!(true))
    );
    assert_eq!(resource["path"], "blob.bin");
    assert_eq!(resource["description"], "Some bytes");
    assert_eq!(resource["fingerprint"].as_str().unwrap().len(), 96);

    let second = lab.write("second.bin", "second");
    lab.juju(&format!("attach-resource tiny blob={}", second.display()))
        .succeeded();
    lab.settle();
    assert_eq!(lab.juju_words(&READ).succeeded().stdout, "second\n");
    let log = lab.juju("debug-log --limit 0").succeeded().stdout;
    assert_eq!(log.matches("ran \"upgrade-charm\" hook").count(), 1);
    lab.juju(&format!("attach-resource tiny other={}", second.display()))
        .refused(1, "unrecognized resource \"other\"");
}

#[test]
fn a_resource_nobody_gave_is_listed_and_cannot_be_read() {
    let lab = Lab::with_tiny();
    assert_eq!(
        lab.juju("resources tiny/0").succeeded().stdout,
        "Resource  Supplied by  Revision\nblob      upload       -\n"
    );
    let ran = lab.juju_words(&["exec", "--unit", "tiny/0", "--", "resource-get blob"]);
    assert!(
        ran.stdout
            .contains("ERROR could not download resource: resource \"blob\" not found")
            || ran
                .stderr
                .contains("ERROR could not download resource: resource \"blob\" not found"),
        "{ran:?}"
    );
}
