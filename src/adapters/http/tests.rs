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
        Err(Unanswered::Refused)
    ));
}

#[test]
fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let deadline = Deadline::after(Duration::from_millis(200));
    assert!(matches!(get(port, deadline), Err(Unanswered::TimedOut)));
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
