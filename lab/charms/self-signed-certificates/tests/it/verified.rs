//! What openssl says about the certificates.

use std::path::Path;
use std::process::Command;

use juju_charm::Event;
use juju_charm::testing::{Relation, State};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{ca_of, certificates, leader, run, text};

/// A subject as requirers send it, with two units and the unique identifier that keeps requests apart.
const SUBJECT: &str = "/CN=10.1.2.3/O=Lab/OU=one/OU=two/x500UniqueIdentifier=5f1c2b0a";
const NAMES: &str =
    "subjectAltName=DNS:pg-0,DNS:10.1.2.3,IP:10.1.2.3,IP:fd00::1,email:dba@lab,RID:1.2.3.4";

fn openssl(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(at)
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A request made by openssl for a key of this kind.
fn request(at: &Path, key: &[&str], extensions: &[&str]) -> String {
    let mut arguments = vec![
        "req",
        "-new",
        "-nodes",
        "-keyout",
        "key.pem",
        "-out",
        "request.pem",
        "-subj",
        SUBJECT,
    ];
    arguments.extend(["-addext", NAMES]);
    arguments.extend(
        extensions
            .iter()
            .flat_map(|extension| ["-addext", extension]),
    );
    arguments.extend(key);
    openssl(at, &arguments);
    std::fs::read_to_string(at.join("request.pem")).unwrap()
}

/// Has the request signed; certificate and authority lie in files.
fn signed(state: State, at: &Path, csr: &str, ca: bool) -> State {
    let bag = json!([{"certificate_signing_request": csr, "ca": ca}]).to_string();
    let relation = Relation::new("certificates:3", "postgresql")
        .with_unit(0, [("certificate_signing_requests", bag.as_str())]);
    let outcome = run(&state.with_relation(relation), &Event::UpdateStatus);
    let [item] = certificates(&outcome)
        .try_into()
        .unwrap_or_else(|items: Vec<Value>| panic!("{items:?} {:?}", outcome.log));
    std::fs::write(at.join("certificate.pem"), text(&item, "certificate")).unwrap();
    std::fs::write(at.join("ca.pem"), ca_of(&outcome.state)).unwrap();
    outcome.state
}

fn verify(at: &Path, arguments: &[&str]) -> String {
    // Within the validity: the tests take place at a time of their own.
    let mut all = vec![
        "verify",
        "-x509_strict",
        "-attime",
        "1800000000",
        "-CAfile",
        "ca.pem",
    ];
    all.extend(arguments);
    all.push("certificate.pem");
    openssl(at, &all)
}

fn shown(at: &Path, what: &[&str]) -> String {
    let mut arguments = vec!["x509", "-in", "certificate.pem", "-noout"];
    arguments.extend(what);
    openssl(at, &arguments)
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn openssl_verifies_certificates_for_keys_of_all_usual_kinds() {
    for key in [
        ["-newkey", "rsa:2048"].as_slice(),
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
        &["-newkey", "ed25519"],
    ] {
        let dir = directory();
        let csr = request(dir.path(), key, &[]);
        signed(leader(), dir.path(), csr.trim(), false);
        let names = ["-verify_hostname", "pg-0", "-verify_ip", "10.1.2.3"];
        assert_eq!(
            verify(dir.path(), &names),
            "certificate.pem: OK\n",
            "{key:?}"
        );
        let key_of = |arguments: &[&str]| openssl(dir.path(), arguments);
        assert_eq!(
            key_of(&["x509", "-in", "certificate.pem", "-noout", "-pubkey"]),
            key_of(&["pkey", "-in", "key.pem", "-pubout"])
        );
    }
}

#[test]
fn subject_names_and_usages_are_those_of_the_request() {
    let dir = directory();
    let usages = [
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
    ];
    let csr = request(
        dir.path(),
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        &usages,
    );
    signed(leader(), dir.path(), &csr, false);
    let subject = |tool| {
        openssl(
            dir.path(),
            &[
                tool,
                "-in",
                if tool == "req" {
                    "request.pem"
                } else {
                    "certificate.pem"
                },
                "-noout",
                "-subject",
            ],
        )
    };
    assert_eq!(subject("x509"), subject("req"));
    let names = shown(
        dir.path(),
        &[
            "-ext",
            "subjectAltName,keyUsage,extendedKeyUsage,basicConstraints",
        ],
    );
    let lines: Vec<&str> = names.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "X509v3 Basic Constraints: critical",
            "CA:FALSE",
            "X509v3 Subject Alternative Name:",
            "DNS:pg-0, DNS:10.1.2.3, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:1, email:dba@lab, \
             Registered ID:1.2.3.4",
            "X509v3 Key Usage: critical",
            "Digital Signature",
            "X509v3 Extended Key Usage:",
            "TLS Web Server Authentication, TLS Web Client Authentication",
        ]
    );
    assert_eq!(
        verify(dir.path(), &["-purpose", "sslserver"]),
        "certificate.pem: OK\n"
    );
}

#[test]
fn an_authority_below_this_one_may_sign() {
    let dir = directory();
    let csr = request(dir.path(), &["-newkey", "rsa:2048"], &[]);
    signed(leader(), dir.path(), &csr, true);
    assert_eq!(
        verify(dir.path(), &["-purpose", "crlsign"]),
        "certificate.pem: OK\n"
    );
    let constraints = shown(dir.path(), &["-ext", "basicConstraints,keyUsage"]);
    assert!(constraints.contains("CA:TRUE"), "{constraints}");
    assert!(
        constraints.contains("Certificate Sign, CRL Sign"),
        "{constraints}"
    );
}

#[test]
fn certificates_last_as_long_as_the_option_says() {
    let dir = directory();
    let csr = request(dir.path(), &["-newkey", "ed25519"], &[]);
    let state = leader()
        .with_config("certificate-validity", "20s")
        .with_config("root-ca-validity", "1m");
    signed(state, dir.path(), &csr, false);
    assert_eq!(
        shown(dir.path(), &["-dates"]),
        "notBefore=Jan 15 08:00:00 2027 GMT\nnotAfter=Jan 15 08:00:20 2027 GMT\n"
    );
}

#[test]
fn dates_beyond_2049_are_written_in_the_long_form() {
    let dir = directory();
    let csr = request(dir.path(), &["-newkey", "ed25519"], &[]);
    let state = leader()
        .with_config("certificate-validity", "9000d")
        .with_config("root-ca-validity", "18000d");
    signed(state, dir.path(), &csr, false);
    assert_eq!(
        shown(dir.path(), &["-enddate"]),
        "notAfter=Sep  6 08:00:00 2051 GMT\n"
    );
    assert_eq!(verify(dir.path(), &[]), "certificate.pem: OK\n");
}
