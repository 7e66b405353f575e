use proptest::prelude::*;

use super::*;

const MODEL: &str = "0a1b2c3d-0000-4000-8000-000000000001";
const OTHER_MODEL: &str = "0a1b2c3d-0000-4000-8000-000000000002";
const OUR_STANZA: &str = "prod.postgresql";

fn system(number: u64) -> SystemId {
    SystemId::new(number).unwrap()
}

fn us() -> Us {
    Us {
        cluster: format!("{MODEL}/postgresql").parse().unwrap(),
        system: system(7_001),
        stanza: OUR_STANZA.parse().unwrap(),
    }
}

fn record(cluster: &str, number: u64) -> Record {
    Record {
        cluster_id: cluster.parse().unwrap(),
        system_identifier: system(number),
        timeline: Timeline::FIRST,
        epoch: 3,
        raised_for: None,
        model: "prod".to_owned(),
        application: "postgresql".to_owned(),
        written_at: "2026-01-01T12:00:00Z".parse().unwrap(),
    }
}

fn found(name: &str, systems: &[u64]) -> FoundStanza {
    FoundStanza {
        name: name.to_owned(),
        systems: systems.iter().copied().map(system).collect(),
    }
}

/// Who holds it, in words.
fn judged(record: Option<&Record>, uuid: Option<&str>, stanzas: &[FoundStanza]) -> String {
    match owner(record, uuid, stanzas, &us()) {
        Owner::Ours { epoch } => format!("ours, epoch {epoch}"),
        Owner::Unclaimed => "unclaimed".to_owned(),
        Owner::Adoptable => "adoptable".to_owned(),
        Owner::Foreign { who } => who.to_string(),
    }
}

#[test]
fn the_record_decides() {
    let ours = record(&format!("{MODEL}/postgresql"), 7_001);
    assert_eq!(
        judged(Some(&ours), None, &[found(OUR_STANZA, &[7_001])]),
        "ours, epoch 3"
    );
    assert_eq!(judged(Some(&ours), None, &[]), "ours, epoch 3");
    assert_eq!(
        judged(
            Some(&ours),
            Some(OTHER_MODEL),
            &[found("db", &[9]), found(OUR_STANZA, &[7_001])]
        ),
        "ours, epoch 3"
    );
}

#[test]
fn a_cluster_restored_from_anothers_backup_does_not_own_that_ones_repository() {
    // Same system identifier, and even the same names, in another model.
    let theirs = record(&format!("{OTHER_MODEL}/postgresql"), 7_001);
    assert_eq!(
        judged(Some(&theirs), None, &[found(OUR_STANZA, &[7_001])]),
        format!("application postgresql of model prod (cluster {OTHER_MODEL}/postgresql)")
    );
    assert_eq!(
        judged(None, Some(OTHER_MODEL), &[found(OUR_STANZA, &[7_001])]),
        format!("a cluster of another model (UUID {OTHER_MODEL})")
    );
}

#[test]
fn a_redeployed_application_does_not_own_what_its_predecessor_left() {
    let predecessor = "another deployment of this application (system identifier 6999)";
    let before = record(&format!("{MODEL}/postgresql"), 6_999);
    assert_eq!(
        judged(Some(&before), None, &[found(OUR_STANZA, &[6_999])]),
        predecessor
    );
    assert_eq!(
        judged(None, Some(MODEL), &[found(OUR_STANZA, &[6_999])]),
        predecessor
    );
    assert_eq!(
        judged(None, None, &[found(OUR_STANZA, &[6_999])]),
        predecessor
    );
}

#[test]
fn a_stanza_that_went_on_to_another_database_is_no_longer_ours() {
    let ours = record(&format!("{MODEL}/postgresql"), 7_001);
    let taken = [found(OUR_STANZA, &[7_001, 7_002])];
    let successor = "another deployment of this application (system identifier 7002)";
    assert_eq!(judged(Some(&ours), None, &taken), successor);
    assert_eq!(judged(None, Some(MODEL), &taken), successor);
}

