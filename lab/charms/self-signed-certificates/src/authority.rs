//! The authority: its key, its certificate, and what it signs.

use juju_charm::Redacted;
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, SigningKey as _,
};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use crate::der::{self, Extension, ToBeSigned};
use crate::request::Request;
use crate::settings::{Part, Settings, Subject};

/// A certificate authority.
#[derive(Debug)]
pub(crate) struct Authority {
    /// Its certificate, as PEM.
    pub(crate) certificate: String,
    /// Its key, as PEM.
    pub(crate) private_key: Redacted,
    key: KeyPair,
    /// The subject, as DER.
    name: Vec<u8>,
    /// The parts of the subject, each with the number of its type.
    parts: Vec<(String, String)>,
    key_identifier: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Authority {
    /// Makes a new one.
    pub(crate) fn make(settings: &Settings, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished_name(&settings.subject)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
        ];
        params.not_before = now;
        params.not_after = now + settings.root_validity;
        let certificate = armoured("CERTIFICATE", params.self_signed(&key)?.der());
        Self::read(&certificate, &Redacted::new(key.serialize_pem()))
            .map_err(rcgen::Error::PemError)
    }

    /// Reads one that was made before.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(crate) fn read(certificate: &str, private_key: &Redacted) -> Result<Self, String> {
        let key = KeyPair::from_pem(private_key.expose()).map_err(|e| format!("its key: {e}"))?;
        let pem = pem::parse(certificate).map_err(|e| format!("its certificate: {e}"))?;
        let (_, parsed) = X509Certificate::from_der(pem.contents())
            .map_err(|e| format!("its certificate: {e}"))?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.der_bytes() {
            return Err("its key is not the one in its certificate".to_owned());
        }
        let text = |value: &x509_parser::x509::AttributeTypeAndValue<'_>| {
            let text = value.as_str().unwrap_or_default().to_owned();
            (value.attr_type().to_id_string(), text)
        };
        let identifier = parsed.extensions().iter().find_map(|extension| {
            if let ParsedExtension::SubjectKeyIdentifier(identifier) = extension.parsed_extension()
            {
                Some(identifier.0.to_vec())
            } else {
                None
            }
        });
        Ok(Self {
            certificate: certificate.trim().to_owned(),
            private_key: private_key.clone(),
            name: parsed.subject().as_raw().to_vec(),
            parts: parsed.subject().iter_attributes().map(text).collect(),
            key_identifier: identifier.unwrap_or_else(|| key_identifier(key.der_bytes())),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            key,
        })
    }

    /// Whether it is the one that the options describe.
    pub(crate) fn fits(&self, settings: &Settings) -> bool {
        let wanted = settings
            .subject
            .iter()
            .map(|(part, text)| (part.number(), text.as_str()));
        let have = self
            .parts
            .iter()
            .map(|(number, text)| (number.as_str(), text.as_str()));
        wanted.eq(have) && self.not_after - self.not_before == settings.root_validity
    }

    /// From when on it would not outlive what it signs.
    pub(crate) fn renew_at(&self, settings: &Settings) -> OffsetDateTime {
        self.not_before + settings.signing_time()
    }

    /// Signs what a request asks for. The certificate, as PEM.
    pub(crate) fn sign(
        &self,
        request: &Request,
        is_ca: bool,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Result<String, rcgen::Error> {
        let identifier = key_identifier(&request.key_bits);
        let ours = |oid: [u8; 3], critical, value| Extension {
            oid: oid.to_vec(),
            critical,
            value,
        };
        let mut extensions = vec![
            ours(
                der::AUTHORITY_KEY,
                false,
                der::authority_key(&self.key_identifier),
            ),
            ours(der::SUBJECT_KEY, false, der::subject_key(&identifier)),
            ours(der::BASIC_CONSTRAINTS, true, der::basic_constraints(is_ca)),
        ];
        extensions.extend(request.extensions.iter().cloned());
        if is_ca && !extensions.iter().any(|known| known.oid == der::KEY_USAGE) {
            extensions.push(ours(der::KEY_USAGE, true, der::authority_usage()));
        }
        let mut serial: [u8; 16] = rand::random();
        // A positive number without leading zeros.
        serial[0] = serial[0] & 0x7f | 0x40;
        let signed = ToBeSigned {
            serial,
            issuer: &self.name,
            not_before: now,
            not_after: (now + settings.validity).min(self.not_after),
            subject: &request.subject,
            public_key: &request.public_key,
            extensions: &extensions,
        }
        .encode();
        let signature = self.key.sign(&signed)?;
        Ok(armoured(
            "CERTIFICATE",
            &der::certificate(&signed, &signature),
        ))
    }
}

impl Part {
    /// The number of its type.
    fn number(self) -> &'static str {
        match self {
            Self::CommonName => "2.5.4.3",
            Self::Organization => "2.5.4.10",
            Self::OrganizationalUnit => "2.5.4.11",
            Self::EmailAddress => "1.2.840.113549.1.9.1",
            Self::Country => "2.5.4.6",
            Self::State => "2.5.4.8",
            Self::Locality => "2.5.4.7",
        }
    }
}

fn distinguished_name(subject: &Subject) -> Result<DistinguishedName, rcgen::Error> {
    let mut name = DistinguishedName::new();
    for (part, text) in subject {
        let plain = DnValue::Utf8String(text.clone());
        let (kind, value) = match part {
            Part::CommonName => (DnType::CommonName, plain),
            Part::Organization => (DnType::OrganizationName, plain),
            Part::OrganizationalUnit => (DnType::OrganizationalUnitName, plain),
            Part::EmailAddress => {
                let email = Ia5String::try_from(text.as_str())?;
                let number = vec![1, 2, 840, 113_549, 1, 9, 1];
                (DnType::CustomDnType(number), DnValue::Ia5String(email))
            }
            Part::Country => {
                let country = PrintableString::try_from(text.as_str())?;
                (DnType::CountryName, DnValue::PrintableString(country))
            }
            Part::State => (DnType::StateOrProvinceName, plain),
            Part::Locality => (DnType::LocalityName, plain),
        };
        name.push(kind, value);
    }
    Ok(name)
}

/// RFC 7093: the first 160 bits of the SHA-256 of the key.
fn key_identifier(key_bits: &[u8]) -> Vec<u8> {
    digest(&SHA256, key_bits).as_ref()[..20].to_vec()
}

/// PEM as the protocol has it: no line break at the end.
fn armoured(tag: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), config)
        .trim_end()
        .to_owned()
}
