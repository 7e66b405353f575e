//! Golden plans: the text of what is done, as people read it in the log. `BLESS=1 cargo test` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use postgresql_charm::domain::decide;
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::words::{Secret, SystemUser};
use postgresql_charm::reconcile::{World as _, carry_out};

use crate::model::{Model, Store};

fn check(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/plans")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{name} differs; BLESS=1 accepts it");
}

/// Everything a unit decides until it rests.
fn life(mut model: Model) -> String {
    let mut text = String::new();
    for _ in 0..60 {
        let seen = model.observe().unwrap();
        match decide::reconcile(&seen) {
            Decision::Do(plan) => {
                writeln!(text, "{plan}").unwrap();
                if let Err(error) = carry_out(&mut model, &plan) {
                    writeln!(text, "  failed: {error}").unwrap();
                }
            }
            Decision::Wait(wait) if seen.juju.written.is_empty() => {
                writeln!(text, "wait: {}; wakes on {:?}", wait.reason, wait.wake).unwrap();
                return text;
            }
            Decision::Wait(wait) => {
                writeln!(text, "wait: {}; wakes on {:?}", wait.reason, wait.wake).unwrap();
                writeln!(text, "-- the hook ends, and Juju commits").unwrap();
                model.end_well();
            }
            Decision::Blocked(blocked) => {
                writeln!(text, "blocked: {blocked}").unwrap();
                return text;
            }
            Decision::Settled => {
                writeln!(text, "settled").unwrap();
                return text;
            }
        }
    }
    panic!("it does not come to rest:\n{text}");
}

#[test]
fn a_unit_comes_to_life() {
    check("first-life.plan", &life(Model::joined()));
}

#[test]
fn before_the_peer_relation_a_unit_installs_and_waits() {
    check("install.plan", &life(Model::new()));
}

#[test]
fn an_object_store_is_related() {
    let mut model = Model::primary();
    model.relate();
    check("related.plan", &life(model));
}

#[test]
fn applications_are_related() {
    let mut model = Model::primary();
    model.relate_application(7, &[("database", "shop")]);
    model.relate_application(8, &[("database", "books"), ("extra-user-roles", "admin")]);
    check("applications.plan", &life(model));
}

#[test]
fn an_object_store_with_a_wrong_key_is_related() {
    let mut model = Model::primary();
    model.relate();
    model.store = Store::WrongKey;
    check("wrong-key.plan", &life(model));
}

#[test]
fn another_clusters_repository_is_related() {
    let mut model = Model::primary();
    model.relate();
    model.store = Store::Foreign;
    check("foreign.plan", &life(model));
}

#[test]
fn a_password_is_changed() {
    let model = Model::archiving();
    let new = Secret::new("new");
    let plan = decide::passwords::set(&model.seen, SystemUser::Replication, &new).unwrap();
    check("set-password.plan", &format!("{plan}\n"));
}
