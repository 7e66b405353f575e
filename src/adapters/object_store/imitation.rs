//! An object store for tests: behind TLS, one bucket in memory, and the refusals it was told to give.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{AddressStyle, Bucket, Keys};

/// An authority that signs certificates.
pub(super) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// How it answers one kind of request instead of doing it: method, status, code.
pub(super) type Refusal = (&'static str, u16, &'static str);

#[derive(Default)]
struct Contents {
    buckets: Vec<String>,
    objects: BTreeMap<String, Vec<u8>>,
    refusals: Vec<Refusal>,
    requests: Vec<String>,
}

pub(super) struct Imitation {
    ca: String,
    port: u16,
    contents: Arc<Mutex<Contents>>,
}

impl Imitation {
    /// A store with the bucket `backups`, whose certificate is for `localhost`.
    pub(super) fn start() -> Self {
        Self::named("localhost")
    }

    pub(super) fn named(name: &str) -> Self {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(
                    vec![certificate.der().clone()],
                    PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
                )
                .unwrap();
        let (config, contents) = (Arc::new(config), Arc::new(Mutex::new(Contents::default())));
        contents.lock().unwrap().buckets.push("backups".to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = contents.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // Who distrusts us goes away in the middle of the handshake.
                let _ = serve(stream.unwrap(), &config, &served);
            }
        });
        Self {
            ca: authority.pem(),
            port,
            contents,
        }
    }

    pub(super) fn refuse(&self, refusals: &[Refusal]) {
        self.contents.lock().unwrap().refusals.extend(refusals);
    }

    /// The keys of its objects.
    pub(super) fn keys(&self) -> Vec<String> {
        self.contents
            .lock()
            .unwrap()
            .objects
            .keys()
            .cloned()
            .collect()
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.contents.lock().unwrap().requests.clone()
    }

    pub(super) fn bucket(&self, name: &str) -> Bucket {
        Bucket {
            name: name.to_owned(),
            endpoint: format!("https://localhost:{}", self.port),
            region: String::new(),
            style: AddressStyle::Path,
            ca_chain: vec![self.ca.clone()],
            keys: Keys {
                access: "access".to_owned(),
                secret: "secret".into(),
            },
        }
    }
}

fn serve(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    contents: &Mutex<Contents>,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(config.clone()).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let (head, body) = read(&mut stream)?;
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let condition = head.to_ascii_lowercase().contains("if-none-match: *");
    let (status, answer) = contents
        .lock()
        .unwrap()
        .answer(method, target, condition, body);
    let length = answer.len();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&answer)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn read(stream: &mut impl Read) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().unwrap())
        });
        if bytes.len() >= end + 4 + length.unwrap_or(0) {
            return Ok((head, bytes.split_off(end + 4)));
        }
    }
}

impl Contents {
    fn answer(
        &mut self,
        method: &str,
        target: &str,
        if_absent: bool,
        body: Vec<u8>,
    ) -> (u16, Vec<u8>) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        let kind = match (method, key) {
            ("GET", "") => "LIST",
            ("PUT", "") => "CREATE",
            (method, _) => method,
        };
        self.requests.push(format!("{kind} {bucket}/{key}"));
        if let Some((_, status, code)) = self.refusals.iter().find(|it| it.0 == kind) {
            return error(*status, code);
        }
        if kind == "CREATE" {
            self.buckets.push(bucket.to_owned());
            return (200, Vec::new());
        }
        if !self.buckets.iter().any(|known| known == bucket) {
            return error(404, "NoSuchBucket");
        }
        match kind {
            "LIST" => (200, self.list(query)),
            "PUT" if if_absent && self.objects.contains_key(key) => {
                error(412, "PreconditionFailed")
            }
            "PUT" => {
                self.objects.insert(key.to_owned(), body);
                (200, Vec::new())
            }
            "GET" => match self.objects.get(key) {
                Some(content) => (200, content.clone()),
                None => error(404, "NoSuchKey"),
            },
            _ => {
                self.objects.remove(key);
                (204, Vec::new())
            }
        }
    }

    /// One entry a page, so that a listing has to turn pages.
    fn list(&self, query: &str) -> Vec<u8> {
        let value = |name: &str| {
            query
                .split('&')
                .find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
                .map(|it| it.replace("%2F", "/"))
        };
        let prefix = value("prefix").unwrap_or_default();
        let mut entries = Vec::new();
        for (key, content) in self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
        {
            let entry = match key[prefix.len()..].split_once('/') {
                Some((folder, _)) if query.contains("delimiter=") => {
                    format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>")
                }
                _ => format!(
                    "<Contents><Key>{key}</Key><Size>{}</Size></Contents>",
                    content.len()
                ),
            };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        let page: usize = value("continuation-token").map_or(0, |token| token.parse().unwrap());
        let more = page + 1 < entries.len();
        let next = if more {
            format!(
                "<NextContinuationToken>{}</NextContinuationToken>",
                page + 1
            )
        } else {
            String::new()
        };
        let entry = entries.get(page).cloned().unwrap_or_default();
        format!(
            "<ListBucketResult><IsTruncated>{more}</IsTruncated>{next}{entry}</ListBucketResult>"
        )
        .into_bytes()
    }
}

fn error(status: u16, code: &str) -> (u16, Vec<u8>) {
    let body =
        format!("<Error><Code>{code}</Code><Message>the store says {code}</Message></Error>");
    (status, body.into_bytes())
}
