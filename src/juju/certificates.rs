//! The relation `certificates`, and the secret of this unit in which its key and certificate are kept.
//!
//! A request for a certificate lies in the unit's bag, and the provider answers to its text in the bag of its application.
//! The key leaves the secret only for the unit's own files.

use juju_charm::{
    Bag, Databag, Juju, NewSecret, RelationId, SecretContent, SecretRevision, ToolError,
};
use serde::Deserialize;

use super::{databag, transferred};
use crate::domain::observed::TlsView;
use crate::domain::tls::authority::Issued;
use crate::domain::tls::certificate::Certificate;
use crate::domain::tls::material::bundle;
use crate::domain::tls::request::Request;
use crate::domain::tls::standing::{Answer, Kept, judge};
use crate::domain::tls::{Material, PrivateKey};
use crate::domain::words::Timestamp;

/// The private key that requests are signed with.
const KEY: &str = "key";
/// The request that was sent last.
const REQUEST: &str = "csr";
/// When it was.
const ASKED: &str = "asked";
/// The certificate that was put to use last, those that vouch for it, the root, and the key it belongs to.
const CERTIFICATE: &str = "cert";
const CHAIN: &str = "chain";
const ROOT: &str = "cauth";
const USED_KEY: &str = "cert-key";

/// The provider's code for a server that does not answer now.
const UNAVAILABLE: i64 = 201;

/// The label by which this unit finds its secret: the incumbent's.
pub fn label(application: &str) -> String {
    format!("{}.{application}.unit", super::PEERS)
}

/// Reads the relations about certificates.
///
/// # Errors
///
/// When Juju refuses something that cannot be waited for. A secret that may not be read is never "absent".
pub fn read(juju: &Juju, leader: bool, now: Timestamp) -> Result<TlsView, ToolError> {
    let transferred = transferred::read(juju, leader)?;
    let Some(relation) = relation(juju)? else {
        return Ok(TlsView {
            transferred,
            ..TlsView::default()
        });
    };
    let own = juju.relation_get(&relation, &Bag::OwnUnit)?;
    let label = label(juju.context().application());
    let secret = juju.secret_by_label(&label, SecretRevision::Refresh)?;
    let kept = kept(&secret.unwrap_or_default(), &own);
    let answer = match &kept.request {
        None => Answer::None,
        Some(request) => answer(
            &juju.relation_get(&relation, &Bag::RemoteApp)?,
            &request.text,
        ),
    };
    let standing = judge(&kept, &answer, now);
    Ok(TlsView {
        related: true,
        material: standing.material,
        waiting: standing.waiting,
        problem: standing.problem,
        fresh: standing.fresh,
        asked_for: standing.asked_for,
        again: standing.again,
        transferred,
    })
}

/// The relation, if there is one.
///
/// # Errors
///
/// When Juju cannot be asked.
pub fn relation(juju: &Juju) -> Result<Option<RelationId>, ToolError> {
    Ok(juju.relation_ids(super::CERTIFICATES)?.into_iter().next())
}

/// What is kept counts for this relation only while its request is in the databag: a new relation begins anew.
fn kept(secret: &SecretContent, own: &Databag) -> Kept {
    let field = |name: &str| secret.get(name).map(|value| value.expose().to_owned());
    let key = field(KEY).and_then(|pem| PrivateKey::parse(&pem).ok());
    let sent = sent(own);
    let request = field(REQUEST).filter(|text| sent.iter().any(|sent| same(sent, text)));
    let Some(request) = request.and_then(|text| Request::read(&text)) else {
        return Kept {
            key,
            ..Kept::default()
        };
    };
    let used = || {
        let issued = Issued {
            certificate: field(CERTIFICATE)?,
            chain: Certificate::all_in(&field(CHAIN).unwrap_or_default())
                .iter()
                .map(Certificate::pem)
                .collect(),
            ca: Some(field(ROOT)?),
        };
        Some((PrivateKey::parse(&field(USED_KEY)?).ok()?, issued))
    };
    Kept {
        key,
        request: Some(request),
        asked: field(ASKED).and_then(|text| text.parse().ok()),
        used: used(),
    }
}

#[derive(Deserialize)]
struct Sent {
    certificate_signing_request: String,
}

fn sent(own: &Databag) -> Vec<String> {
    let list: Vec<Sent> = list(own, "certificate_signing_requests");
    let texts = list.into_iter();
    texts.map(|it| it.certificate_signing_request).collect()
}

