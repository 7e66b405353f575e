//! User secrets.

use serde_json::json;

use crate::lab::Lab;

#[test]
fn a_secret_is_made_granted_used_updated_and_removed() {
    let lab = Lab::with_tiny();
    let uri = lab
        .juju("add-secret admin password=first --info Administrator")
        .succeeded()
        .stdout;
    let uri = uri.trim();
    assert!(uri.starts_with("secret:"), "{uri}");
    let id = uri.trim_start_matches("secret:");
    lab.juju("grant-secret admin tiny").succeeded();
    lab.juju(&format!("config tiny token={uri}")).succeeded();
    let read = format!("secret-get {uri} password");
    assert_eq!(
        lab.juju_words(&["exec", "-q", "--unit", "tiny/0", "--", &read])
            .stdout,
        "first\n"
    );

    let file = lab.write("new.yaml", "password: second\n");
    lab.juju(&format!("update-secret admin --file {}", file.display()))
        .succeeded();
    let shown = lab.json("show-secret admin --reveal --format json");
    assert_eq!(shown[id]["revision"], 2);
    assert_eq!(shown[id]["owner"], "<model>");
    assert_eq!(shown[id]["description"], "Administrator");
    assert_eq!(
        shown[id]["content"],
        json!({"Data": {"password": "second"}})
    );
    assert_eq!(shown[id]["access"][0]["target"], "application-tiny");

    let hidden = lab.juju("show-secret admin").succeeded().stdout;
    assert!(!hidden.contains("second"), "{hidden}");
    let listed = lab.json("secrets --format json");
    assert_eq!(listed[id]["name"], "admin");
    assert!(listed[id].get("content").is_none());

    lab.juju("revoke-secret admin tiny").succeeded();
    let refused = lab.juju_words(&[
        "exec",
        "-q",
        "--unit",
        "tiny/0",
        "--",
        &format!("{read} --peek"),
    ]);
    assert_eq!(refused.code, 1);
    lab.juju("remove-secret admin").succeeded();
    assert_eq!(lab.json("secrets --format json"), json!({}));
}

#[test]
fn a_secret_without_content_is_refused() {
    let lab = Lab::with_model();
    lab.juju("add-secret admin").refused(
        2,
        "missing secret value or filename\nhint: give key=value, key#file=PATH or --file PATH",
    );
    assert_eq!(lab.juju("add-secret admin UP=x").code, 1);
}
