//! A private key with the certificate that belongs to it, and those who vouch for it.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use crate::domain::words::{Secret, Timestamp};

/// What a unit proves itself with: proved to belong together, and not expired when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// The private key, PKCS #8 in PEM.
    pub key: Secret,
    /// The unit's own certificate, PEM.
    pub certificate: String,
    /// Certificates between the unit's and the root, PEM, the issuer of the unit's first. Neither end is among them.
    pub chain: Vec<String>,
    /// The root: the authority that is trusted, PEM.
    pub ca: String,
    /// When the unit's certificate expires.
    pub not_after: Timestamp,
}

impl Material {
    /// The unit's certificate and the chain, as servers send them: one PEM text, the unit's first.
    pub fn presented(&self) -> String {
        bundle(std::iter::once(&self.certificate).chain(&self.chain))
    }

    /// SHA-256 of the unit's certificate, in hexadecimal; tells one certificate from another.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// SHA-256 of the root, in hexadecimal.
    pub fn ca_fingerprint(&self) -> String {
        fingerprint(&self.ca)
    }
}

/// PEM texts as one, each ending in a line break.
pub fn bundle<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let mut bundle = String::new();
    for text in texts {
        bundle.push_str(text.trim());
        bundle.push('\n');
    }
    bundle
}

/// SHA-256 of a certificate in its binary form, in hexadecimal: other line breaks make no other certificate.
pub fn fingerprint(pem: &str) -> String {
    let digest = match CertificateDer::from_pem_slice(pem.as_bytes()) {
        Ok(certificate) => Sha256::digest(&certificate),
        Err(_) => Sha256::digest(pem.trim()),
    };
    format!("{digest:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn material(certificate: &str) -> Material {
        Material {
            key: Secret::new("hidden-key"),
            certificate: certificate.to_owned(),
            chain: vec!["issuer\n\n".to_owned()],
            ca: "root".to_owned(),
            not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_units_certificate_is_presented_before_its_issuers() {
        assert_eq!(material("leaf").presented(), "leaf\nissuer\n");
    }

    #[test]
    fn a_fingerprint_is_of_the_certificate_and_not_of_its_text() {
        let unix = "-----BEGIN CERTIFICATE-----\nAAECAwQF\n-----END CERTIFICATE-----\n";
        let dos = unix.replace('\n', "\r\n");
        let six_bytes = "17e88db187afd62c16e5debf3e6527cd006bc012bc90b51a810cd80c2d511f43";
        assert_eq!(material(unix).fingerprint(), six_bytes);
        assert_eq!(material(&dos).fingerprint(), six_bytes);
        assert_ne!(material(unix).ca_fingerprint(), six_bytes);
    }

    #[test]
    fn debug_does_not_show_the_key() {
        assert!(!format!("{:?}", material("leaf")).contains("hidden"));
    }
}
