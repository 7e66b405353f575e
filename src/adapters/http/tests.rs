use std::net::TcpListener;
use std::time::Duration;

use super::scripted::Scripted;
use super::*;

fn get(port: u16, deadline: Deadline) -> Result<Answer, Unanswered> {
    Server::at("127.0.0.1", &Ports::plain(port)).send(Method::Get, "/x", None, None, deadline)
}

#[test]
fn an_answer_is_one_whatever_its_status() {
    let server = Scripted::answers(&[(503, "busy")]);
    let answer = get(server.port, Deadline::seconds(20)).unwrap();
    assert_eq!((answer.status, answer.said().as_str()), (503, "busy"));
    assert_eq!(server.requests(), ["GET /x"]);
}

#[test]
fn a_redirect_is_not_followed() {
    let server = Scripted::answers(&[(302, "elsewhere")]);
    assert_eq!(get(server.port, Deadline::seconds(20)).unwrap().status, 302);
}

#[test]
fn a_closed_port_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(
        get(port, Deadline::seconds(20)),
        Err(Unanswered::Refused { .. })
    ));
}

#[test]
fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let deadline = Deadline::after(Duration::from_millis(200));
    assert!(matches!(
        get(port, deadline),
        Err(Unanswered::TimedOut { .. })
    ));
}

#[test]
fn a_password_travels_as_basic_authorization_and_stays_out_of_debug() {
    let server = Scripted::answers(&[(200, "")]);
    let authorization = Authorization::Basic {
        user: "patroni".to_owned(),
        password: "se:cret".into(),
    };
    Server::at("127.0.0.1", &Ports::plain(server.port))
        .send(
            Method::Patch,
            "/config",
            Some(&authorization),
            Some(b"{}"),
            Deadline::seconds(20),
        )
        .unwrap();
    assert_eq!(
        server.requests(),
        ["[Basic cGF0cm9uaTpzZTpjcmV0] PATCH /config {}"]
    );
    assert!(!format!("{authorization:?}").contains("se:cret"));
}

/// A server over TLS at 127.0.0.1 that answers one request; its port, and who vouches for it.
fn secure() -> (u16, Trust) {
    use std::io::{Read as _, Write as _};
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![certificate.der().clone()],
        rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    )
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        if stream.read(&mut [0; 1024]).is_ok() {
            let answer = b"HTTP/1.1 200 X\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret";
            stream.write_all(answer).unwrap();
        }
    });
    (port, Trust::of(&authority.pem()).unwrap())
}

fn ask(ports: &Ports) -> Result<String, Unanswered> {
    let server = Server::at("127.0.0.1", ports);
    let answer = server.send(Method::Get, "/x", None, None, Deadline::seconds(20));
    answer.map(|answer| answer.said())
}

#[test]
fn an_address_is_found_in_the_certificate_of_a_server_that_is_vouched_for() {
    let (port, trust) = secure();
    let ports = Ports {
        plain: None,
        tls: Some((port, trust)),
    };
    assert_eq!(ask(&ports).unwrap(), "secret");
}

#[test]
fn a_server_that_another_vouches_for_hears_nothing() {
    let ((port, _), (_, trust)) = (secure(), secure());
    let ports = Ports {
        plain: None,
        tls: Some((port, trust)),
    };
    assert!(matches!(ask(&ports), Err(Unanswered::Unreachable { .. })));
}

#[test]
fn a_server_that_does_not_speak_tls_yet_is_asked_without() {
    let (_, trust) = secure();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap().port();
    drop(listener);
    let server = Scripted::answers(&[(200, "plain")]);
    let ports = Ports {
        plain: Some(server.port),
        tls: Some((closed, trust)),
    };
    assert_eq!(ask(&ports).unwrap(), "plain");
}

#[test]
fn an_ipv6_address_is_bracketed() {
    assert_eq!(
        Server::at("fd00::1", &Ports::plain(8008)).address(),
        "[fd00::1]:8008"
    );
    assert_eq!(
        Server::at("10.0.0.1", &Ports::plain(8008)).address(),
        "10.0.0.1:8008"
    );
}
