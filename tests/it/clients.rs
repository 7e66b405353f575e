//! Related applications: what the leader decides about them, and what Juju is told.

use std::collections::BTreeMap;

use juju_charm::testing::{Outcome, Relation, Scenario, State};
use juju_charm::{Event, Juju};
use postgresql_charm::domain::clients::{Answer, Mark, Refusal};
use postgresql_charm::domain::decide;
use postgresql_charm::domain::decide::clients::{answers, trouble};
use postgresql_charm::domain::decide::status::{Level, status};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::files;
use postgresql_charm::domain::observed::{
    Client, ClientUser, DatabaseFacts, ManagedFile, MemberState, Observed, Role, Seen,
};
use postgresql_charm::domain::tls::{Course, Stage};
use postgresql_charm::domain::words::Secret;
use postgresql_charm::juju::clients;
use postgresql_charm::reconcile::reconcile;

use crate::model::Model;

const SHOP: &[(&str, &str)] = &[("database", "shop")];

fn related() -> Model {
    let mut model = Model::primary();
    model.relate_application(7, SHOP);
    model.live();
    model
}

fn users(model: &Model) -> Vec<&str> {
    let view = model.seen.clients.known().expect("the leader asks");
    view.users.keys().map(String::as_str).collect()
}

fn user<'a>(model: &'a mut Model, name: &str) -> &'a mut ClientUser {
    let Seen::Known(view) = &mut model.seen.clients else {
        panic!("the leader asks")
    };
    view.users.entry(name.to_owned()).or_default()
}

fn since(model: &Model, before: usize) -> &[String] {
    &model.performed[before..]
}

#[test]
fn an_application_gets_a_user_that_acts_as_the_owner_of_its_database() {
    let model = related();
    assert_eq!(users(&model), ["relation-7"]);
    let answer = &answers(&model.seen)[&7];
    assert_eq!(answer.user, "relation-7");
    assert_eq!(answer.password.expose(), "hidden-7");
    assert_eq!(answer.primary, "10.0.0.1:5432");
    assert_eq!(answer.replicas, ["10.0.0.1:5432"], "there is no replica");
    assert_eq!(answer.version, "15.18");
    assert!(!answer.tls);
}

#[test]
fn nothing_is_told_before_the_user_is_there_and_nothing_taken_back_while_the_primary_is_unknown() {
    let mut model = Model::primary();
    model.relate_application(7, SHOP);
    assert!(answers(&model.seen).is_empty());
    let mut model = related();
    assert_eq!(answers(&model.seen).len(), 1);
    model.seen.clients = Seen::Unreachable("it does not answer".to_owned());
    assert_eq!(answers(&model.seen).len(), 1, "the endpoints are known");
    model.seen.cluster = Seen::Unreachable("it does not answer".to_owned());
    assert!(answers(&model.seen).is_empty());
}

#[test]
fn endpoints_are_the_primary_and_the_replicas_that_run() {
    let mut model = Model::primary_of_three();
    model.relate_application(7, SHOP);
    model.live();
    let before = answers(&model.seen).remove(&7).unwrap();
    assert_eq!(before.primary, "10.0.0.1:5432");
    assert_eq!(before.replicas, ["10.0.0.2:5432", "10.0.0.3:5432"]);
    let Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!("Patroni answers")
    };
    for member in &mut cluster.members {
        match member.name.number() {
            0 => {
                member.role = Role::Replica;
                member.state = MemberState::Other("stopped".into());
            }
            1 => member.role = Role::Primary,
            _ => {}
        }
    }
    let after = answers(&model.seen).remove(&7).unwrap();
    assert_eq!(after.primary, "10.0.0.2:5432");
    assert_eq!(after.replicas, ["10.0.0.3:5432"]);
    assert_eq!(after.password, before.password);
}

