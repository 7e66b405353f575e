//! One page of a listing, as both generations of the operation show it.

use s3s::S3Result;
use s3s::dto::{CommonPrefix, ETag, EncodingType, Object, Timestamp};

use super::Store;
use super::list::{Item, Listing};

const MAX_KEYS: usize = 1000;

/// The objects of a page, and what others have in common.
pub(super) struct Shown {
    pub(super) contents: Vec<Object>,
    pub(super) common_prefixes: Vec<CommonPrefix>,
}

impl Store {
    /// What a listing found, as S3 shows it.
    pub(super) fn show(
        &self,
        bucket: &str,
        listing: &Listing,
        encode: fn(&str) -> String,
    ) -> S3Result<Shown> {
        let mut shown = Shown {
            contents: Vec::new(),
            common_prefixes: Vec::new(),
        };
        for item in &listing.items {
            match item {
                Item::Common(prefix) => shown.common_prefixes.push(CommonPrefix {
                    prefix: Some(encode(prefix)),
                }),
                Item::Object { key, metadata } => {
                    let attributes = self.read_attributes(bucket, key, metadata)?;
                    shown.contents.push(Object {
                        key: Some(encode(key)),
                        size: i64::try_from(metadata.len()).ok(),
                        last_modified: metadata.modified().ok().map(Timestamp::from),
                        e_tag: attributes.map(|attributes| ETag::Strong(attributes.e_tag)),
                        ..Object::default()
                    });
                }
            }
        }
        Ok(shown)
    }
}

/// An empty delimiter is none.
pub(super) fn delimiter(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// How many keys the client wants at most.
pub(super) fn limit(max_keys: Option<i32>) -> usize {
    max_keys.map_or(MAX_KEYS, |keys| {
        usize::try_from(keys).unwrap_or(0).min(MAX_KEYS)
    })
}

/// Where the next page begins, if there is one.
pub(super) fn next(listing: &Listing) -> Option<String> {
    let last = listing.items.last().filter(|_| listing.truncated)?;
    Some(last.name().to_owned())
}

/// How keys are written that XML may not be able to hold.
pub(super) fn encoder(encoding: Option<&EncodingType>) -> fn(&str) -> String {
    match encoding {
        Some(encoding) if encoding.as_str() == EncodingType::URL => percent_encoded,
        _ => str::to_owned,
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/*".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
            encoded.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    encoded
}
