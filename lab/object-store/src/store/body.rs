//! Receiving a body into a file of its own, with every digest that the client asks to be compared.

use std::fs;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{ChecksumAlgorithm, StreamingBlob};
use s3s::{S3ErrorCode, S3Result, TrailingHeaders, s3_error};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::attributes::Checksums;
use super::refusal::refused;
use super::{Store, fresh_id, internal};

const BUFFER: usize = 256 * 1024;

/// A file in `incoming`, removed unless it was put in place.
#[derive(Debug)]
pub(super) struct Incoming {
    path: PathBuf,
}

impl Incoming {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            path: store.incoming().join(fresh_id()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // In place, it is not here any more; otherwise the next start removes it at the latest.
        let _ = fs::remove_file(&self.path);
    }
}

/// What the client says the body is.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) md5_base64: Option<String>,
    pub(super) length: Option<i64>,
    pub(super) checksums: Checksums,
    pub(super) algorithm: Option<ChecksumAlgorithm>,
    /// Checksums that come after the body.
    pub(super) trailers: Option<TrailingHeaders>,
}

/// What the input of an operation that brings a body says of it: the types differ, the fields do not.
macro_rules! expected {
    ($input:ident, $trailers:expr) => {
        Expected {
            md5_base64: $input.content_md5,
            length: $input.content_length,
            checksums: Checksums {
                crc32: $input.checksum_crc32,
                crc32c: $input.checksum_crc32c,
                crc64nvme: $input.checksum_crc64nvme,
                sha1: $input.checksum_sha1,
                sha256: $input.checksum_sha256,
            },
            algorithm: $input.checksum_algorithm,
            trailers: $trailers,
        }
    };
}
pub(super) use expected;

/// A body that is complete and what it should be.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) file: Incoming,
    pub(super) md5: [u8; 16],
    pub(super) size: u64,
    pub(super) checksums: Checksums,
}

impl Store {
    pub(super) async fn receive(
        &self,
        body: Option<StreamingBlob>,
        expected: Expected,
    ) -> S3Result<Received> {
        let file = Incoming::new(self);
        let target = tokio::fs::File::create(file.path())
            .await
            .map_err(internal)?;
        let mut writer = BufWriter::with_capacity(BUFFER, target);
        let mut md5 = Md5::new();
        let mut hasher = hasher(&expected)?;
        let mut size: u64 = 0;
        let mut body = body;
        while let Some(chunk) = match &mut body {
            Some(body) => body.next().await,
            None => None,
        } {
            let chunk =
                chunk.map_err(|error| s3_error!(std::io::Error::other(error), IncompleteBody))?;
            md5.update(&chunk);
            hasher.update(&chunk);
            writer.write_all(&chunk).await.map_err(internal)?;
            size += chunk.len() as u64;
        }
        writer.flush().await.map_err(internal)?;
        let length = expected
            .length
            .and_then(|length| u64::try_from(length).ok());
        if length.is_some_and(|length| length != size) {
            return Err(refused(S3ErrorCode::IncompleteBody));
        }
        let md5: [u8; 16] = md5.finalize();
        if let Some(wanted) = &expected.md5_base64
            && *wanted != base64(&md5)
        {
            return Err(refused(S3ErrorCode::BadDigest));
        }
        let checksums = Checksums::from(hasher.finalize());
        compare(&checksums, &expected)?;
        Ok(Received {
            file,
            md5,
            size,
            checksums,
        })
    }
}

fn hasher(expected: &Expected) -> S3Result<ChecksumHasher> {
    let named = expected.algorithm.as_ref().map(ChecksumAlgorithm::as_str);
    let given = &expected.checksums;
    let wants = |value: &Option<String>, name: &str| value.is_some() || named == Some(name);
    let hasher = ChecksumHasher {
        crc32: wants(&given.crc32, ChecksumAlgorithm::CRC32).then(Crc32::new),
        crc32c: wants(&given.crc32c, ChecksumAlgorithm::CRC32C).then(Crc32c::new),
        crc64nvme: wants(&given.crc64nvme, ChecksumAlgorithm::CRC64NVME).then(Crc64Nvme::new),
        sha1: wants(&given.sha1, ChecksumAlgorithm::SHA1).then(Sha1::new),
        sha256: wants(&given.sha256, ChecksumAlgorithm::SHA256).then(Sha256::new),
    };
    match named {
        None
        | Some(
            ChecksumAlgorithm::CRC32
            | ChecksumAlgorithm::CRC32C
            | ChecksumAlgorithm::CRC64NVME
            | ChecksumAlgorithm::SHA1
            | ChecksumAlgorithm::SHA256,
        ) => Ok(hasher),
        Some(_) => Err(s3_error!(
            InvalidRequest,
            "This checksum algorithm is not known."
        )),
    }
}

/// Compares computed checksums with those in the headers and those that came after the body.
fn compare(computed: &Checksums, expected: &Expected) -> S3Result<()> {
    let trailers = expected.trailers.as_ref().and_then(TrailingHeaders::take);
    let trailer = |name: &str| {
        let value = trailers.as_ref()?.get(format!("x-amz-checksum-{name}"))?;
        value.to_str().ok().map(str::to_owned)
    };
    let given = &expected.checksums;
    for (name, computed, given) in [
        ("crc32", &computed.crc32, &given.crc32),
        ("crc32c", &computed.crc32c, &given.crc32c),
        ("crc64nvme", &computed.crc64nvme, &given.crc64nvme),
        ("sha1", &computed.sha1, &given.sha1),
        ("sha256", &computed.sha256, &given.sha256),
    ] {
        let Some(computed) = computed else { continue };
        let given = given.clone().or_else(|| trailer(name));
        if given.is_some_and(|given| given != *computed) {
            return Err(s3_error!(BadDigest, "The {name} checksum does not match."));
        }
    }
    Ok(())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes(group);
        for position in 0..4 {
            if position > chunk.len() {
                text.push('=');
            } else {
                let index = (number >> (18 - 6 * position)) & 0x3f;
                text.push(char::from(ALPHABET[index as usize]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_as_clients_write_them() {
        assert_eq!(base64(b""), "");
        assert_eq!(base64(b"f"), "Zg==");
        assert_eq!(base64(b"fo"), "Zm8=");
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
    }
}
