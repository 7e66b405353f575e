//! The relation `certificates` at Juju's boundary, and what the loop makes of it.

use juju_charm::testing::{Outcome, Relation, Scenario, State};
use juju_charm::{Event, Juju, RelationId};
use postgresql_charm::adapters::requests;
use postgresql_charm::domain::observed::TlsView;
use postgresql_charm::domain::tls::standing::Again;
use postgresql_charm::domain::tls::{Material, Names, PrivateKey};
use postgresql_charm::juju::certificates;
use postgresql_charm::reconcile::reconcile;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::model::Model;

const NOW: &str = "2026-02-01T00:00:00Z";

fn scenario() -> Scenario {
    let file = |name: &str| {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    Scenario::parse(&file("metadata.yaml"), "", &file("actions.yaml"))
}

fn world() -> State {
    State::new("postgresql/0").with_relation(Relation::new("certificates:3", "ca"))
}

fn names() -> Names {
    let member = "postgresql-0".parse().unwrap();
    Names::of(&member, "10.0.0.1".parse().unwrap(), None)
}

/// Runs this as a hook.
fn hook(state: &State, charm: impl Fn(&Juju) -> Result<(), juju_charm::ToolError>) -> Outcome {
    let outcome = scenario().run(state, &Event::UpdateStatus, |_: &Event, juju: &Juju| {
        charm(juju)
    });
    assert!(outcome.succeeded);
    outcome
}

fn view(state: &State) -> TlsView {
    let seen = std::cell::RefCell::new(None);
    hook(state, |juju| {
        *seen.borrow_mut() = Some(certificates::read(juju, false, NOW.parse().unwrap())?);
        Ok(())
    });
    seen.into_inner().unwrap()
}

fn ask(state: &State, key: &PrivateKey, request: &str) -> State {
    let outcome = hook(state, |juju| {
        let relation: RelationId = "certificates:3".parse().unwrap();
        certificates::send(juju, &relation, key, request, NOW.parse().unwrap())
    });
    outcome.state
}

/// A provider's answer to a request, for a hundred days from the beginning of the year.
fn answer(request: &str, key: &PrivateKey) -> serde_json::Value {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(["10.0.0.1".to_owned()]).unwrap();
    leaf.not_before = rcgen::date_time_ymd(2026, 1, 1);
    leaf.not_after = rcgen::date_time_ymd(2026, 4, 11);
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.pem().expose().as_bytes()).unwrap();
    let pair = KeyPair::try_from(&der).unwrap();
    let leaf = leaf.signed_by(&pair, &ca).unwrap().pem();
    serde_json::json!({
        "certificate_signing_request": request, "certificate": leaf, "ca": ca.pem(), "chain": [leaf, ca.pem()],
    })
}

fn provide(mut state: State, key: &str, value: &serde_json::Value) -> State {
    let bag = &mut state.relations[0].remote_app_data;
    bag.insert(key.to_owned(), value.to_string());
    state
}

#[test]
fn a_request_goes_into_the_units_bag_and_its_key_into_a_secret_of_the_unit_alone() {
    let key = requests::private_key().unwrap();
    let request = requests::request(&key, &names(), 1).unwrap();
    let state = ask(&world(), &key, &request);
    let bag = &state.relation(3).local_unit;
    let sent: serde_json::Value =
        serde_json::from_str(&bag["certificate_signing_requests"]).unwrap();
    assert_eq!(
        sent,
        serde_json::json!([{ "certificate_signing_request": request, "ca": false }])
    );
    assert!(!format!("{bag:?}").contains("PRIVATE KEY"));
    let [secret] = state.secrets.as_slice() else {
        panic!("there is one secret")
    };
    assert_eq!(
        secret.label.as_deref(),
        Some("database-peers.postgresql.unit")
    );
    let view = view(&state);
    assert_eq!(view.asked_for, Some(names()));
    assert_eq!(
        view.waiting.as_deref(),
        Some("waiting for the provider's certificate")
    );
}

