//! Offers and what consumes them, on the command line.

use serde_json::json;

use crate::lab::Lab;

/// `tiny` in `dev`, offered as `hello`, and `tiny` as `client` in `shop`, which is the current model.
fn two_models() -> Lab {
    let lab = Lab::with_tiny();
    let offered = lab.juju("offer tiny:api hello").succeeded();
    assert_eq!(
        offered.stderr,
        "Application \"tiny\" endpoints [api] available at \"admin/dev.hello\"\n"
    );
    lab.juju("add-model shop").succeeded();
    let charm = lab.tiny_charm();
    lab.juju(&format!("deploy {} client", charm.display()))
        .succeeded();
    lab.settle();
    lab
}

fn settle_both(lab: &Lab) {
    lab.settle();
    lab.run(
        &[
            "wait",
            "--model",
            "dev",
            "--timeout",
            "30s",
            "--stable",
            "500ms",
        ],
        "",
    )
    .succeeded();
    lab.settle();
}

/// The words of the line that begins with `first`.
fn words<'a>(text: &'a str, first: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(first));
    line.unwrap_or_default().split_whitespace().collect()
}

#[test]
fn an_offer_is_found_consumed_used_and_removed() {
    let lab = two_models();
    let found = lab.juju("find-offers").succeeded();
    assert_eq!(
        found.stdout,
        "Store  URL              Access  Interfaces\nlab    admin/dev.hello  admin   tiny:api\n"
    );
    assert_eq!(
        lab.json("find-offers --interface tiny --format json")["lab:admin/dev.hello"]["endpoints"],
        json!({"api": {"interface": "tiny", "role": "provider"}})
    );
    lab.juju("find-offers --interface other")
        .refused(1, "no matching application offers found");
    assert_eq!(
        lab.json("show-offer admin/dev.hello --format json")["lab:admin/dev.hello"]["description"],
        "It does what its script says"
    );
    lab.juju("show-offer dev.nothing")
        .refused(1, "application offer \"admin/dev.nothing\" not found");

    let consumed = lab.juju("consume dev.hello greeter").succeeded();
    assert_eq!(consumed.stderr, "Added dev.hello as greeter\n");
    lab.juju("integrate client:backend greeter").succeeded();
    settle_both(&lab);
    let status = lab.juju("status --relations").succeeded().stdout;
    let section = |title: &str| {
        let found = status.split("\n\n").find(|text| text.starts_with(title));
        found.unwrap_or_default().trim_end().to_owned()
    };
    assert_eq!(
        section("SAAS"),
        "SAAS     Status  Store  URL\ngreeter  active  lab    admin/dev.hello"
    );
    assert_eq!(
        words(&section("Integration"), "greeter:api"),
        ["greeter:api", "client:backend", "tiny", "regular"]
    );
    assert_eq!(
        lab.status()["application-endpoints"]["greeter"]["relations"],
        json!({"api": ["client"]})
    );
    assert_eq!(
        lab.status()["applications"]["client"]["relations"]["backend"][0]["related-application"],
        "greeter"
    );
    let unit = lab.json("show-unit client/0 --endpoint backend --format json");
    let relation = &unit["client/0"]["relation-info"][0];
    assert_eq!(relation["cross-model"], true);
    assert_eq!(
        relation["related-units"]["greeter/0"]["data"]["greeting"],
        "from tiny/0"
    );
    assert_eq!(
        lab.json("show-application greeter --format json")["greeter"]["remote"],
        true
    );

    let offering = lab.juju("status -m dev").succeeded().stdout;
    assert_eq!(
        words(&offering, "hello"),
        [
            "hello", "tiny", "tiny", "0", "1/1", "api", "tiny", "provider"
        ]
    );
    let yaml = lab.juju("status -m dev --format yaml").succeeded().stdout;
    assert!(
        yaml.contains(
            "offers:\n  hello:\n    application: tiny\n    charm: local:tiny-0\n    active-connected-count: 1\n    \
             total-connected-count: 1\n    endpoints:\n      api:\n        interface: tiny\n        role: provider\n"
        ),
        "{yaml}"
    );
    let offers = lab.json("offers -m dev --format json");
    let connection = &offers["hello"]["connections"][0];
    assert_eq!(connection["status"]["current"], "joined");
    assert_eq!(connection["endpoint"], "api");
    lab.juju("offers -m dev --active-only").succeeded();
    suspended_and_resumed(&lab);

    lab.juju("remove-offer dev.hello").refused(
        1,
        "cannot delete application offer \"hello\": offer has 1 relation",
    );
    lab.juju("remove-relation client greeter").succeeded();
    settle_both(&lab);
    lab.juju("remove-offer dev.hello").succeeded();
    assert_eq!(
        words(&lab.juju("status").succeeded().stdout, "greeter"),
        ["greeter", "terminated", "lab", "admin/dev.hello"]
    );
    lab.juju("remove-saas greeter").succeeded();
    assert_eq!(lab.status()["application-endpoints"], json!(null));
    lab.juju("remove-saas greeter")
        .refused(1, "saas application \"greeter\" not found");
}

/// The relation of `client` with `hello`.
fn suspended_and_resumed(lab: &Lab) {
    let offers = lab.json("offers -m dev --format json");
    let id = offers["hello"]["connections"][0]["relation-id"].to_string();
    lab.juju("suspend-relation -m dev")
        .refused(2, "no relation ids specified");
    lab.juju("suspend-relation -m dev first")
        .refused(2, "relation ID \"first\" not valid");
    lab.juju("resume-relation -m dev 99")
        .refused(1, "relation 99 not found");
    let suspended = lab.run(
        &[
            "juju",
            "suspend-relation",
            &id,
            "-m",
            "dev",
            "--message",
            "an upgrade",
        ],
        "",
    );
    assert_eq!(suspended.succeeded().stdout, "");
    settle_both(lab);
    let status = lab.juju("status --relations").succeeded().stdout;
    assert!(
        status.contains("  regular  suspended - an upgrade\n"),
        "{status}"
    );
    let offers = lab.json("offers -m dev --format json");
    let connection = &offers["hello"]["connections"][0];
    assert_eq!(
        connection["status"],
        json!({"current": "suspended", "message": "an upgrade"})
    );
    lab.juju(&format!("resume-relation -m dev {id}"))
        .succeeded();
    settle_both(lab);
    let offers = lab.json("offers -m dev --format json");
    let connection = &offers["hello"]["connections"][0];
    assert_eq!(connection["status"], json!({"current": "joined"}));
}

#[test]
fn integrating_with_the_url_of_an_offer_consumes_it() {
    let lab = two_models();
    lab.juju("integrate client:backend lab:admin/dev.hello:api")
        .succeeded();
    settle_both(&lab);
    assert_eq!(
        lab.status()["application-endpoints"]["hello"]["url"],
        "admin/dev.hello"
    );
    lab.juju("remove-relation client:backend dev.hello")
        .succeeded();
    let charm = lab.tiny_charm();
    lab.juju(&format!("deploy {} hello", charm.display()))
        .refused(
            1,
            "cannot add application \"hello\": saas application with same name already exists",
        );
}