#[test]
fn what_charmed_postgresql_made_for_this_cluster_is_adoptable_also_after_a_stanza_upgrade() {
    assert_eq!(
        judged(None, Some(MODEL), &[found(OUR_STANZA, &[7_001])]),
        "adoptable"
    );
    assert_eq!(
        judged(
            None,
            Some(&format!("{MODEL}\n")),
            &[found(OUR_STANZA, &[7_001])]
        ),
        "adoptable"
    );
    assert_eq!(
        judged(None, None, &[found(OUR_STANZA, &[6_000, 7_001])]),
        "adoptable"
    );
    assert_eq!(
        judged(
            None,
            None,
            &[found("db", &[9]), found(OUR_STANZA, &[7_001])]
        ),
        "adoptable"
    );
}

#[test]
fn an_empty_repository_is_unclaimed_also_with_our_own_marker() {
    assert_eq!(judged(None, None, &[]), "unclaimed");
    assert_eq!(judged(None, Some(MODEL), &[]), "unclaimed");
}

#[test]
fn stanzas_of_others_make_it_foreign() {
    assert_eq!(
        judged(None, None, &[found("db", &[9])]),
        "the cluster of stanza db"
    );
    assert_eq!(
        judged(
            None,
            Some(MODEL),
            &[found("db", &[9]), found("old.pg", &[])]
        ),
        "the clusters of stanzas db, old.pg"
    );
    assert_eq!(
        judged(None, None, &[found("db", &[7_001])]),
        "the cluster of stanza db"
    );
}

#[test]
fn a_stanza_of_our_name_that_does_not_tell_its_system_identifier_is_not_taken_for_ours() {
    assert_eq!(
        judged(None, None, &[found(OUR_STANZA, &[])]),
        "the cluster of stanza prod.postgresql"
    );
}

#[test]
fn a_record_has_the_documented_keys() {
    let json: serde_json::Value =
        serde_json::from_str(&record(&format!("{MODEL}/postgresql"), 7_001).to_json()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "cluster-id": format!("{MODEL}/postgresql"),
            "system-identifier": "7001",
            "timeline": 1,
            "epoch": 3,
            "model": "prod",
            "application": "postgresql",
            "written-at": "2026-01-01T12:00:00Z",
        })
    );
}

#[test]
fn a_record_that_cannot_be_read_is_an_error_and_not_absent() {
    for text in ["", "{}", "null", "{\"cluster-id\":\"x\"}"] {
        assert!(Record::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_record_reads_back(
        uuid in "[0-9a-f-]{1,36}", application in "[a-z][a-z0-9-]{0,20}", number in 1..=u64::MAX,
        timeline in 1..=u32::MAX, epoch: u64,
        raised_for in proptest::option::of("[0-9TZ]{1,16}"), model in ".{0,20}", second in 0..4_000_000_000_i64,
    ) {
        let record = Record {
            cluster_id: format!("{uuid}/{application}").parse().unwrap(),
            system_identifier: system(number),
            timeline: Timeline::new(timeline).unwrap(),
            epoch,
            raised_for,
            model,
            application,
            written_at: Timestamp::from_second(second).unwrap(),
        };
        prop_assert_eq!(Record::parse(&record.to_json()).unwrap(), record);
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".*") {
        let _ = Record::parse(&text);
    }

    #[test]
    fn nothing_is_ever_ours_without_a_record_that_names_us(
        uuid in proptest::option::of("[a-b]"), systems in proptest::collection::vec(1..4_u64, 0..3), ours: bool,
    ) {
        let us = Us { cluster: "a/pg".parse().unwrap(), system: system(1), stanza: "m.pg".parse().unwrap() };
        let stanzas = [found(if ours { "m.pg" } else { "db" }, &systems)];
        let judged = owner(None, uuid.as_deref(), &stanzas, &us);
        let ours_already = matches!(judged, Owner::Ours { .. });
        prop_assert!(!ours_already);
        if judged == Owner::Adoptable {
            prop_assert!(ours && systems.last() == Some(&1) && uuid.as_deref() != Some("b"));
        }
    }
}