/// The entries of a JSON list; those of another form are left out, so that one of them does not hide the others.
fn list<T: serde::de::DeserializeOwned>(bag: &Databag, key: &str) -> Vec<T> {
    let text = bag.get(key).map_or("[]", String::as_str);
    let entries: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::warn!("cannot read {key} of the relation certificates: {error}");
        Vec::new()
    });
    let entries = entries.into_iter();
    entries
        .filter_map(|entry| serde_json::from_value(entry).ok())
        .collect()
}

/// Whether two PEM texts are the same but for line breaks.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

#[derive(Deserialize)]
struct Given {
    certificate_signing_request: String,
    certificate: String,
    #[serde(default)]
    chain: Vec<String>,
    ca: Option<String>,
    #[serde(default)]
    revoked: Option<bool>,
}

#[derive(Deserialize)]
struct Failed {
    csr: String,
    error: Failure,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: Option<String>,
}

/// What the provider says to a request.
fn answer(provided: &Databag, request: &str) -> Answer {
    let given: Vec<Given> = list(provided, "certificates");
    let ours = given
        .into_iter()
        .filter(|it| same(&it.certificate_signing_request, request));
    // One that was taken back does not hide another for the same request.
    if let Some(given) = ours.min_by_key(|it| it.revoked == Some(true)) {
        let issued = Issued {
            certificate: given.certificate,
            chain: given.chain,
            ca: given.ca,
        };
        return match given.revoked {
            Some(true) => Answer::Revoked(issued),
            _ => Answer::Issued(issued),
        };
    }
    let failed: Vec<Failed> = list(provided, "request_errors");
    let ours = failed.into_iter().find(|it| same(&it.csr, request));
    match ours.map(|it| it.error) {
        None => Answer::None,
        Some(failure) => Answer::Error {
            message: match failure.reason.filter(|reason| !reason.is_empty()) {
                Some(reason) => format!("{} ({reason})", failure.message),
                None => failure.message,
            },
            may_come: failure.code == UNAVAILABLE,
        },
    }
}

/// Sends a request in place of the one from before, and keeps it with its key. Both are committed together when the
/// dispatch ends well.
///
/// # Errors
///
/// When Juju refuses.
pub fn send(
    juju: &Juju,
    relation: &RelationId,
    key: &PrivateKey,
    request: &str,
    asked: Timestamp,
) -> Result<(), ToolError> {
    let again = !sent(&juju.relation_get(relation, &Bag::OwnUnit)?).is_empty();
    change(juju, |content| {
        let mut content = if again {
            content
        } else {
            // What another relation has brought is no business of this one.
            SecretContent::new()
        };
        content.insert(KEY, key.pem().expose());
        content.insert(REQUEST, request);
        content.insert(ASKED, asked.to_string());
        content
    })?;
    let list = serde_json::json!([{ "certificate_signing_request": request, "ca": false }]);
    databag::write(juju, relation, databag::REQUESTS, list.to_string());
    Ok(())
}

/// Keeps a key for the next request.
///
/// # Errors
///
/// When Juju refuses.
pub fn keep_key(juju: &Juju, key: &PrivateKey) -> Result<(), ToolError> {
    change(juju, |mut content| {
        content.insert(KEY, key.pem().expose());
        content
    })
}

/// Keeps what is put to use: the provider forgets it as soon as another one is asked for.
///
/// # Errors
///
/// When Juju refuses.
pub fn keep_material(juju: &Juju, material: &Material) -> Result<(), ToolError> {
    change(juju, |mut content| {
        content.insert(USED_KEY, material.key.expose());
        content.insert(CERTIFICATE, material.certificate.as_str());
        content.insert(CHAIN, bundle(&material.chain));
        content.insert(ROOT, material.ca.as_str());
        content
    })
}

/// The key that is kept.
///
/// # Errors
///
/// When Juju refuses.
pub fn key(juju: &Juju) -> Result<Option<PrivateKey>, ToolError> {
    let label = label(juju.context().application());
    let content = juju.secret_by_label(&label, SecretRevision::Peek)?;
    let text = content.as_ref().and_then(|content| content.get(KEY));
    Ok(text.and_then(|text| PrivateKey::parse(text.expose()).ok()))
}

fn change(juju: &Juju, new: impl FnOnce(SecretContent) -> SecretContent) -> Result<(), ToolError> {
    let label = label(juju.context().application());
    if let Some(info) = juju.secret_info_by_label(&label)? {
        // Also what this dispatch has written before.
        let content = juju.secret_get(&info.id, SecretRevision::Peek)?;
        juju.secret_set(&info.id, new(content));
    } else {
        let secret = NewSecret::labelled(label, new(SecretContent::new()));
        juju.secret_add(&secret.owned_by_unit())?;
    }
    Ok(())
}
