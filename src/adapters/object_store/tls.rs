//! Whom we trust, and a handshake that says why not.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore};

use super::ObjectStoreError;

/// Why a server was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// Nobody we trust signed its certificate.
    UnknownIssuer,
    /// Its certificate is for other names.
    OtherName,
    /// Its certificate has expired, or is not valid yet.
    Expired,
    /// It does not speak TLS.
    NoTls,
    /// It did not answer in time.
    TimedOut,
    /// Something else.
    Other(String),
}

/// The certificates in PEM texts, each proved to be one; an error names the text.
pub(super) fn certificates(
    texts: &[String],
) -> Result<Vec<CertificateDer<'static>>, ObjectStoreError> {
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let number = index + 1;
        let wrong = |why: &str| ObjectStoreError::Certificates {
            why: format!("certificate {number} {why}"),
        };
        let found: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("is no PEM text"))?;
        if found.is_empty() {
            return Err(wrong("is no PEM text"));
        }
        for certificate in found {
            store
                .add(certificate.clone())
                .map_err(|_| wrong("is no certificate"))?;
            certificates.push(certificate);
        }
    }
    Ok(certificates)
}

/// The authorities of the machine, when none are given.
fn roots(texts: &[String]) -> Result<RootCertStore, ObjectStoreError> {
    let mut store = RootCertStore::empty();
    if texts.is_empty() {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            let why =
                "the machine has none of its own (package ca-certificates) and none were given";
            return Err(ObjectStoreError::Certificates {
                why: why.to_owned(),
            });
        }
    } else {
        store.add_parsable_certificates(certificates(texts)?);
    }
    Ok(store)
}

/// Shakes hands over a connection.
pub(super) fn handshake(
    mut stream: TcpStream,
    host: &str,
    ca_chain: &[String],
    at_most: Duration,
) -> Result<Result<(), Distrust>, ObjectStoreError> {
    let roots = roots(ca_chain)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map(|config| config.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from(host.to_owned());
    let (Ok(config), Ok(name)) = (config, name) else {
        return Ok(Err(Distrust::Other(format!(
            "{host} cannot be the name of a server"
        ))));
    };
    let at_most = at_most.max(Duration::from_millis(1));
    let shaken = stream
        .set_read_timeout(Some(at_most))
        .and_then(|()| stream.set_write_timeout(Some(at_most)))
        .and_then(|()| {
            let mut connection =
                ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
            while connection.is_handshaking() {
                connection.complete_io(&mut stream)?;
            }
            Ok(())
        });
    Ok(shaken.map_err(|error| distrust(&error)))
}

fn distrust(error: &io::Error) -> Distrust {
    use rustls::Error as Tls;
    if matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    ) {
        return Distrust::TimedOut;
    }
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Tls>());
    match inner {
        Some(Tls::InvalidCertificate(error)) => match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Distrust::UnknownIssuer
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Distrust::OtherName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Distrust::Expired,
            other => Distrust::Other(other.to_string()),
        },
        Some(Tls::InvalidMessage(_)) => Distrust::NoTls,
        Some(other) => Distrust::Other(other.to_string()),
        None => Distrust::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_holds_no_certificate_is_named_by_its_place() {
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, why) in [
            ("", "is no PEM text"),
            ("hello", "is no PEM text"),
            (empty, "is no certificate"),
        ] {
            let error = certificates(&[text.to_owned()]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "the certificates for the object store cannot be read: certificate 1 {why}"
                )
            );
        }
    }

    #[test]
    fn a_server_that_speaks_no_tls_is_told_from_one_that_is_not_trusted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let serve = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .unwrap();
        });
        let shaken = handshake(
            stream,
            "localhost",
            &[crate::adapters::object_store::imitation::authority().pem()],
            Duration::from_secs(20),
        )
        .unwrap();
        assert_eq!(shaken, Err(Distrust::NoTls));
        serve.join().unwrap();
    }
}
