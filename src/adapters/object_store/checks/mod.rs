//! The proof that an object store can hold backups: one question after the other, each with its own answer.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::tls::{self, Distrust};
use super::{Bucket, ObjectStore, ObjectStoreError};
use crate::adapters::host::clock::Deadline;

/// How long one address of a host may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A question to the object store, in the order they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Does the name of the host lead to an address?
    Resolve,
    /// Does it answer, with a certificate we trust?
    Connect,
    /// Does it accept our keys?
    Authenticate,
    /// Is there the bucket, or may we create it?
    Bucket,
    /// May we write?
    Write,
    /// Do we read what we wrote?
    Read,
    /// May we delete?
    Delete,
}

/// The first question with a wrong answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}\nHINT: {hint}")]
pub struct CheckFailure {
    /// The question.
    pub check: Check,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// What was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whether the bucket was created just now.
    pub bucket_created: bool,
}

/// Asks all questions; the probe object is written below `path` and deleted again.
pub fn prove(
    bucket: &Bucket,
    path: &str,
    create_bucket: bool,
    deadline: Deadline,
) -> Result<Proof, CheckFailure> {
    let endpoint = Endpoint::of(bucket).map_err(|error| CheckFailure {
        check: Check::Resolve,
        message: error.to_string(),
        hint: "correct the endpoint in the settings of the object storage".to_owned(),
    })?;
    let addresses = resolve(&endpoint, deadline)?;
    connect(&endpoint, &addresses, &bucket.ca_chain, deadline)?;
    let store = ObjectStore::new(bucket.clone()).map_err(|error| unread(Check::Connect, &error))?;
    let folder = path.trim_matches('/');
    let bucket_created = find_bucket(&store, folder, create_bucket, deadline)?;
    probe(&store, folder, deadline)?;
    Ok(Proof { bucket_created })
}

fn resolve(endpoint: &Endpoint, deadline: Deadline) -> Result<Vec<SocketAddr>, CheckFailure> {
    let failed = |message: String| {
        CheckFailure {
        check: Check::Resolve,
        message,
        hint: "check the endpoint in the settings of the object storage, and the name servers of this machine"
            .to_owned(),
    }
    };
    let (host, port) = (endpoint.host.clone(), endpoint.port);
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // The system's resolver knows no deadline; who waits for it can go away.
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let found = (host.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect::<Vec<_>>);
        let _ = send.send(found);
    });
    let host = &endpoint.host;
    match receive.recv_timeout(deadline.remaining()) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err(failed(format!(
            "the name {host} of the object store leads to no address"
        ))),
        Ok(Err(error)) => Err(failed(format!(
            "the name {host} of the object store leads to no address: {error}"
        ))),
        Err(_) => Err(failed(format!(
            "the name {host} of the object store was not resolved in time"
        ))),
    }
}

fn connect(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    ca_chain: &[String],
    deadline: Deadline,
) -> Result<(), CheckFailure> {
    let (host, port) = (&endpoint.host, endpoint.port);
    let failed = |message: String, hint: &str| CheckFailure {
        check: Check::Connect,
        message,
        hint: hint.to_owned(),
    };
    if !endpoint.tls {
        return Err(failed(
            format!(
                "the endpoint {} is not protected by TLS, and pgBackRest uses no object store that is not",
                endpoint.url
            ),
            "use the https address of the object store; a certificate of your own goes into tls-ca-chain",
        ));
    }
    let mut stream = Err(std::io::ErrorKind::TimedOut.into());
    for address in addresses {
        let left = deadline
            .at_most(CONNECT)
            .remaining()
            .max(Duration::from_millis(1));
        stream = TcpStream::connect_timeout(address, left);
        if stream.is_ok() {
            break;
        }
    }
    let stream = stream.map_err(|error| {
        let hint = "is the object store running, and may this machine reach it?";
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                failed(format!("nothing listens at {host}:{port}"), hint)
            }
            std::io::ErrorKind::TimedOut => failed(format!("{host}:{port} does not answer"), hint),
            _ => failed(format!("{host}:{port} cannot be reached: {error}"), hint),
        }
    })?;
    let shaken = tls::handshake(stream, host, ca_chain, deadline.remaining())
        .map_err(|error| unread(Check::Connect, &error))?;
    shaken.map_err(|distrust| match distrust {
        Distrust::UnknownIssuer if ca_chain.is_empty() => failed(
            format!("the certificate of {host} is not signed by an authority this machine trusts"),
            "give the authority's certificate in tls-ca-chain",
        ),
        Distrust::UnknownIssuer => failed(
            format!("the certificate of {host} is not signed by one of tls-ca-chain"),
            "give the certificate of the authority that signed it in tls-ca-chain",
        ),
        Distrust::OtherName => failed(
            format!("the certificate of {host} is for other names"),
            "use the name in the certificate as the endpoint, or have one issued for this name",
        ),
        Distrust::Expired => failed(
            format!("the certificate of {host} has expired or is not valid yet"),
            "renew it, or correct the clock of this machine",
        ),
        Distrust::NoTls => failed(
            format!("{host}:{port} does not speak TLS"),
            "use the port for https; pgBackRest uses no object store without TLS",
        ),
        Distrust::TimedOut => failed(
            format!("{host}:{port} accepts connections and does not answer"),
            "is it the object store that listens there?",
        ),
        Distrust::Other(why) => failed(
            format!("no TLS connection to {host}:{port}: {why}"),
            "is it the object store that listens there?",
        ),
    })
}

