//! Requests that get an error, and options that do not fit.

use juju_charm::Event;
use juju_charm::testing::State;
use rcgen::{CertificateParams, KeyPair, SanType};
use serde_json::json;

use crate::{asking, blocked_with, certificates, csr, leader, list, run};

/// The codes of the errors, and what the first one says.
fn refused(state: &State) -> (Vec<u64>, String) {
    let outcome = run(state, &Event::UpdateStatus);
    assert!(certificates(&outcome).is_empty());
    let errors = list(&outcome, "request_errors");
    let codes = errors
        .iter()
        .map(|item| item["error"]["code"].as_u64().unwrap());
    let message = errors[0]["error"]["message"].as_str().unwrap().to_owned();
    (codes.collect(), message)
}

fn damaged(csr: &str) -> String {
    let mut bytes = pem::parse(csr).unwrap().into_contents();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", bytes))
}

#[test]
fn a_request_that_is_none_is_answered_with_the_protocols_error() {
    let state = leader().with_relation(asking(&["nonsense"]));
    let (codes, message) = refused(&state);
    assert_eq!(codes, [999]);
    assert!(message.starts_with("the request is not PEM"), "{message}");
    let outcome = run(&state, &Event::UpdateStatus);
    let [error] = list(&outcome, "request_errors").try_into().unwrap();
    assert_eq!(error["csr"], "nonsense");
    assert_eq!(error["error"]["name"], "OTHER");
    assert_eq!(error["error"]["endpoint"], "certificates");
}

#[test]
fn who_does_not_have_the_key_gets_no_certificate() {
    let state = leader().with_relation(asking(&[&damaged(&csr("pg.lab"))]));
    let (codes, message) = refused(&state);
    assert_eq!(codes, [999]);
    assert!(
        message.starts_with("the signature of the request does not fit"),
        "{message}"
    );
}

#[test]
fn a_request_that_names_nothing_is_refused() {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let request = params
        .serialize_request(&KeyPair::generate().unwrap())
        .unwrap();
    let state = leader().with_relation(asking(&[&request.pem().unwrap()]));
    assert_eq!(refused(&state).0, [999]);
}

#[test]
fn each_kind_that_an_option_forbids_has_its_code() {
    let mut with_address = CertificateParams::default();
    with_address.subject_alt_names = vec![SanType::IpAddress("10.0.0.1".parse().unwrap())];
    let with_address = with_address
        .serialize_request(&KeyPair::generate().unwrap())
        .unwrap();
    let address = with_address.pem().unwrap();
    for (forbidden, csr, code) in [
        ("ip", &address, 101),
        ("domain", &csr("pg.lab"), 102),
        ("ip, wildcard", &csr("*.pg.lab"), 103),
        ("available", &csr("pg.lab"), 201),
    ] {
        let state = leader()
            .with_config("refuse", forbidden)
            .with_relation(asking(&[csr]));
        assert_eq!(refused(&state).0, [code], "{forbidden}");
    }
}

#[test]
fn an_error_goes_when_its_request_is_answered() {
    let state = leader()
        .with_config("refuse", "available")
        .with_relation(asking(&[&csr("pg.lab")]));
    let mut state = run(&state, &Event::UpdateStatus).state;
    assert!(state.relation(3).local_app.contains_key("request_errors"));
    state.config.remove("refuse");
    let outcome = run(&state, &Event::ConfigChanged);
    assert_eq!(certificates(&outcome).len(), 1);
    assert!(
        !outcome
            .state
            .relation(3)
            .local_app
            .contains_key("request_errors")
    );
}

#[test]
fn a_relation_gets_no_more_certificates_than_the_option_says() {
    let (one, two) = (csr("one"), csr("two"));
    let state = leader()
        .with_config("certificate-limit", 1)
        .with_relation(asking(&[&one, &two]));
    let outcome = run(&state, &Event::UpdateStatus);
    assert_eq!(
        certificates(&outcome)[0]["certificate_signing_request"],
        json!(one)
    );
    let [error] = list(&outcome, "request_errors").try_into().unwrap();
    assert_eq!(error["csr"], json!(two));
}

#[test]
fn every_wrong_option_is_named() {
    let state = leader()
        .with_config("ca-common-name", "")
        .with_config("ca-country-name", "Germany")
        .with_config("root-ca-validity", "100d")
        .with_config("chain-order", "upwards")
        .with_config("refuse", "mail")
        .with_config("transfer-values", "yaml");
    assert_eq!(
        blocked_with(&run(&state, &Event::ConfigChanged)),
        "The following configuration values are not valid: [\"ca-common-name\", \"ca-country-name\", \
         \"certificate-validity\", \"root-ca-validity\", \"chain-order\", \"refuse\", \"transfer-values\"]"
    );
}
