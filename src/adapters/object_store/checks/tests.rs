use super::*;
use crate::adapters::object_store::imitation::{Imitation, Refusal, authority};

fn soon() -> Deadline {
    Deadline::seconds(30)
}

/// What is said of a store that refuses like this.
fn refused(refusals: &[Refusal]) -> (Check, String) {
    let store = Imitation::start();
    store.refuse(refusals);
    let failure = prove(&store.bucket("backups"), "/r", true, soon()).unwrap_err();
    (failure.check, failure.message)
}

fn failed(bucket: &Bucket) -> (Check, String) {
    let failure = prove(bucket, "r", true, soon()).unwrap_err();
    assert!(!failure.hint.is_empty());
    (failure.check, failure.message)
}

fn says(check: Check, message: &str) -> (Check, String) {
    (check, message.to_owned())
}

#[test]
fn a_store_that_does_everything_is_proved_and_left_as_it_was() {
    let store = Imitation::start();
    let proof = prove(&store.bucket("backups"), "/r/", true, soon()).unwrap();
    assert_eq!(
        proof,
        Proof {
            bucket_created: false
        }
    );
    assert_eq!(store.keys(), [""; 0]);
    let kinds: Vec<_> = store
        .requests()
        .iter()
        .map(|it| it.split('-').next().unwrap().to_owned())
        .collect();
    let probe = "backups/r/.postgresql";
    assert_eq!(
        kinds,
        [
            "LIST backups/".to_owned(),
            format!("PUT {probe}"),
            format!("GET {probe}"),
            format!("DELETE {probe}")
        ]
    );
}

#[test]
fn a_missing_bucket_is_created_where_that_is_allowed() {
    let store = Imitation::start();
    let proof = prove(&store.bucket("new"), "", true, soon()).unwrap();
    assert_eq!(
        proof,
        Proof {
            bucket_created: true
        }
    );
    let failure = prove(&store.bucket("newer"), "", false, soon()).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "there is no bucket newer\nHINT: create the bucket newer, or correct its name"
    );
}

#[test]
fn each_refusal_has_its_place_and_its_words() {
    for (kind, status, code, check, message) in [
        (
            "LIST",
            403,
            "InvalidAccessKeyId",
            Check::Authenticate,
            "the object store does not know the access key",
        ),
        (
            "LIST",
            403,
            "SignatureDoesNotMatch",
            Check::Authenticate,
            "the secret key is not the one that belongs to the access key",
        ),
        (
            "LIST",
            400,
            "AuthorizationHeaderMalformed",
            Check::Authenticate,
            "the bucket backups is in another region: the store says AuthorizationHeaderMalformed \
             (400 AuthorizationHeaderMalformed)",
        ),
        (
            "LIST",
            403,
            "RequestTimeTooSkewed",
            Check::Authenticate,
            "the clocks of this machine and of the object store differ too much",
        ),
        (
            "LIST",
            403,
            "AccessDenied",
            Check::Bucket,
            "the keys may not list the bucket backups",
        ),
        (
            "LIST",
            403,
            "Whatever",
            Check::Authenticate,
            "the object store does not accept the keys: the store says Whatever (403 Whatever)",
        ),
        (
            "PUT",
            403,
            "AccessDenied",
            Check::Write,
            "an object could not be written in the bucket backups: the store says AccessDenied \
             (403 AccessDenied)",
        ),
        (
            "GET",
            403,
            "AccessDenied",
            Check::Read,
            "an object could not be read in the bucket backups: the store says AccessDenied \
             (403 AccessDenied)",
        ),
        (
            "GET",
            404,
            "NoSuchKey",
            Check::Read,
            "an object just written to the bucket backups was not read back as it was",
        ),
        (
            "DELETE",
            403,
            "AccessDenied",
            Check::Delete,
            "an object could not be deleted in the bucket backups: the store says AccessDenied \
             (403 AccessDenied)",
        ),
    ] {
        assert_eq!(
            refused(&[(kind, status, code)]),
            says(check, message),
            "{kind} {code}"
        );
    }
}

#[test]
fn a_bucket_that_is_missing_and_may_not_be_created() {
    let refusals = [
        ("LIST", 404, "NoSuchBucket"),
        ("CREATE", 403, "AccessDenied"),
    ];
    assert_eq!(
        refused(&refusals),
        says(
            Check::Bucket,
            "there is no bucket backups, and it could not be created: the store says AccessDenied \
             (403 AccessDenied)"
        )
    );
}

#[test]
fn a_name_that_leads_nowhere() {
    let bucket = Bucket {
        endpoint: "https://store.invalid".to_owned(),
        ..Imitation::start().bucket("backups")
    };
    let (check, message) = failed(&bucket);
    assert_eq!(check, Check::Resolve);
    assert!(
        message.starts_with("the name store.invalid of the object store leads to no address"),
        "{message}"
    );
}

#[test]
fn an_endpoint_that_is_no_url() {
    let bucket = Bucket {
        endpoint: "ftp://x".to_owned(),
        ..Imitation::start().bucket("backups")
    };
    assert_eq!(
        failed(&bucket),
        says(
            Check::Resolve,
            "the endpoint \"ftp://x\" is not a URL such as https://s3.example.net"
        )
    );
}

#[test]
fn a_port_where_nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let bucket = Bucket {
        endpoint: format!("https://127.0.0.1:{port}"),
        ..Imitation::start().bucket("backups")
    };
    assert_eq!(
        failed(&bucket),
        says(
            Check::Connect,
            &format!("nothing listens at 127.0.0.1:{port}")
        )
    );
}

#[test]
fn a_store_without_tls_is_refused_before_anything_is_sent() {
    let bucket = Bucket {
        endpoint: "http://localhost:1".to_owned(),
        ..Imitation::start().bucket("backups")
    };
    assert_eq!(
        failed(&bucket),
        says(
            Check::Connect,
            "the endpoint http://localhost:1 is not protected by TLS, and pgBackRest uses no object \
             store that is not"
        )
    );
}

#[test]
fn a_certificate_of_another_authority() {
    let store = Imitation::start();
    let others = Bucket {
        ca_chain: vec![authority().pem()],
        ..store.bucket("backups")
    };
    let message = "the certificate of localhost is not signed by one of tls-ca-chain";
    assert_eq!(failed(&others), says(Check::Connect, message));
    assert_eq!(store.requests(), [""; 0]);
}

#[test]
fn a_chain_of_several_authorities_in_one_text() {
    let store = Imitation::start();
    let bucket = store.bucket("backups");
    let both = Bucket {
        ca_chain: vec![format!("{}{}", authority().pem(), bucket.ca_chain[0])],
        ..bucket
    };
    prove(&both, "", false, soon()).unwrap();
}

#[test]
fn a_certificate_for_another_name() {
    let store = Imitation::named("elsewhere.test");
    let message = "the certificate of localhost is for other names";
    assert_eq!(
        failed(&store.bucket("backups")),
        says(Check::Connect, message)
    );
}

#[test]
fn a_chain_that_is_no_certificate() {
    let bucket = Bucket {
        ca_chain: vec!["nonsense".to_owned()],
        ..Imitation::start().bucket("backups")
    };
    assert_eq!(
        failed(&bucket),
        says(
            Check::Connect,
            "the certificates for the object store cannot be read: certificate 1 is no PEM text"
        )
    );
}
