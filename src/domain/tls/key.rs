//! A private key, checked once where it enters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PublicKeyData as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};

use super::der;
use crate::domain::words::Secret;

/// A private key that PostgreSQL, Patroni, etcd and pgBackRest can all use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateKey {
    pem: Secret,
    public: Vec<u8>,
    fingerprint: String,
}

/// The kinds of keys that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA of 2048 to 4096 bits.
    Rsa,
    /// ECDSA on the curve P-256.
    P256,
    /// ECDSA on the curve P-384.
    P384,
}

/// Why a text is not taken for a private key. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing in it looks like a key.
    #[error("the private key is not in PEM form")]
    NotPem,
    /// A password protects it.
    #[error("the private key is protected by a password")]
    Encrypted,
    /// It says it is a key, and cannot be read as one.
    #[error("the private key cannot be read, or is of a kind that is not supported")]
    Unsupported,
}

impl Refusal {
    /// The way out.
    pub fn hint(self) -> &'static str {
        match self {
            Self::NotPem => {
                "give the text that begins with -----BEGIN PRIVATE KEY-----, as it is or in base64; leave the parameter \
                 out to have a key made"
            }
            Self::Encrypted => "take the password off: openssl pkey -in key.pem -out plain.pem",
            Self::Unsupported => {
                "give an ECDSA key on the curve P-256 or P-384, or an RSA key of 2048 to 4096 bits; leave the parameter \
                 out to have a key made"
            }
        }
    }
}

impl PrivateKey {
    /// Reads a key in PEM (PKCS #8, PKCS #1 or SEC 1), or in PEM that was encoded in base64 again.
    ///
    /// # Errors
    ///
    /// A text that is no usable private key.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.starts_with("-----BEGIN") {
            return Self::from_pem(text);
        }
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let decoded = STANDARD.decode(compact).map_err(|_| Refusal::NotPem)?;
        let decoded = String::from_utf8(decoded).map_err(|_| Refusal::NotPem)?;
        Self::from_pem(&decoded)
    }

    fn from_pem(text: &str) -> Result<Self, Refusal> {
        if !text.contains("PRIVATE KEY-----") {
            return Err(Refusal::NotPem);
        }
        if text.contains("ENCRYPTED") {
            return Err(Refusal::Encrypted);
        }
        let section = section(text).ok_or(Refusal::Unsupported)?;
        let key =
            PrivateKeyDer::from_pem_slice(section.as_bytes()).map_err(|_| Refusal::Unsupported)?;
        let key = match key {
            PrivateKeyDer::Pkcs8(key) => pair(key.secret_pkcs8_der().to_vec()),
            PrivateKeyDer::Pkcs1(key) => pair(der::pkcs8(Algorithm::Rsa, key.secret_pkcs1_der())),
            PrivateKeyDer::Sec1(key) => [Algorithm::P256, Algorithm::P384]
                .into_iter()
                .find_map(|curve| pair(der::pkcs8(curve, key.secret_sec1_der()))),
            _ => None,
        };
        key.as_ref().map(Self::of).ok_or(Refusal::Unsupported)
    }

    /// A key that was made here.
    pub fn of(pair: &KeyPair) -> Self {
        Self {
            pem: Secret::new(pair.serialize_pem()),
            public: pair.der_bytes().to_vec(),
            fingerprint: format!("{:x}", Sha256::digest(pair.subject_public_key_info())),
        }
    }

    /// The key as PKCS #8 in PEM.
    pub fn pem(&self) -> &Secret {
        &self.pem
    }

    /// The public half, as certificates hold it.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// SHA-256 of the public half, in hexadecimal: what `openssl pkey -pubout -outform DER | sha256sum` prints.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// The section of a PEM text that holds the key, with a line break where there has to be one: `juju run` reads values as
/// YAML, which makes spaces of line breaks.
fn section(text: &str) -> Option<String> {
    let sections = text.split("-----BEGIN ").skip(1);
    let keys = sections
        .filter_map(|section| section.split_once("-----"))
        .find(|(label, _)| label.ends_with("PRIVATE KEY"));
    let (label, rest) = keys?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: Vec<&str> = body.split_whitespace().collect();
    let body = body.join("\n");
    Some(format!(
        "-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"
    ))
}

fn pair(pkcs8: Vec<u8>) -> Option<KeyPair> {
    let pair = KeyPair::try_from(&PrivatePkcs8KeyDer::from(pkcs8)).ok()?;
    // Not every program and driver that has to accept it knows the others.
    let known = [
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
    ];
    known.contains(&pair.algorithm()).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA_1: &str = include_str!("recorded/rsa-pkcs1.pem");
    const RSA_8: &str = include_str!("recorded/rsa-pkcs8.pem");
    const EC_SEC1: &str = include_str!("recorded/p256-sec1.pem");
    const EC_8: &str = include_str!("recorded/p256-pkcs8.pem");
    const P384: &str = include_str!("recorded/p384-sec1.pem");

    #[test]
    fn the_forms_of_one_key_are_one_key() {
        let public = |text| PrivateKey::parse(text).unwrap().public().to_vec();
        assert_eq!(public(RSA_1), public(RSA_8));
        assert_eq!(public(EC_SEC1), public(EC_8));
        let key = PrivateKey::parse(EC_8).unwrap();
        assert_eq!(key.pem().expose().trim(), EC_8.trim());
        assert!(PrivateKey::parse(RSA_1).unwrap().public().len() > 256);
        PrivateKey::parse(P384).unwrap();
    }

    #[test]
    fn a_key_may_be_encoded_once_more_with_line_breaks() {
        let mut encoded = STANDARD.encode(EC_8);
        encoded.insert(60, '\n');
        assert_eq!(PrivateKey::parse(&encoded), PrivateKey::parse(EC_8));
    }

    #[test]
    fn a_key_on_a_command_line_has_spaces_for_line_breaks() {
        for text in [RSA_1, RSA_8, EC_SEC1, EC_8] {
            let folded = text.trim().replace('\n', " ");
            assert_eq!(PrivateKey::parse(&folded), PrivateKey::parse(text));
            PrivateKey::parse(&folded).unwrap();
        }
    }

    #[test]
    fn the_fingerprint_is_openssls() {
        let key = PrivateKey::parse(EC_8).unwrap();
        let expected = include_str!("recorded/p256.sha256");
        assert_eq!(key.fingerprint(), expected.trim());
    }

    #[test]
    fn what_is_no_usable_key_is_refused_with_the_reason() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        let broken = EC_8.replacen("MIGH", "AAAA", 1);
        for (text, refusal) in [
            ("", Refusal::NotPem),
            ("hello", Refusal::NotPem),
            ("aGVsbG8=", Refusal::NotPem),
            (certificate, Refusal::NotPem),
            (broken.as_str(), Refusal::Unsupported),
            (include_str!("recorded/rsa-1024.pem"), Refusal::Unsupported),
            (include_str!("recorded/ed25519.pem"), Refusal::Unsupported),
            (include_str!("recorded/encrypted.pem"), Refusal::Encrypted),
            (
                include_str!("recorded/encrypted-pkcs1.pem"),
                Refusal::Encrypted,
            ),
        ] {
            assert_eq!(PrivateKey::parse(text), Err(refusal), "{text}");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let shown = format!("{:?}", PrivateKey::parse(EC_8).unwrap());
        let body = EC_8.lines().nth(1).unwrap();
        assert!(!shown.contains(body) && shown.contains("[redacted]"));
    }
}
