//! Private keys and requests for certificates, made with the operating system's randomness.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, KeyPair,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::domain::tls::{Names, PrivateKey};

/// `x500UniqueIdentifier`: makes two requests for the same names two requests, as other charms do it.
const UNIQUE_IDENTIFIER: [u64; 4] = [2, 5, 4, 45];

/// Why a key or a request could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The operating system gives no randomness.
    #[error("cannot make a private key")]
    Key(#[source] rcgen::Error),
    /// The key that is kept cannot be read.
    #[error("the private key that is kept cannot be read")]
    Unreadable,
    /// A name does not fit, or signing fails.
    #[error("cannot make a request for a certificate")]
    Request(#[source] rcgen::Error),
}

/// A new private key: ECDSA on P-256, which every program here takes and which costs servers least.
///
/// # Errors
///
/// When there is no randomness.
pub fn private_key() -> Result<PrivateKey, RequestError> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(RequestError::Key)?;
    Ok(PrivateKey::of(&pair))
}

/// A request for a certificate, in PEM, that differs from every other one.
///
/// # Errors
///
/// When the key cannot be used, or a name does not fit.
pub fn request(key: &PrivateKey, names: &Names, unique: u128) -> Result<String, RequestError> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.pem().expose().as_bytes())
        .map_err(|_| RequestError::Unreadable)?;
    let pair = KeyPair::try_from(&der).map_err(|_| RequestError::Unreadable)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, names.address.to_string());
    subject.push(
        DnType::CustomDnType(UNIQUE_IDENTIFIER.to_vec()),
        DnValue::Utf8String(identifier(unique)),
    );
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params
        .subject_alt_names
        .push(SanType::IpAddress(names.address));
    for name in &names.names {
        let name = name.as_str().try_into().map_err(RequestError::Request)?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let request = params
        .serialize_request(&pair)
        .map_err(RequestError::Request)?;
    let pem = request.pem().map_err(RequestError::Request)?;
    Ok(pem.trim().to_owned())
}

/// A random number in the form of a UUID.
fn identifier(random: u128) -> String {
    let digits = format!("{random:032x}");
    let mut text = String::with_capacity(36);
    for (position, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&position) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tls::request::Request;

    fn names() -> Names {
        Names::of(
            &"postgresql-0".parse().unwrap(),
            "10.0.0.1".parse().unwrap(),
            Some("juju-5d4c3b-0"),
        )
    }

    #[test]
    fn a_request_asks_for_what_it_was_made_for_and_is_signed_with_the_key() {
        let key = private_key().unwrap();
        let text = request(&key, &names(), 1).unwrap();
        let read = Request::read(&text).unwrap();
        assert_eq!(read.names, names());
        assert_eq!(read.public, key.public());
    }

    #[test]
    fn two_requests_for_the_same_are_different_also_with_a_key_that_signs_the_same_way_each_time() {
        let rsa = include_str!("../../domain/tls/recorded/rsa-pkcs1.pem");
        let key = PrivateKey::parse(rsa).unwrap();
        assert_eq!(
            request(&key, &names(), 7).unwrap(),
            request(&key, &names(), 7).unwrap()
        );
        assert_ne!(
            request(&key, &names(), 7).unwrap(),
            request(&key, &names(), 8).unwrap()
        );
    }

    #[test]
    fn an_identifier_looks_like_other_charms() {
        assert_eq!(identifier(1), "00000000-0000-0000-0000-000000000001");
    }
}
