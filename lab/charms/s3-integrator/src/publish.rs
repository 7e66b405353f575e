//! What each related application is told.

use std::collections::BTreeMap;

use juju_charm::{Bag, Databag, Juju, NewSecret, Own, RelationId, SecretId, ToolError};
use serde_json::json;

use crate::bucket::{Bucket, Ensure};
use crate::credentials::{ACCESS_KEY, Credentials, Keys, SECRET_KEY};
use crate::settings::{Protocol, Settings};

/// The charm's endpoint.
const ENDPOINT: &str = "s3-credentials";

/// The version this charm writes where secrets are used.
const LIB_VERSION: &str = "1.0";

/// Every key this charm may have in a databag: those not wanted are deleted.
const KEYS: [&str; 15] = [
    "access-key",
    "attributes",
    "bucket",
    "data",
    "delete-older-than-days",
    "endpoint",
    "lib-version",
    "path",
    "region",
    "s3-api-version",
    "s3-uri-style",
    "secret-extra",
    "secret-key",
    "storage-class",
    "tls-ca-chain",
];

/// Tells all relations what follows from the options and the credentials. Returns what keeps some
/// of them from being told.
pub(crate) fn to_all(
    juju: &Juju,
    settings: &Settings,
    credentials: &Credentials,
    ensure: Ensure<'_>,
) -> Result<Vec<String>, ToolError> {
    let keys = match credentials {
        Credentials::Ready(keys) => Some(keys),
        Credentials::Absent => None,
        // Whoever has working credentials keeps them.
        Credentials::Unreadable(_) => return Ok(Vec::new()),
    };
    let mut buckets: BTreeMap<String, Result<(), String>> = BTreeMap::new();
    for relation in juju.relation_ids(ENDPOINT)? {
        let request = juju.relation_get(&relation, &Bag::RemoteApp)?;
        let wanted = match protocol_of(&request, settings) {
            None => continue,
            Some(Protocol::V0) => answer_v0(settings, keys, &request),
            Some(Protocol::V1) => {
                if let Some(bucket) = bucket_for(settings, keys, &request) {
                    let checked = buckets
                        .entry(bucket.name.clone())
                        .or_insert_with(|| ensure(&bucket));
                    if checked.is_err() {
                        continue;
                    }
                }
                answer_v1(juju, settings, keys, &request, &relation)?
            }
        };
        for key in KEYS {
            let value = wanted.get(key).map_or("", String::as_str);
            juju.relation_set(&relation, Own::App, key, value);
        }
    }
    Ok(buckets.into_values().filter_map(Result::err).collect())
}

/// The bucket that the newer protocol promises to be there: the option's, or the one asked for.
fn bucket_for(settings: &Settings, keys: Option<&Keys>, request: &Databag) -> Option<Bucket> {
    let name = settings
        .get("bucket")
        .or_else(|| request.get("bucket").map(String::as_str))?;
    Some(Bucket {
        name: name.to_owned(),
        endpoint: settings.get("endpoint").map(str::to_owned),
        region: settings.get("region").map(str::to_owned),
        path_style: settings.get("s3-uri-style") == Some("path"),
        ca_chain: settings.ca_chain.clone(),
        keys: keys?.clone(),
    })
}

/// Removes the secret of a relation that is over.
pub(crate) fn forget(juju: &Juju, relation: &RelationId) -> Result<(), ToolError> {
    if let Some(secret) = juju.secret_info_by_label(&label(relation))? {
        juju.secret_remove(&secret.id, None);
    }
    Ok(())
}

/// What the other side speaks; nothing as long as it has not asked.
fn protocol_of(request: &Databag, settings: &Settings) -> Option<Protocol> {
    if settings.speaks_v1 && request.contains_key("requested-secrets") {
        Some(Protocol::V1)
    } else if request.contains_key("bucket") {
        Some(Protocol::V0)
    } else {
        None
    }
}

/// The older protocol: everything in plain text, and a copy of what the other side wrote.
fn answer_v0(
    settings: &Settings,
    keys: Option<&Keys>,
    request: &Databag,
) -> BTreeMap<&'static str, String> {
    let mut answer = BTreeMap::from_iter(settings.connection(Protocol::V0));
    if let Some(bucket) = request.get("bucket") {
        answer.entry("bucket").or_insert_with(|| bucket.clone());
    }
    let mirror: BTreeMap<&String, &String> =
        request.iter().filter(|(key, _)| *key != "data").collect();
    answer.insert("data", json!(mirror).to_string());
    if let Some(keys) = keys {
        answer.insert(ACCESS_KEY, keys.access_key.clone());
        answer.insert(SECRET_KEY, keys.secret_key.expose().to_owned());
    }
    answer
}

/// The newer protocol: the credentials in a secret, and only together with all the rest.
fn answer_v1(
    juju: &Juju,
    settings: &Settings,
    keys: Option<&Keys>,
    request: &Databag,
    relation: &RelationId,
) -> Result<BTreeMap<&'static str, String>, ToolError> {
    let published = juju.relation_get(relation, &Bag::OwnApp)?;
    let secret: Option<SecretId> = published
        .get("secret-extra")
        .and_then(|uri| uri.parse().ok());
    let version = ("lib-version", LIB_VERSION.to_owned());
    let Some(keys) = keys else {
        if let Some(secret) = secret {
            juju.secret_remove(&secret, None);
        }
        return Ok(BTreeMap::from([version]));
    };
    let secret = if let Some(secret) = secret {
        juju.secret_set(&secret, keys.content());
        secret
    } else {
        // The grant and the databag are committed together, so a published secret is granted.
        let secret = juju.secret_add(&NewSecret::labelled(label(relation), keys.content()))?;
        juju.secret_grant(&secret, relation);
        secret
    };
    let mut answer = BTreeMap::from_iter(settings.connection(Protocol::V1));
    for key in ["bucket", "path"] {
        if let Some(asked) = request.get(key) {
            answer.entry(key).or_insert_with(|| asked.clone());
        }
    }
    answer.insert("secret-extra", secret.uri().to_owned());
    answer.extend([version]);
    Ok(answer)
}

/// The label that the library on Charmhub gives to a relation's secret.
fn label(relation: &RelationId) -> String {
    format!("{ENDPOINT}.{}.extra.secret", relation.number())
}
