//! Object stores that are wrong, and repositories that belong to somebody else.

use crate::lab::Lab;

const UNIT: &str = "postgresql/0";
const LEADER: &str = "postgresql/leader";

#[test]
fn wrong_settings_say_what_is_wrong_and_recover_by_themselves() {
    let lab = Lab::new("wrong");
    let store = lab.with_backups("/pg");
    // The second generation of the protocol has the integrator try the bucket; in the first it is all ours.
    lab.juju(&["remove-relation", "postgresql", "s3-integrator"])
        .ok();
    lab.juju(&["config", "s3-integrator", "protocol=0"]).ok();
    lab.settle();
    lab.juju(&["integrate", "postgresql", "s3-integrator"]).ok();
    lab.settle();

    lab.keys("s3-integrator", &store.access_key, "not-the-key");
    lab.status_becomes(UNIT, "says that the key is wrong", |status, message| {
        status == "blocked" && message.contains("key")
    });
    let said = lab.run(LEADER, "create-backup", &[]).refused();
    assert!(said.contains("cannot be used"), "{said}");
    lab.keys("s3-integrator", &store.access_key, &store.secret_key);
    lab.settle();

    lab.juju(&[
        "config",
        "s3-integrator",
        "endpoint=https://no-such-host.invalid:9000",
    ])
    .ok();
    lab.status_becomes(UNIT, "says that the host is unknown", |status, message| {
        status == "blocked" && message.contains("no-such-host.invalid")
    });
    lab.juju(&[
        "config",
        "s3-integrator",
        &format!("endpoint={}", store.endpoint),
    ])
    .ok();
    lab.settle();

    lab.juju(&["config", "s3-integrator", "--reset", "tls-ca-chain"])
        .ok();
    lab.status_becomes(
        UNIT,
        "says that the certificate is not trusted",
        |status, message| status == "blocked" && message.contains("certificate"),
    );
    lab.juju(&[
        "config",
        "s3-integrator",
        &format!("tls-ca-chain={}", store.ca),
    ])
    .ok();
    lab.settle();
    lab.run(LEADER, "create-backup", &[]).done();
}