fn unread(check: Check, error: &ObjectStoreError) -> CheckFailure {
    CheckFailure {
        check,
        message: error.to_string(),
        hint: "give certificates in PEM form in tls-ca-chain".to_owned(),
    }
}

/// Whether the bucket was created.
fn find_bucket(
    store: &ObjectStore,
    folder: &str,
    create: bool,
    deadline: Deadline,
) -> Result<bool, CheckFailure> {
    let name = &store.bucket().name;
    match store.look(folder, deadline) {
        Ok(()) => Ok(false),
        Err(ObjectStoreError::NoSuchBucket { .. }) if create => {
            let created = store.create_bucket(deadline);
            created.map(|()| true).map_err(|error| CheckFailure {
                check: Check::Bucket,
                message: format!(
                    "there is no bucket {name}, and it could not be created: {}",
                    words(&error)
                ),
                hint: format!("create the bucket {name}, or give the keys the right to create it"),
            })
        }
        Err(ObjectStoreError::NoSuchBucket { .. }) => Err(CheckFailure {
            check: Check::Bucket,
            message: format!("there is no bucket {name}"),
            hint: format!("create the bucket {name}, or correct its name"),
        }),
        Err(error) => Err(not_listed(store.bucket(), &error)),
    }
}

/// What an object store says when it lists nothing for us: mostly about the keys, sometimes about the bucket.
fn not_listed(bucket: &Bucket, error: &ObjectStoreError) -> CheckFailure {
    let name = &bucket.name;
    let (check, message, hint) = match error.code() {
        Some("InvalidAccessKeyId") => (
            Check::Authenticate,
            "the object store does not know the access key".to_owned(),
            "correct the access key",
        ),
        Some("SignatureDoesNotMatch") => (
            Check::Authenticate,
            "the secret key is not the one that belongs to the access key".to_owned(),
            "correct the secret key",
        ),
        Some(
            "AuthorizationHeaderMalformed"
            | "PermanentRedirect"
            | "IllegalLocationConstraintException",
        ) => (
            Check::Authenticate,
            format!("the bucket {name} is in another region: {}", words(error)),
            "correct the region",
        ),
        Some("RequestTimeTooSkewed") => (
            Check::Authenticate,
            "the clocks of this machine and of the object store differ too much".to_owned(),
            "correct the clock of this machine",
        ),
        Some("ExpiredToken" | "InvalidToken") => (
            Check::Authenticate,
            format!("the keys are not valid any more: {}", words(error)),
            "give other keys",
        ),
        Some("AccessDenied" | "AllAccessDisabled" | "AccountProblem") => (
            Check::Bucket,
            format!("the keys may not list the bucket {name}"),
            "give the keys the right to list, read, write and delete in the bucket, or correct its name",
        ),
        Some("InvalidBucketName") => (
            Check::Bucket,
            format!("{name} is no name for a bucket"),
            "correct its name",
        ),
        // Without a code a 403 comes from stores that explain nothing.
        Some(_)
            if matches!(
                error,
                ObjectStoreError::Answered {
                    status: 401 | 403,
                    ..
                }
            ) =>
        {
            (
                Check::Authenticate,
                format!(
                    "the object store does not accept the keys: {}",
                    words(error)
                ),
                "correct the access key and the secret key",
            )
        }
        _ => (
            Check::Authenticate,
            format!(
                "the object store does not list the bucket {name}: {}",
                words(error)
            ),
            "is the endpoint that of an object store that speaks S3?",
        ),
    };
    CheckFailure {
        check,
        message,
        hint: hint.to_owned(),
    }
}

/// Writes an object, reads it and deletes it.
fn probe(store: &ObjectStore, folder: &str, deadline: Deadline) -> Result<(), CheckFailure> {
    let nonce: u64 = rand::random();
    let slash = if folder.is_empty() { "" } else { "/" };
    let key = format!("{folder}{slash}.postgresql-charm-probe-{nonce:016x}");
    let content = format!("The PostgreSQL charm proves that it may write here. {nonce:016x}\n");
    let name = &store.bucket().name;
    let failed = |check, what: &str, error: &ObjectStoreError, right: &str| CheckFailure {
        check,
        message: format!("{what} in the bucket {name}: {}", words(error)),
        hint: format!("give the keys the right to {right} objects in the bucket"),
    };
    store
        .put(&key, content.as_bytes(), deadline)
        .map_err(|error| {
            failed(
                Check::Write,
                "an object could not be written",
                &error,
                "write",
            )
        })?;
    let read = store.get(&key, deadline);
    // Whatever came of reading: what was written goes.
    let deleted = store.delete(&key, deadline);
    let read =
        read.map_err(|error| failed(Check::Read, "an object could not be read", &error, "read"))?;
    if read.as_deref() != Some(content.as_bytes()) {
        return Err(CheckFailure {
            check: Check::Read,
            message: format!(
                "an object just written to the bucket {name} was not read back as it was"
            ),
            hint: "backups need a store that shows what was written at once".to_owned(),
        });
    }
    deleted.map_err(|error| {
        failed(
            Check::Delete,
            "an object could not be deleted",
            &error,
            "delete",
        )
    })
}

/// What a store said, without our own words around it.
fn words(error: &ObjectStoreError) -> String {
    match error {
        ObjectStoreError::Answered {
            status, code, said, ..
        } => format!("{said} ({status} {code})"),
        ObjectStoreError::Unreachable { why, .. } => format!("it cannot be reached: {why}"),
        ObjectStoreError::TimedOut { .. } => "it did not answer in time".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
