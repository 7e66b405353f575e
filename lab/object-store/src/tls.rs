//! A certificate authority of the store's own, and the server's certificate.
//!
//! The authority is made once, so that clients keep trusting it. The server's certificate is made anew
//! when the store gets another address.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::files;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot read the certificate in {}: {cause}", path.display())]
    Pem { path: PathBuf, cause: String },
    #[error("cannot use the certificate: {0}")]
    Rustls(#[from] tokio_rustls::rustls::Error),
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::Io {
        operation,
        path,
        source,
    }
}

/// The authority's certificate, which clients have to trust.
pub fn ca_path(dir: &Path) -> PathBuf {
    dir.join("tls/ca.pem")
}

/// Makes what is missing, and returns the configuration of a server at `address`.
pub fn server_config(dir: &Path, address: IpAddr) -> Result<Arc<ServerConfig>, TlsError> {
    let tls = dir.join("tls");
    fs::create_dir_all(&tls).map_err(failed("create", &tls))?;
    // The authority's certificate is for everybody; the keys beside it have modes of their own.
    fs::set_permissions(&tls, fs::Permissions::from_mode(0o755)).map_err(failed("open", &tls))?;
    let authority = authority(dir)?;
    let certificate = tls.join("server.pem");
    let key = tls.join("server-key.pem");
    let issued_for = tls.join("server-address");
    let current = files::read(&issued_for).map_err(failed("read", &issued_for))?;
    if current.as_deref() != Some(&address.to_string()) || !certificate.exists() || !key.exists() {
        let (certificate_pem, key_pem) = issue(&authority, address)?;
        files::write(&key, key_pem.as_bytes(), files::SECRET).map_err(failed("write", &key))?;
        files::write(&certificate, certificate_pem.as_bytes(), files::PUBLIC)
            .map_err(failed("write", &certificate))?;
        // Last: it vouches for the two.
        files::write(&issued_for, address.to_string().as_bytes(), files::PUBLIC)
            .map_err(failed("write", &issued_for))?;
    }
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |error: tokio_rustls::rustls::pki_types::pem::Error| TlsError::Pem {
            path,
            cause: error.to_string(),
        }
    };
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(pem(&certificate))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(pem(&key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The authority, read or made. Its certificate follows from its key, so that only the key has to be read.
fn authority(dir: &Path) -> Result<Issuer<'static, KeyPair>, TlsError> {
    let key_path = dir.join("tls/ca-key.pem");
    let stored = files::read(&key_path).map_err(failed("read", &key_path))?;
    let key = if let Some(pem) = stored {
        KeyPair::from_pem(&pem)?
    } else {
        let key = KeyPair::generate()?;
        files::write(&key_path, key.serialize_pem().as_bytes(), files::SECRET)
            .map_err(failed("write", &key_path))?;
        key
    };
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "Object store CA of the lab");
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2044, 1, 1);
    let path = ca_path(dir);
    if !path.exists() {
        let pem = params.self_signed(&key)?.pem();
        files::write(&path, pem.as_bytes(), files::PUBLIC).map_err(failed("write", &path))?;
    }
    Ok(Issuer::new(params, key))
}

/// A server certificate and its key, as PEM.
fn issue(
    authority: &Issuer<'static, KeyPair>,
    address: IpAddr,
) -> Result<(String, String), TlsError> {
    // pgBackRest before 2.48 looks for an address among the DNS names only.
    let text = address.to_string();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::DnsName(text.as_str().try_into()?),
        SanType::IpAddress(address),
    ];
    params.distinguished_name.push(DnType::CommonName, text);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2044, 1, 1);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dir: &Path, name: &str) -> String {
        fs::read_to_string(dir.join("tls").join(name)).unwrap()
    }

    #[test]
    fn the_authority_stays_and_the_certificate_follows_the_address() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let one = "127.1.2.5".parse().unwrap();
        server_config(dir, one).unwrap();
        let (authority, certificate) = (read(dir, "ca.pem"), read(dir, "server.pem"));
        server_config(dir, one).unwrap();
        assert_eq!(read(dir, "server.pem"), certificate);
        server_config(dir, "127.1.2.6".parse().unwrap()).unwrap();
        assert_ne!(read(dir, "server.pem"), certificate);
        assert_eq!(read(dir, "ca.pem"), authority);
    }

    #[test]
    fn keys_are_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        server_config(dir.path(), "127.1.2.5".parse().unwrap()).unwrap();
        for name in ["ca-key.pem", "server-key.pem"] {
            let path = dir.path().join("tls").join(name);
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