#[test]
fn the_providers_certificate_is_found_by_the_text_of_the_request_with_other_line_breaks_too() {
    let key = requests::private_key().unwrap();
    let request = requests::request(&key, &names(), 1).unwrap();
    let other = requests::request(&key, &names(), 2).unwrap();
    let asked = ask(&world(), &key, &request);
    let ours = answer(&request.replace('\n', "\r\n"), &key);
    let of_others = answer(&other, &key);
    let state = provide(
        asked.clone(),
        "certificates",
        &serde_json::json!([7, of_others, ours]),
    );
    let found = view(&state);
    assert!(found.fresh && found.material.is_some(), "{found:?}");
    let state = provide(
        asked.clone(),
        "certificates",
        &serde_json::json!([of_others]),
    );
    assert_eq!(view(&state).material, None);

    let mut revoked = ours.clone();
    revoked["revoked"] = true.into();
    let state = provide(asked.clone(), "certificates", &serde_json::json!([revoked]));
    assert_eq!(view(&state).again, Some(Again::Revoked));
    let state = provide(asked, "certificates", &serde_json::json!([revoked, ours]));
    assert_eq!(view(&state).again, None);
}

#[test]
fn what_was_kept_serves_while_the_provider_has_not_answered_the_next_request() {
    let key = requests::private_key().unwrap();
    let request = requests::request(&key, &names(), 1).unwrap();
    let state = ask(&world(), &key, &request);
    let given = serde_json::json!([answer(&request, &key)]);
    let state = provide(state, "certificates", &given);
    let material: Material = view(&state).material.unwrap();
    let state = hook(&state, |juju| certificates::keep_material(juju, &material)).state;
    assert!(!view(&state).fresh);
    let next = requests::request(&key, &names(), 2).unwrap();
    let state = provide(
        ask(&state, &key, &next),
        "certificates",
        &serde_json::json!([]),
    );
    assert_eq!(view(&state).material, Some(material));

    // Another relation begins anew, with the same key.
    let mut anew = state;
    anew.relations = vec![Relation::new("certificates:3", "other-ca")];
    let seen = view(&anew);
    assert_eq!(
        (seen.related, seen.material, seen.asked_for),
        (true, None, None)
    );
    let anew = ask(&anew, &key, &next);
    assert_eq!(view(&anew).material, None);
}

#[test]
fn an_error_of_the_provider_is_shown_with_its_reason() {
    let key = requests::private_key().unwrap();
    let request = requests::request(&key, &names(), 1).unwrap();
    let errors = serde_json::json!([{ "csr": request, "error": {
        "code": 101, "name": "ip_not_allowed", "message": "no IP addresses", "reason": "10.0.0.1",
    }}]);
    let state = provide(ask(&world(), &key, &request), "request_errors", &errors);
    assert_eq!(
        view(&state).problem.as_deref(),
        Some("the provider issues no certificate: no IP addresses (10.0.0.1)")
    );
}

#[test]
fn a_bag_that_is_no_json_is_no_certificate() {
    let key = requests::private_key().unwrap();
    let request = requests::request(&key, &names(), 1).unwrap();
    let mut state = ask(&world(), &key, &request);
    let bag = &mut state.relations[0].remote_app_data;
    bag.insert("certificates".into(), "[{".into());
    assert!(view(&state).waiting.is_some());
}

fn related() -> Model {
    let mut model = Model::primary();
    model.seen.juju.tls.related = true;
    model.performed.clear();
    model
}

/// What one dispatch does.
fn dispatch(model: &mut Model) -> Vec<String> {
    reconcile(model).unwrap();
    std::mem::take(&mut model.performed)
}

#[test]
fn a_unit_asks_once_in_a_dispatch_for_what_it_is_called() {
    let mut model = related();
    assert_eq!(dispatch(&mut model), ["ask for a certificate for 10.0.0.1"]);
}

#[test]
fn a_unit_that_is_called_otherwise_now_asks_again() {
    let mut model = related();
    let names = |address: &str| {
        let member = "postgresql-0".parse().unwrap();
        Some(Names::of(&member, address.parse().unwrap(), Some("juju-0")))
    };
    model.seen.juju.tls.asked_for = names("10.0.0.1");
    assert!(dispatch(&mut model).is_empty());
    model.seen.juju.tls.asked_for = names("10.0.0.9");
    assert_eq!(dispatch(&mut model), ["ask for a certificate for 10.0.0.1"]);
    model.end_well();
    model.seen.juju.tls.asked_for = names("10.0.0.1");
    model.seen.juju.tls.again = Some(Again::Renewal);
    assert_eq!(dispatch(&mut model), ["ask for a certificate for 10.0.0.1"]);
}
