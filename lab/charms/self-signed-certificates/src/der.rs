//! A certificate as DER: subject, key and extensions go from the request into it as they are.

use time::OffsetDateTime;
use yasna::models::{GeneralizedTime, ObjectIdentifier, UTCTime};
use yasna::{DERWriter, Tag};

/// An extension of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extension {
    /// The content of its object identifier.
    pub(crate) oid: Vec<u8>,
    /// Whether who does not know it must refuse the certificate.
    pub(crate) critical: bool,
    /// What it says, as DER.
    pub(crate) value: Vec<u8>,
}

/// The content of the object identifiers 2.5.29.*.
pub(crate) const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 19];
pub(crate) const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 15];
pub(crate) const SUBJECT_KEY: [u8; 3] = [0x55, 0x1d, 14];
pub(crate) const AUTHORITY_KEY: [u8; 3] = [0x55, 0x1d, 35];

/// What is signed.
pub(crate) struct ToBeSigned<'a> {
    pub(crate) serial: [u8; 16],
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: &'a [u8],
    pub(crate) extensions: &'a [Extension],
}

impl ToBeSigned<'_> {
    /// The part of a certificate that the signature is about.
    pub(crate) fn encode(&self) -> Vec<u8> {
        yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                // Version 3.
                writer
                    .next()
                    .write_tagged(Tag::context(0), |writer| writer.write_u8(2));
                writer.next().write_bigint_bytes(&self.serial, true);
                write_algorithm(writer.next());
                writer.next().write_der(self.issuer);
                writer.next().write_sequence(|writer| {
                    write_time(writer.next(), self.not_before);
                    write_time(writer.next(), self.not_after);
                });
                writer.next().write_der(self.subject);
                writer.next().write_der(self.public_key);
                writer.next().write_tagged(Tag::context(3), |writer| {
                    writer.write_sequence(|writer| {
                        for extension in self.extensions {
                            write_extension(writer.next(), extension);
                        }
                    });
                });
            });
        })
    }
}

/// The whole certificate.
pub(crate) fn certificate(signed: &[u8], signature: &[u8]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(signed);
            write_algorithm(writer.next());
            writer
                .next()
                .write_bitvec_bytes(signature, signature.len() * 8);
        });
    })
}

/// ECDSA with SHA-256, which is how the authority's key signs.
fn write_algorithm(writer: DERWriter<'_>) {
    writer.write_sequence(|writer| {
        let oid = ObjectIdentifier::from_slice(&[1, 2, 840, 10045, 4, 3, 2]);
        writer.next().write_oid(&oid);
    });
}

/// RFC 5280: the short form up to 2049.
fn write_time(writer: DERWriter<'_>, time: OffsetDateTime) {
    if (1950..2050).contains(&time.year()) {
        writer.write_utctime(&UTCTime::from_datetime(time));
    } else {
        writer.write_generalized_time(&GeneralizedTime::from_datetime(time));
    }
}

fn write_extension(writer: DERWriter<'_>, extension: &Extension) {
    writer.write_sequence(|writer| {
        writer.next().write_tagged_implicit(
            Tag {
                tag_class: yasna::TagClass::Universal,
                tag_number: 6,
            },
            |writer| {
                writer.write_bytes(&extension.oid);
            },
        );
        if extension.critical {
            writer.next().write_bool(true);
        }
        writer.next().write_bytes(&extension.value);
    });
}

/// `CA:TRUE` or nothing.
pub(crate) fn basic_constraints(is_ca: bool) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            if is_ca {
                writer.next().write_bool(true);
            }
        });
    })
}

/// The key usages of an authority: signing certificates and lists of revoked ones.
pub(crate) fn authority_usage() -> Vec<u8> {
    yasna::construct_der(|writer| writer.write_bitvec_bytes(&[0b0000_0110], 7))
}

/// The identifier of a key, as it stands in the certificate of that key.
pub(crate) fn subject_key(identifier: &[u8]) -> Vec<u8> {
    yasna::construct_der(|writer| writer.write_bytes(identifier))
}

/// The identifier of the key that signed.
pub(crate) fn authority_key(identifier: &[u8]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            let tag = Tag::context(0);
            writer
                .next()
                .write_tagged_implicit(tag, |writer| writer.write_bytes(identifier));
        });
    })
}
