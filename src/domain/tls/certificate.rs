//! A certificate, as far as a decision needs to know it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, SubjectAlternativeName};
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

use crate::domain::words::Timestamp;

/// A certificate that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    /// The public key of whom it is for.
    pub public: Vec<u8>,
    /// The common name of whom it is for.
    pub common_name: Option<String>,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// When it expires.
    pub not_after: Timestamp,
    /// Whether it may be used by servers as well as by clients: members of a cluster are both to each other.
    pub both_ways: bool,
    /// Whether it may vouch for others.
    pub authority: bool,
    /// The addresses it is for, also those that are written as names.
    pub addresses: BTreeSet<IpAddr>,
}

impl Certificate {
    /// Every certificate in a PEM text; what cannot be read is left out.
    pub fn all_in(text: &str) -> Vec<Self> {
        CertificateDer::pem_slice_iter(text.as_bytes())
            .filter_map(|found| Self::read(found.ok()?.as_ref()))
            .collect()
    }

    /// The first certificate in a PEM text.
    pub fn first_in(text: &str) -> Option<Self> {
        Self::all_in(text).into_iter().next()
    }

    fn read(der: &[u8]) -> Option<Self> {
        let (_, found) = X509Certificate::from_der(der).ok()?;
        let names = found.subject_alternative_name().ok().flatten();
        let both_ways = match found.extended_key_usage().ok()? {
            None => true,
            Some(usage) => usage.value.any || (usage.value.server_auth && usage.value.client_auth),
        };
        Some(Self {
            der: der.to_vec(),
            subject: found.subject().as_raw().to_vec(),
            issuer: found.issuer().as_raw().to_vec(),
            public: found.public_key().subject_public_key.data.to_vec(),
            common_name: found
                .subject()
                .iter_common_name()
                .next()
                .and_then(|name| Some(name.as_str().ok()?.to_owned()))
                .filter(|name| !name.is_empty()),
            not_before: moment(found.validity().not_before)?,
            not_after: moment(found.validity().not_after)?,
            both_ways,
            authority: found.is_ca(),
            addresses: names
                .map(|names| addresses(names.value))
                .unwrap_or_default(),
        })
    }

    /// The certificate as PEM, always in the same form.
    pub fn pem(&self) -> String {
        let encoded = STANDARD.encode(&self.der);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        for (position, character) in encoded.chars().enumerate() {
            if position > 0 && position % 64 == 0 {
                pem.push('\n');
            }
            pem.push(character);
        }
        pem.push_str("\n-----END CERTIFICATE-----\n");
        pem
    }

    /// Whether it vouches for itself: the end of every chain.
    pub fn is_root(&self) -> bool {
        self.subject == self.issuer && self.vouches_for(self)
    }

    /// Whether it has signed another.
    pub fn vouches_for(&self, other: &Self) -> bool {
        if other.issuer != self.subject {
            return false;
        }
        let read = |der| Some(X509Certificate::from_der(der).ok()?.1);
        let (Some(signer), Some(certificate)) = (read(&self.der), read(&other.der)) else {
            return false;
        };
        certificate
            .verify_signature(Some(signer.public_key()))
            .is_ok()
    }
}

fn moment(time: ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp()).ok()
}

/// The addresses among alternative names.
fn addresses(names: &SubjectAlternativeName<'_>) -> BTreeSet<IpAddr> {
    let address = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => name.parse().ok(),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let sixteen = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            four.or_else(|_| sixteen()).ok()
        }
        _ => None,
    };
    names.general_names.iter().filter_map(address).collect()
}
