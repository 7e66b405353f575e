//! Defaults for the settings of all models.

use crate::lab::Lab;

#[test]
fn a_default_reaches_models_that_say_nothing_else() {
    let lab = Lab::with_model();
    lab.juju("add-model own --config update-status-hook-interval=1m")
        .succeeded();
    lab.juju("model-defaults update-status-hook-interval=30s")
        .succeeded();
    lab.juju("add-model later").succeeded();
    let shown = |model: &str| {
        let all = lab.json(&format!("model-config -m {model} --format json"));
        let entry = &all["update-status-hook-interval"];
        format!("{} {}", entry["Value"], entry["Source"])
    };
    assert_eq!(shown("dev"), "\"30s\" \"controller\"");
    assert_eq!(shown("later"), "\"30s\" \"controller\"");
    assert_eq!(shown("own"), "\"1m\" \"model\"");
    assert_eq!(
        lab.juju("model-defaults update-status-hook-interval")
            .succeeded()
            .stdout,
        "Attribute                    Default  Controller\n\
         update-status-hook-interval  5m       30s\n"
    );
    lab.run(&["down"], "").succeeded();
    lab.run(&["up"], "").succeeded();
    assert_eq!(shown("dev"), "\"30s\" \"controller\"", "it is kept");
    lab.juju("model-defaults --reset update-status-hook-interval")
        .succeeded();
    assert_eq!(shown("dev"), "\"5m\" \"default\"");
    lab.juju("model-defaults update-status-hook-interval=often")
        .refused(
            1,
            "update-status-hook-interval: expected a duration like 5m or 30s, got \"often\"",
        );
    lab.juju("model-defaults colour")
        .refused(1, "there are no default model values for \"colour\"");
}
