//! The relation `s3-parameters`: both generations of the protocol, in one value.
//!
//! The first generation sends keys in plain text after the leader wrote `bucket`; the second sends a secret after the
//! leader wrote `requested-secrets`. Which one speaks is told by `lib-version` in its bag.

use juju_charm::{
    Bag, Databag, Juju, RelationId, SecretContent, SecretId, SecretRevision, ToolError,
};

use super::databag;
use crate::domain::observed::{ObjectStorage, ObjectStore};
use crate::domain::words::Secret;

/// Our own label for the integrator's secret, so that `secret-changed` can be told apart.
const LABEL: &str = "s3-parameters.credentials";
/// What AWS answers at when no endpoint is given.
const AWS: &str = "https://s3.amazonaws.com";

/// Reads the relation, and asks for what the other side needs to be asked for.
///
/// # Errors
///
/// When Juju refuses something that cannot be waited for.
pub fn read(juju: &Juju, leader: bool) -> Result<ObjectStorage, ToolError> {
    let Some(relation) = juju.relation_ids(super::OBJECT_STORAGE)?.into_iter().next() else {
        return Ok(ObjectStorage::Unrelated);
    };
    let provided = juju.relation_get(&relation, &Bag::RemoteApp)?;
    if leader {
        ask(juju, &relation, &provided);
    }
    let secret = match value(&provided, "secret-extra") {
        None => None,
        Some(uri) => match credentials(juju, uri)? {
            Some(content) => Some(content),
            // A grant may reach the unit later than the id does.
            None => {
                return Ok(ObjectStorage::Incomplete(
                    "its keys cannot be read yet".into(),
                ));
            }
        },
    };
    Ok(parameters(&provided, secret.as_ref()))
}

/// The second generation is asked for a secret. The first answers only when a bucket is named, and the name is not taken
/// when its own is configured.
fn ask(juju: &Juju, relation: &RelationId, provided: &Databag) {
    databag::write(
        juju,
        relation,
        databag::REQUESTED_SECRETS,
        r#"["access-key", "secret-key"]"#,
    );
    databag::write(juju, relation, databag::LIB_VERSION, "1.0");
    let second_generation = provided.contains_key("lib-version");
    if !second_generation {
        let name = format!("relation-{}", relation.number());
        databag::write(juju, relation, databag::BUCKET, name);
    }
}

fn credentials(juju: &Juju, uri: &str) -> Result<Option<SecretContent>, ToolError> {
    let Ok(id) = uri.parse::<SecretId>() else {
        return Ok(None);
    };
    match juju.secret_get_and_label(&id, LABEL, SecretRevision::Refresh) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.is_not_found() || error.is_permission_denied() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A value that says something: `""`, `[]` and `null` are what an integrator publishes for an option that was reset.
fn value<'a>(bag: &'a Databag, key: &str) -> Option<&'a str> {
    let text = bag.get(key)?.trim();
    (!matches!(text, "" | "\"\"" | "[]" | "null")).then_some(text)
}

fn parameters(provided: &Databag, secret: Option<&SecretContent>) -> ObjectStorage {
    let key = |name: &str| match secret {
        Some(content) => content.get(name).map(|key| key.expose().to_owned()),
        None => value(provided, name).map(str::to_owned),
    };
    let bucket = value(provided, "bucket").map(|bucket| bucket.trim_matches('/'));
    let (Some(bucket), Some(access_key), Some(secret_key)) =
        (bucket, key("access-key"), key("secret-key"))
    else {
        let missing: Vec<&str> = [
            ("bucket", bucket.is_some()),
            ("access-key", key("access-key").is_some()),
            ("secret-key", key("secret-key").is_some()),
        ]
        .into_iter()
        .filter_map(|(name, there)| (!there).then_some(name))
        .collect();
        return ObjectStorage::Incomplete(format!("it has not named {}", missing.join(", ")));
    };
    let text = |name: &str| value(provided, name).unwrap_or_default().to_owned();
    ObjectStorage::Given(ObjectStore {
        bucket: bucket.to_owned(),
        endpoint: value(provided, "endpoint")
            .unwrap_or(AWS)
            .trim_end_matches('/')
            .to_owned(),
        path: format!("/{}", text("path").trim_matches('/')),
        region: text("region"),
        path_style: value(provided, "s3-uri-style") == Some("path"),
        ca_chain: certificates(value(provided, "tls-ca-chain")),
        access_key: Secret::new(access_key),
        secret_key: Secret::new(secret_key),
        retention_days: value(provided, "delete-older-than-days")
            .and_then(|days| days.parse().ok()),
    })
}

/// A JSON list of PEM texts; an integrator that sends one PEM text as it is, is understood as well.
fn certificates(chain: Option<&str>) -> Vec<String> {
    let Some(chain) = chain else {
        return Vec::new();
    };
    serde_json::from_str::<Vec<String>>(chain).unwrap_or_else(|_| vec![chain.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(entries: &[(&str, &str)]) -> Databag {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    const KEYS: [(&str, &str); 3] = [("bucket", "b"), ("access-key", "a"), ("secret-key", "s")];

    #[test]
    fn what_is_not_given_takes_the_incumbents_defaults() {
        let ObjectStorage::Given(store) = parameters(&bag(&KEYS), None) else {
            panic!()
        };
        assert_eq!(store.endpoint, "https://s3.amazonaws.com");
        assert_eq!((store.path.as_str(), store.region.as_str()), ("/", ""));
        assert!(!store.path_style && store.ca_chain.is_empty() && store.retention_days.is_none());
    }

    #[test]
    fn spaces_and_slashes_are_normalised() {
        let mut entries = KEYS.to_vec();
        entries[0] = ("bucket", " /b/ ");
        entries.extend([("endpoint", "https://s3.lab:9000/ "), ("path", "/a/b/")]);
        let ObjectStorage::Given(store) = parameters(&bag(&entries), None) else {
            panic!()
        };
        assert_eq!(
            (
                store.bucket.as_str(),
                store.endpoint.as_str(),
                store.path.as_str()
            ),
            ("b", "https://s3.lab:9000", "/a/b")
        );
    }

    #[test]
    fn a_list_that_was_reset_is_no_list() {
        for reset in ["\"\"", "[]", "null", ""] {
            let mut entries = KEYS.to_vec();
            entries.push(("tls-ca-chain", reset));
            let ObjectStorage::Given(store) = parameters(&bag(&entries), None) else {
                panic!()
            };
            assert!(store.ca_chain.is_empty(), "{reset:?}");
        }
    }

    #[test]
    fn a_bucket_of_digits_stays_text() {
        let mut entries = KEYS.to_vec();
        entries[0] = ("bucket", "12345");
        let ObjectStorage::Given(store) = parameters(&bag(&entries), None) else {
            panic!()
        };
        assert_eq!(store.bucket, "12345");
    }

    #[test]
    fn the_secret_is_preferred_to_plain_keys_and_never_mixed_with_them() {
        let secret = SecretContent::new().with("access-key", "A");
        let found = parameters(&bag(&KEYS), Some(&secret));
        assert_eq!(
            found,
            ObjectStorage::Incomplete("it has not named secret-key".into())
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            parameters(&bag(&[("bucket", "b")]), None),
            ObjectStorage::Incomplete("it has not named access-key, secret-key".into())
        );
    }
}
