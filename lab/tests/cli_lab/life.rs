//! Deploying, configuring, relating, scaling and removing.

use serde_json::json;

use crate::lab::Lab;

#[test]
fn a_deployed_charm_shows_up_in_status_with_what_it_set() {
    let lab = Lab::with_tiny();
    let status = lab.status();
    assert_eq!(status["model"]["name"], "dev");
    let application = &status["applications"]["tiny"];
    assert_eq!(application["charm"], "local:tiny-0");
    assert_eq!(application["charm-origin"], "local");
    assert_eq!(application["version"], "1.2");
    assert_eq!(application["application-status"]["current"], "active");
    assert_eq!(
        application["relations"]["cluster"][0]["related-application"],
        "tiny"
    );
    let unit = &application["units"]["tiny/0"];
    assert_eq!(unit["workload-status"]["message"], "word is hello");
    assert_eq!(unit["juju-status"]["current"], "idle");
    assert_eq!(unit["leader"], true);
    assert_eq!(unit["open-ports"], json!(["8080/tcp"]));
    let machine = unit["machine"].as_str().unwrap();
    assert_eq!(
        status["machines"][machine]["juju-status"]["current"],
        "started"
    );
    assert_eq!(status["storage"]["storage"]["data/0"]["kind"], "filesystem");

    let table = lab.juju("status --storage").succeeded().stdout;
    assert!(
        table.contains(
            "\ntiny  1.2      active      1  tiny              0  no       word is hello\n"
        ),
        "{table}"
    );
    assert!(
        table.contains("\ntiny/0        data/0      filesystem  rootfs  "),
        "{table}"
    );
    assert!(
        !table.contains('\u{1b}'),
        "no colours where there is no terminal"
    );
}

#[test]
fn an_option_is_set_read_and_reset() {
    let lab = Lab::with_tiny();
    lab.juju("config tiny word=hi count=5").succeeded();
    assert_eq!(lab.juju("config tiny word").stdout, "hi\n");
    let config = lab.json("config tiny --format json");
    assert_eq!(
        config["settings"]["count"],
        json!({
            "default": 3, "description": "How often", "source": "user", "type": "int", "value": 5,
        })
    );
    let file = lab.write("settings.yaml", "tiny: {word: from a file}\n");
    lab.juju(&format!(
        "config tiny --file {} --reset count",
        file.display()
    ))
    .succeeded();
    assert_eq!(lab.juju("config tiny word").stdout, "from a file\n");
    assert_eq!(lab.juju("config tiny count").stdout, "3\n");
    lab.settle();
    assert_eq!(
        lab.status()["applications"]["tiny"]["units"]["tiny/0"]["workload-status"]["message"],
        "word is from a file"
    );
}

#[test]
fn related_units_see_each_others_data() {
    let lab = Lab::with_tiny();
    let charm = lab.tiny_charm();
    lab.juju(&format!(
        "deploy {} other --config word=hey",
        charm.display()
    ))
    .succeeded();
    lab.juju("integrate tiny:api other:backend").succeeded();
    lab.settle();
    let unit = lab.json("show-unit other/0 --endpoint backend --format json");
    let relation = &unit["other/0"]["relation-info"][0];
    assert_eq!(relation["related-endpoint"], "api");
    assert_eq!(
        relation["related-units"]["tiny/0"]["data"]["greeting"],
        "from tiny/0"
    );
    let table = lab.juju("status --relations").succeeded().stdout;
    assert!(
        table.contains("\ntiny:api              other:backend  tiny        regular\n"),
        "{table}"
    );

    lab.juju("remove-relation tiny:api other:backend")
        .succeeded();
    lab.settle();
    let unit = lab.json("show-unit other/0 --endpoint backend --format json");
    assert_eq!(unit["other/0"].get("relation-info"), None);
}

#[test]
fn units_come_and_go_and_the_model_with_them() {
    let lab = Lab::with_tiny();
    lab.juju("add-unit tiny -n 2").succeeded();
    lab.settle();
    let removed = lab
        .juju("remove-unit --no-prompt tiny/1 --destroy-storage")
        .succeeded();
    assert_eq!(
        removed.stdout,
        "will remove unit tiny/1\n- will remove storage data/1\n"
    );
    let asked = lab.juju_with_input(&["remove-unit", "tiny/2"], "n\n");
    assert_eq!(
        (asked.code, asked.stdout.as_str()),
        (1, "will remove unit tiny/2\n- will remove storage data/2\n")
    );
    assert!(
        asked.stderr.ends_with("ERROR unit removal: aborted\n"),
        "{}",
        asked.stderr
    );
    lab.juju("wait-for unit tiny/1 --query life==\"dead\" --timeout 2m")
        .succeeded();
    let units = lab.status()["applications"]["tiny"]["units"]
        .as_object()
        .unwrap()
        .clone();
    assert_eq!(units.keys().collect::<Vec<_>>(), ["tiny/0", "tiny/2"]);

    lab.juju("remove-application --no-prompt tiny --destroy-storage")
        .succeeded();
    lab.juju("wait-for application tiny --query life==\"dead\" --timeout 2m")
        .succeeded();
    let empty = lab.juju("status");
    assert_eq!(empty.stderr, "Model \"admin/dev\" is empty.\n");
    lab.juju("destroy-model dev --no-prompt").succeeded();
    let after = lab.juju("status");
    assert!(
        after.stderr.starts_with("ERROR No model in focus."),
        "{}",
        after.stderr
    );
}

#[test]
fn a_failed_hook_is_shown_and_can_be_skipped() {
    let lab = Lab::with_tiny();
    lab.juju("config tiny word=fail").succeeded();
    lab.juju("wait-for unit tiny/0 --query workload-status==\"error\" --timeout 2m")
        .succeeded();
    let unit = &lab.status()["applications"]["tiny"]["units"]["tiny/0"];
    assert_eq!(
        unit["workload-status"]["message"],
        "hook failed: \"config-changed\""
    );
    lab.juju("resolved tiny/0 --no-retry").succeeded();
    lab.juju("wait-for unit tiny/0 --query workload-status!=\"error\" --timeout 2m")
        .succeeded();
    let log = lab
        .juju("debug-log --limit 0 --include tiny/0")
        .succeeded()
        .stdout;
    let failure = "ERROR juju.worker.uniter.operation hook \"config-changed\" (via hook dispatching script: dispatch) failed: exit status 1";
    assert!(log.contains(failure), "{log}");
    let last = lab.juju("debug-log --limit 1").succeeded().stdout;
    assert_eq!(last.lines().count(), 1);
}

#[test]
fn a_charm_is_refreshed_from_its_path() {
    let lab = Lab::with_tiny();
    let charm = lab.tiny_charm();
    lab.juju(&format!("refresh tiny --path {}", charm.display()))
        .succeeded();
    lab.settle();
    assert_eq!(lab.status()["applications"]["tiny"]["charm-rev"], 1);
}
