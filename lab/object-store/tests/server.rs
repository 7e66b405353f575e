//! The real server over TLS, spoken to by a client that knows only S3.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall end where it is"
)]

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_http_client::{Builder, tls};
use lab_object_store::{credentials, tls as server_tls};

/// Tests that have started a server so far.
static COUNTER: AtomicU8 = AtomicU8::new(1);

struct Server {
    dir: tempfile::TempDir,
    listen: SocketAddr,
    process: Child,
}

impl Server {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A loopback address of its own per test and test run.
        let id = std::process::id().to_be_bytes();
        let last = COUNTER.fetch_add(1, Ordering::Relaxed);
        let address = Ipv4Addr::new(127, 1 + id[2] % 250, id[3], last);
        let listen = SocketAddr::from((address, 9000));
        let process = Self::spawn(dir.path(), listen);
        Self {
            dir,
            listen,
            process,
        }
    }

    fn spawn(dir: &Path, listen: SocketAddr) -> Child {
        let process = Command::new(env!("CARGO_BIN_EXE_lab-object-store"))
            .args(["--dir", dir.to_str().unwrap(), "--listen"])
            .arg(listen.to_string())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(listen).is_err() {
            assert!(Instant::now() < end, "the server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        process
    }

    fn kill_and_start_again(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = Self::spawn(self.dir.path(), self.listen);
    }

    fn fault(&self, text: &str) {
        std::fs::write(self.dir.path().join("fault"), text).unwrap();
    }

    fn client(&self) -> Client {
        let keys = credentials::Credentials::load_or_create(self.dir.path()).unwrap();
        self.client_with(&keys.access_key, &keys.secret_key)
    }

    fn client_with(&self, access_key: &str, secret_key: &str) -> Client {
        let ca = std::fs::read(server_tls::ca_path(self.dir.path())).unwrap();
        let context = tls::TlsContext::builder()
            .with_trust_store(tls::TrustStore::empty().with_pem_certificate(ca))
            .build()
            .unwrap();
        let http = Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::Ring,
            ))
            .tls_context(context)
            .build_https();
        Client::from_conf(
            aws_sdk_s3::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(http)
                .credentials_provider(Credentials::from_keys(access_key, secret_key, None))
                .region(Region::new("us-east-1"))
                .endpoint_url(format!("https://{}", self.listen))
                .force_path_style(true)
                .retry_config(RetryConfig::disabled())
                .build(),
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed by its test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn with_bucket(server: &Server) -> Client {
    let client = server.client();
    client
        .create_bucket()
        .bucket("bucket")
        .send()
        .await
        .unwrap();
    client
}

fn bytes(text: &'static [u8]) -> ByteStream {
    ByteStream::from_static(text)
}

async fn text_of(client: &Client, key: &str) -> Vec<u8> {
    let output = client
        .get_object()
        .bucket("bucket")
        .key(key)
        .send()
        .await
        .unwrap();
    output.body.collect().await.unwrap().to_vec()
}

/// The error code of a request that must fail.
macro_rules! code {
    ($request:expr) => {
        $request.send().await.unwrap_err().code().map(str::to_owned)
    };
}

#[tokio::test]
async fn what_was_put_survives_a_kill() {
    let mut server = Server::start();
    let client = with_bucket(&server).await;
    let put = client
        .put_object()
        .bucket("bucket")
        .key("a/b c+ä")
        .body(bytes(b"hello"));
    put.send().await.unwrap();
    server.kill_and_start_again();
    let client = server.client();
    assert_eq!(text_of(&client, "a/b c+ä").await, b"hello");
}

#[tokio::test]
async fn only_the_right_keys_are_let_in() {
    let server = Server::start();
    with_bucket(&server).await;
    let stranger = server.client_with("SOMEBODY", "else");
    assert_eq!(
        code!(stranger.list_objects_v2().bucket("bucket")).as_deref(),
        Some("InvalidAccessKeyId")
    );
    let keys = credentials::Credentials::load_or_create(server.dir.path()).unwrap();
    let impostor = server.client_with(&keys.access_key, "wrong");
    assert_eq!(
        code!(impostor.list_objects_v2().bucket("bucket")).as_deref(),
        Some("SignatureDoesNotMatch")
    );
}

#[tokio::test]
async fn a_large_object_comes_in_parts() {
    let server = Server::start();
    let client = with_bucket(&server).await;
    let upload = client.create_multipart_upload().bucket("bucket").key("big");
    let id = upload.send().await.unwrap().upload_id.unwrap();
    let mut parts = Vec::new();
    for (number, size) in [(1, 5 * 1024 * 1024), (2, 1000)] {
        let part = client
            .upload_part()
            .bucket("bucket")
            .key("big")
            .upload_id(&id)
            .part_number(number)
            .body(ByteStream::from(vec![u8::try_from(number).unwrap(); size]))
            .send()
            .await
            .unwrap();
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .build(),
        );
    }
    client
        .complete_multipart_upload()
        .bucket("bucket")
        .key("big")
        .upload_id(&id)
        .multipart_upload(
            CompletedMultipartUpload::builder()
                .set_parts(Some(parts))
                .build(),
        )
        .send()
        .await
        .unwrap();
    let object = text_of(&client, "big").await;
    assert_eq!(object.len(), 5 * 1024 * 1024 + 1000);
    assert_eq!((object[0], object[5 * 1024 * 1024]), (1, 2));
}

#[tokio::test]
async fn of_two_writers_that_want_to_be_first_the_second_is_told() {
    let server = Server::start();
    let client = with_bucket(&server).await;
    let put = || {
        client
            .put_object()
            .bucket("bucket")
            .key("owner")
            .if_none_match("*")
            .body(bytes(b"mine"))
    };
    put().send().await.unwrap();
    assert_eq!(code!(put()).as_deref(), Some("PreconditionFailed"));
}

#[tokio::test]
async fn an_upload_cut_off_by_a_kill_is_whole_or_not_there() {
    const SIZE: usize = 32 * 1024 * 1024;
    let mut server = Server::start();
    let client = with_bucket(&server).await;
    let body = ByteStream::from(vec![7; SIZE]);
    let put = client.put_object().bucket("bucket").key("big").body(body);
    let sending = tokio::spawn(put.send());
    let incoming = server.dir.path().join("incoming");
    while std::fs::read_dir(&incoming).unwrap().count() == 0 && !sending.is_finished() {
        tokio::task::yield_now().await;
    }
    server.kill_and_start_again();
    // Whether the answer still came is chance; what is there afterwards is not.
    let _ = sending.await.unwrap();
    let head = server.client().head_object().bucket("bucket").key("big");
    match head.send().await {
        Ok(head) => assert_eq!(head.content_length, i64::try_from(SIZE).ok()),
        Err(error) => assert_eq!(error.code(), Some("NotFound")),
    }
    assert_eq!(std::fs::read_dir(&incoming).unwrap().count(), 0);
}

#[tokio::test]
async fn faults_come_and_go() {
    let server = Server::start();
    let client = with_bucket(&server).await;
    let put = || {
        client
            .put_object()
            .bucket("bucket")
            .key("a")
            .body(bytes(b"x"))
    };
    let list = || client.list_objects_v2().bucket("bucket");
    server.fault("refuse writes");
    assert_eq!(code!(put()).as_deref(), Some("SlowDown"));
    list().send().await.unwrap();
    server.fault("deny");
    assert_eq!(code!(list()).as_deref(), Some("AccessDenied"));
    server.fault("drop");
    assert_eq!(code!(list()), None);
    server.fault("");
    put().send().await.unwrap();
}

#[tokio::test]
async fn told_to_end_the_server_ends_in_order() {
    let mut server = Server::start();
    let status = Command::new("kill")
        .arg(server.process.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
}