/// On the way from one stage to the next some units are at the one and some at the other.
#[test]
fn what_applications_are_told_of_tls_is_right_for_every_unit_on_the_way_on_and_back() {
    let at = |stage, from| {
        let mut model = related();
        for file in [ManagedFile::TlsIdentity, ManagedFile::TlsAuthorities] {
            let content = Secret::new(format!("{file}"));
            model.seen.host.files.insert(file, content);
        }
        let course = Course {
            stage,
            from,
            ..Course::default()
        };
        model.seen.juju.peers.as_mut().unwrap().tls_course = course;
        model.seen
    };
    let rule = |seen: &Observed| {
        let config = files::patroni_config(seen, &files::archive_command(seen)).unwrap();
        let mut lines = config.expose().lines();
        let line = lines
            .find(|line| line.contains(" +relation_access "))
            .unwrap();
        line.trim_matches([' ', '-', '"']).to_owned()
    };
    let plain = "host all +relation_access all scram-sha-256";
    let tls_only = "hostssl all +relation_access all scram-sha-256";
    let ways = Stage::ALL.windows(2).flat_map(|pair| {
        let (earlier, later) = (pair[0], pair[1]);
        [(later, earlier), (earlier, later)]
    });
    for (stage, from) in ways {
        let seen = at(stage, from);
        let answer = &answers(&seen)[&7];
        assert_eq!(answer.tls, stage >= Stage::Use, "{from:?} to {stage:?}");
        assert_eq!(answer.authorities.is_empty(), !answer.tls);
        for there in [stage, from] {
            let wanted = if there == Stage::Only {
                tls_only
            } else {
                plain
            };
            assert_eq!(rule(&at(there, there)), wanted, "{there:?}");
            assert!(answer.tls || wanted == plain, "{from:?} to {stage:?}");
            assert!(!answer.tls || there.serves(), "{from:?} to {stage:?}");
        }
    }
}

#[test]
fn when_the_relation_is_over_the_user_goes_and_the_database_stays() {
    let mut model = related();
    model.seen.juju.clients.clear();
    let before = model.performed.len();
    model.live();
    assert_eq!(
        since(&model, before),
        ["remove the user \"relation-7\", and leave what it has made to its database"]
    );
    assert!(users(&model).is_empty());
    let view = model.seen.clients.known().unwrap();
    assert!(view.databases.contains_key("shop"));
}

#[test]
fn a_user_of_another_cluster_is_never_handed_to_an_application_that_is_related_here() {
    let elsewhere = Some(Mark {
        cluster: "another-model/postgresql".into(),
        relation: 7,
    });
    for mark in [elsewhere, None] {
        let mut model = related();
        let stolen = user(&mut model, "relation-7");
        stolen.mark = mark.clone();
        stolen.password_matches = false;
        user(&mut model, "relation-4").mark = mark;
        let before = model.performed.len();
        model.live();
        assert_eq!(
            since(&model, before),
            [
                "put the user \"relation-4\" of another cluster aside",
                "put the user \"relation-7\" of another cluster aside",
                "make the user relation-7 of the database \"shop\"",
            ]
        );
        let made = user(&mut model, "relation-7");
        assert_eq!(made.mark.as_ref().unwrap().relation, 7);
        assert!(made.password_matches, "with the password it had");
        assert_eq!(answers(&model.seen)[&7].password.expose(), "hidden-7");
        let aside = ["former-relation-4", "former-relation-7"];
        assert_eq!(users(&model), [aside[0], aside[1], "relation-7"]);
        for name in aside {
            assert!(!user(&mut model, name).login, "{name}");
        }
    }
}

#[test]
fn what_a_restore_took_away_is_made_again_with_the_password_that_the_application_has() {
    let mut model = related();
    let Seen::Known(view) = &mut model.seen.clients else {
        panic!("the leader asks")
    };
    view.users.clear();
    view.databases.clear();
    view.groups.clear();
    model.live();
    assert!(user(&mut model, "relation-7").password_matches);
    assert_eq!(answers(&model.seen)[&7].password.expose(), "hidden-7");
}

