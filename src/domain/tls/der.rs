//! As much of DER as it takes to put a private key of one form into another.

use super::key::Algorithm;

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
/// The number 0: the version of PKCS #8.
const VERSION: &[u8] = &[0x02, 0x01, 0x00];
/// What follows in an algorithm that takes no parameters.
const NULL: &[u8] = &[0x05, 0x00];
const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];
const ELLIPTIC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

/// A key in the form of its algorithm (PKCS #1 or SEC 1) as PKCS #8.
pub(super) fn pkcs8(algorithm: Algorithm, key: &[u8]) -> Vec<u8> {
    let (family, parameters) = match algorithm {
        Algorithm::Rsa => (RSA, NULL),
        Algorithm::P256 => (ELLIPTIC, P256),
        Algorithm::P384 => (ELLIPTIC, P384),
    };
    let identifier = wrapped(SEQUENCE, &[family, parameters].concat());
    let key = wrapped(OCTETS, key);
    wrapped(SEQUENCE, &[VERSION, &identifier, &key].concat())
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = length.iter().skip_while(|byte| **byte == 0).copied();
    let digits: Vec<u8> = digits.collect();
    let mut wrapped = vec![tag];
    match (content.len(), u8::try_from(digits.len())) {
        (short @ 0..=127, _) => wrapped.extend(u8::try_from(short)),
        (_, Ok(count)) => {
            wrapped.push(0x80 | count);
            wrapped.extend(digits);
        }
        // A length has at most eight digits.
        (_, Err(_)) => {}
    }
    wrapped.extend_from_slice(content);
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_as_many_bytes_as_they_need() {
        assert_eq!(wrapped(OCTETS, &[]), [4, 0]);
        assert_eq!(wrapped(OCTETS, &[7; 127])[..2], [4, 127]);
        assert_eq!(wrapped(OCTETS, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(wrapped(OCTETS, &[7; 300])[..4], [4, 0x82, 1, 44]);
    }
}
