//! The bucket over the wire, before a server that answers what it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use juju_charm::Redacted;
use s3_integrator::Keys;
use s3_integrator::bucket::{Bucket, ensure};

/// Answers one request after the other with these statuses; returns what was asked.
fn served(
    answers: &'static [&'static str],
    ask: impl FnOnce(&Bucket) -> Result<(), String>,
) -> (Result<(), String>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            asked.push(lines.next().unwrap().unwrap());
            let headers: Vec<String> = lines
                .map(Result::unwrap)
                .take_while(|line| !line.is_empty())
                .collect();
            assert!(
                headers
                    .iter()
                    .any(|line| line.starts_with("authorization: AWS4-HMAC-SHA256"))
            );
            let rest = "content-length: 0\r\nconnection: close\r\n\r\n";
            stream
                .write_all(format!("HTTP/1.1 {answer}\r\n{rest}").as_bytes())
                .unwrap();
        }
        asked
    });
    let bucket = Bucket {
        name: "pgbackups".to_owned(),
        endpoint: Some(endpoint),
        region: None,
        path_style: true,
        ca_chain: Vec::new(),
        keys: Keys {
            access_key: "AKLAB".to_owned(),
            secret_key: Redacted::new("s3cr3t"),
        },
    };
    (ask(&bucket), server.join().unwrap())
}

#[test]
fn a_bucket_that_is_there_is_left_alone() {
    let (outcome, asked) = served(&["200 OK"], ensure);
    assert_eq!(outcome, Ok(()));
    assert_eq!(asked, ["HEAD /pgbackups/ HTTP/1.1"]);
}

#[test]
fn a_bucket_that_is_missing_is_made() {
    let (outcome, asked) = served(&["404 Not Found", "200 OK"], ensure);
    assert_eq!(outcome, Ok(()));
    assert_eq!(asked[1], "PUT /pgbackups/ HTTP/1.1");
}

#[test]
fn a_refusal_is_told_in_a_sentence() {
    let (outcome, asked) = served(&["403 Forbidden"], ensure);
    assert_eq!(
        outcome.unwrap_err(),
        "cannot use bucket pgbackups: the object store answered with status 403"
    );
    assert_eq!(asked.len(), 1, "nothing is made where it may exist");
}

#[test]
fn a_store_that_is_not_there_is_told_in_a_sentence() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (outcome, _) = served(&[], |bucket| {
        ensure(&Bucket {
            endpoint: Some(format!("http://{closed}")),
            ..bucket.clone()
        })
    });
    let why = outcome.unwrap_err();
    assert!(
        why.starts_with("cannot use bucket pgbackups: dispatch failure: "),
        "{why}"
    );
    assert!(why.contains("Connection refused"), "{why}");
}