#[test]
fn a_refused_request_is_shown_and_does_not_keep_others_from_theirs() {
    let mut model = Model::primary();
    model.relate_application(
        5,
        &[("database", "books"), ("extra-user-roles", "operator")],
    );
    model.relate_application(6, &[("database", "postgres")]);
    model.relate_application(7, SHOP);
    model.live();
    assert_eq!(users(&model), ["relation-7"]);
    let shown = status(&model.seen, &decide::reconcile(&model.seen));
    assert_eq!(shown.level, Level::Blocked);
    assert_eq!(
        shown.message,
        "shop (relation 5): it asks for the role \"operator\" in extra-user-roles (have it ask for createdb, \
         createrole, superuser, admin, charmed_admin, charmed_dml, charmed_read, charmed_stats, or for a role \
         without login that there is); and 1 more"
    );
    model.seen.juju.clients.remove(&5);
    model.seen.juju.clients.remove(&6);
    assert_eq!(trouble(&model.seen), None);
}

#[test]
fn a_database_of_somebody_elses_is_not_taken_and_one_of_the_operators_is() {
    let owned = |owner: &str| {
        let mut model = Model::primary();
        let Seen::Known(view) = &mut model.seen.clients else {
            panic!("the leader asks")
        };
        let facts = DatabaseFacts {
            owner: owner.to_owned(),
            open: true,
        };
        view.databases.insert("shop".into(), facts);
        model.relate_application(7, SHOP);
        model.live();
        model
    };
    assert_eq!(users(&owned("operator")), ["relation-7"]);
    let model = owned("alice");
    assert!(users(&model).is_empty());
    let refusal = Refusal::DatabaseTaken {
        database: "shop".into(),
        owner: "alice".into(),
    };
    let message = trouble(&model.seen).unwrap();
    assert!(message.contains(&refusal.to_string()), "{message}");
    assert!(message.contains("ALTER DATABASE"), "{message}");
}

#[test]
fn what_the_database_refuses_one_application_others_get() {
    let mut model = Model::primary();
    model.refuses = "relation-5".into();
    model.relate_application(5, &[("database", "books")]);
    model.relate_application(7, SHOP);
    reconcile(&mut model).unwrap();
    assert_eq!(users(&model), ["relation-7"]);
    assert_eq!(decide::reconcile(&model.seen), Decision::Settled);
    assert_eq!(
        trouble(&model.seen).as_deref(),
        Some("relation-5: the model says so")
    );
    model.end_well();
    model.refuses.clear();
    model.live();
    assert_eq!(users(&model), ["relation-5", "relation-7"]);
}

#[test]
fn only_the_leader_does_anything_about_applications() {
    let mut model = Model::replica();
    model.relate_application(7, SHOP);
    let before = model.performed.len();
    model.live();
    assert!(since(&model, before).is_empty());
    assert!(answers(&model.seen).is_empty());
}

// At Juju's boundary.

const MODERN: &str = r#"["username", "password", "tls", "tls-ca", "uris", "read-only-uris"]"#;

fn world(requested_secrets: &str) -> State {
    let mut relation = Relation::new("database:7", "shop")
        .with_remote_data([
            ("database", "shop"),
            ("requested-secrets", requested_secrets),
        ])
        .with_unit(0, []);
    relation
        .remote_app_data
        .retain(|_, value| !value.is_empty());
    State::new("postgresql/0").leader().with_relation(relation)
}

fn hook(state: &State, charm: impl Fn(&Juju) -> Result<(), juju_charm::ToolError>) -> Outcome {
    let path = format!("{}/metadata.yaml", env!("CARGO_MANIFEST_DIR"));
    let scenario = Scenario::parse(&std::fs::read_to_string(path).unwrap(), "", "");
    let outcome = scenario.run(state, &Event::UpdateStatus, |_: &Event, juju: &Juju| {
        charm(juju)
    });
    assert!(outcome.succeeded, "{:?}", outcome.log);
    outcome
}

fn view(state: &State) -> BTreeMap<u32, Client> {
    let seen = std::cell::RefCell::new(BTreeMap::new());
    hook(state, |juju| {
        *seen.borrow_mut() = clients::read(juju)?;
        Ok(())
    });
    seen.into_inner()
}

