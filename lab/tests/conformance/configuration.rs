//! Configuration of applications.

use crate::lab::{Charm, Lab, MODEL};
use juju_lab::api::{ConfigView, Request};
use serde_json::json;

fn lab() -> Lab {
    let lab = Lab::start();
    let config = "options:\n  colour: {type: string, default: red}\n  size: {type: int}\n  fast: {type: boolean, default: false}\n  \
                  login: {type: secret}\n";
    lab.deploy(
        &Charm::recorder("probe", "", "").file("config.yaml", config),
        1,
    );
    lab.forget_events("probe/0");
    lab
}

#[test]
fn config_get_shows_values_of_their_types_and_hides_what_is_unset() {
    let lab = lab();
    let get = |args: &str| {
        lab.exec("probe/0", &format!("config-get {args} --format json"))
            .unwrap()
    };
    assert_eq!(get(""), r#"{"colour":"red","fast":false}"#);
    assert_eq!(
        get("--all"),
        r#"{"colour":"red","fast":false,"login":null,"size":null}"#
    );
    assert_eq!(get("nothing"), "null");
    lab.set_config("probe", "size", "4").unwrap();
    assert_eq!(get("size"), "4");
    assert_eq!(lab.exec("probe/0", "config-get fast").unwrap(), "False");
}

#[test]
fn a_changed_value_fires_config_changed_and_an_equal_one_only_warns() {
    let lab = lab();
    assert_eq!(
        lab.set_config("probe", "colour", "blue").unwrap(),
        Vec::<String>::new()
    );
    lab.until_event("probe/0", "config-changed");
    lab.settle();
    lab.forget_events("probe/0");
    assert_eq!(
        lab.set_config("probe", "colour", "blue").unwrap(),
        ["the configuration setting \"colour\" already has the value \"blue\""]
    );
    lab.settle();
    assert_eq!(lab.events("probe/0"), Vec::<String>::new());
}

#[test]
fn a_wrong_value_changes_nothing() {
    let lab = lab();
    for (option, value, message) in [
        ("size", "big", "option \"size\" expected int, got \"big\""),
        ("taste", "sweet", "unknown option \"taste\""),
    ] {
        assert_eq!(
            lab.set_config("probe", option, value).unwrap_err().message,
            message
        );
    }
    assert!(
        lab.set_config("probe", "fast", "yes").is_err(),
        "bools are read as Go reads them"
    );
    assert!(
        lab.set_config("probe", "login", "http://x").is_err(),
        "a secret has the scheme secret"
    );
    let view: ConfigView = lab.call(&Request::Config {
        model: MODEL.into(),
        application: "probe".into(),
    });
    assert_eq!(view.settings["size"].source, "unset");
    assert_eq!(view.settings["fast"].value, Some(json!(false)));
    lab.settle();
    assert_eq!(lab.events("probe/0"), Vec::<String>::new());
}

#[test]
fn trusting_an_application_is_a_change_of_its_configuration() {
    let lab = lab();
    lab.call::<()>(&Request::Trust {
        model: MODEL.into(),
        application: "probe".into(),
        trust: true,
    });
    lab.until_event("probe/0", "config-changed");
}

#[test]
fn the_update_status_interval_follows_the_model() {
    let lab = lab();
    lab.set_model("update-status-hook-interval", "100ms");
    lab.until_event("probe/0", "update-status");
    assert_eq!(lab.unit("probe/0").agent.current, "idle");
}