fn answer(state: &State, primary: &str) -> Answer {
    let client = view(state).remove(&7).unwrap();
    let request = client.request.unwrap().unwrap();
    Answer {
        database: request.database,
        user: "relation-7".into(),
        password: Secret::new("hidden"),
        primary: primary.into(),
        replicas: vec!["10.0.0.2:5432".into()],
        version: "15.18".into(),
        tls: false,
        authorities: String::new(),
        said: client.said,
        secrets: request.secrets,
    }
}

fn told(state: &State, primary: &str) -> Outcome {
    let answers = BTreeMap::from([(7, answer(state, primary))]);
    hook(state, |juju| clients::publish(juju, &answers))
}

#[test]
fn an_application_that_asks_for_secrets_finds_no_password_in_the_open() {
    let state = told(&world(MODERN), "10.0.0.1:5432").state;
    let bag = &state.relation(7).local_app;
    assert!(!format!("{bag:?}").contains("hidden"));
    assert_eq!(bag["endpoints"], "10.0.0.1:5432");
    assert_eq!(bag["read-only-endpoints"], "10.0.0.2:5432");
    assert_eq!(bag["database"], "shop");
    let said: BTreeMap<String, String> = serde_json::from_str(&bag["data"]).unwrap();
    assert_eq!(said["requested-secrets"], MODERN);
    for (key, label) in [
        ("secret-user", "database.7.user.secret"),
        ("secret-tls", "database.7.tls.secret"),
    ] {
        let secret = state.secret_by_label(label).unwrap();
        let model = &state.model_uuid;
        assert_eq!(bag[key], format!("secret://{model}/{}", secret.id.bare()));
        assert!(secret.granted_to.contains(&7), "{secret:?}");
    }
    let client = &view(&state)[&7];
    assert_eq!(client.password, Some(Secret::new("hidden")));
    assert!(client.answered);
    assert_eq!(client.application, "shop");
}

#[test]
fn an_application_that_asks_for_none_finds_all_in_the_open() {
    let state = told(&world(""), "10.0.0.1:5432").state;
    let bag = &state.relation(7).local_app;
    assert_eq!(bag["username"], "relation-7");
    assert_eq!(bag["password"], "hidden");
    assert_eq!(bag["tls"], "False");
    assert!(state.secrets.is_empty());
    assert_eq!(view(&state)[&7].password, Some(Secret::new("hidden")));
}

#[test]
fn what_was_told_is_not_told_again_and_another_primary_is_one_new_revision() {
    let first = told(&world(MODERN), "10.0.0.1:5432").state;
    let again = told(&first, "10.0.0.1:5432");
    assert_eq!(again.state, first);
    let writes = ["relation-set", "secret-set", "secret-add", "secret-grant"];
    assert!(
        !again.tools().iter().any(|tool| writes.contains(tool)),
        "{:?}",
        again.tools()
    );
    let moved = told(&first, "10.0.0.3:5432");
    assert_eq!(
        moved.state.relation(7).local_app["endpoints"],
        "10.0.0.3:5432"
    );
    let revisions = |state: &State, label: &str| {
        let secret = state.secret_by_label(label).unwrap();
        secret.revisions.len()
    };
    assert_eq!(revisions(&moved.state, "database.7.user.secret"), 2);
    assert_eq!(revisions(&moved.state, "database.7.tls.secret"), 1);
}

#[test]
fn an_application_that_begins_to_ask_for_secrets_keeps_its_password_and_it_leaves_the_open() {
    let mut state = told(&world(""), "10.0.0.1:5432").state;
    let said = &mut state.relation_mut(7).remote_app_data;
    said.insert("requested-secrets".into(), MODERN.into());
    let state = told(&state, "10.0.0.1:5432").state;
    assert!(!format!("{:?}", state.relation(7).local_app).contains("hidden"));
    assert_eq!(view(&state)[&7].password, Some(Secret::new("hidden")));
}

#[test]
fn the_secrets_of_a_relation_that_is_over_are_removed() {
    let state = told(&world(MODERN), "10.0.0.1:5432").state;
    assert_eq!(state.secrets.len(), 2);
    let state = hook(&state, |juju| clients::forget(juju, 7)).state;
    assert!(state.secrets.is_empty(), "{:?}", state.secrets);
}
