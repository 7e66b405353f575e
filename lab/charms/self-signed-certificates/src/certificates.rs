//! `certificates`: requests in the databags of the others, certificates and errors in ours.

use juju_charm::{Bag, Juju, Own, RelationId, ToolError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::CharmFailure;
use crate::authority::Authority;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::settings::Settings;

const ENDPOINT: &str = "certificates";
const REQUESTS: &str = "certificate_signing_requests";
const CERTIFICATES: &str = "certificates";
const ERRORS: &str = "request_errors";

/// A request as it stands in a databag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Asked {
    certificate_signing_request: String,
    /// Older libraries leave it out, newer ones may write `null`.
    #[serde(default)]
    ca: Option<bool>,
}

/// A certificate as it stands in our databag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Issued {
    ca: String,
    certificate_signing_request: String,
    certificate: String,
    chain: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<bool>,
}

impl Issued {
    fn is_revoked(&self) -> bool {
        self.revoked == Some(true)
    }

    fn answers(&self, asked: &str) -> bool {
        self.certificate_signing_request.trim() == asked.trim()
    }
}

/// Which certificates are to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Those that are missing or revoked.
    Outstanding,
    /// All that are asked for.
    All,
}

/// Signs the requests that have no certificate in force, and withdraws what nobody asks for any more.
pub(crate) fn issue_outstanding(
    juju: &Juju,
    settings: &Settings,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<(), CharmFailure> {
    issue(juju, settings, authority, now, Sign::Outstanding)?;
    Ok(())
}

/// Signs all requests again. How many certificates there are now.
pub(crate) fn issue_all(
    juju: &Juju,
    settings: &Settings,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<usize, CharmFailure> {
    issue(juju, settings, authority, now, Sign::All)
}

fn issue(
    juju: &Juju,
    settings: &Settings,
    authority: &Authority,
    now: OffsetDateTime,
    sign: Sign,
) -> Result<usize, CharmFailure> {
    let mut total = 0;
    for relation in juju.relation_ids(ENDPOINT)? {
        let issued = published(juju, &relation)?;
        let Some(asked) = requests(juju, &relation)? else {
            total += issued.len();
            continue;
        };
        let kept = |csr: &str| {
            let known = issued.iter().find(|item| item.answers(csr))?;
            (sign == Sign::Outstanding && !known.is_revoked()).then_some(known)
        };
        let mut items: Vec<Issued> = Vec::new();
        let mut errors: Vec<Value> = Vec::new();
        let is_kept = |asked: &&Asked| kept(&asked.certificate_signing_request).is_some();
        let mut count = asked.iter().filter(is_kept).count();
        for asked in &asked {
            let csr = &asked.certificate_signing_request;
            if let Some(item) = kept(csr) {
                items.push(item.clone());
                continue;
            }
            match check(csr, settings, count) {
                Ok(request) => {
                    count += 1;
                    items.push(certify(&request, asked, settings, authority, now)?);
                }
                Err(refusal) => {
                    tracing::warn!("no certificate in {relation}: {refusal}");
                    errors.push(refusal.item(csr));
                }
            }
        }
        total += items.len();
        publish(juju, &relation, &items)?;
        let errors = if errors.is_empty() {
            String::new()
        } else {
            json!(errors).to_string()
        };
        juju.relation_set(&relation, Own::App, ERRORS, errors);
        juju.relation_set(
            &relation,
            Own::App,
            "capabilities",
            capabilities().to_string(),
        );
    }
    Ok(total)
}

/// The request, if it may have a certificate where `count` are in force already.
fn check(csr: &str, settings: &Settings, count: usize) -> Result<Request, Refusal> {
    let request = Request::parse(csr)?;
    request.allowed(&settings.refuse)?;
    match settings.limit {
        Some(limit) if limit <= count => Err(Refusal::Limit(limit)),
        _ => Ok(request),
    }
}

fn certify(
    request: &Request,
    asked: &Asked,
    settings: &Settings,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<Issued, CharmFailure> {
    let certificate = authority.sign(request, asked.ca == Some(true), settings, now)?;
    let mut chain = vec![certificate.clone(), authority.certificate.clone()];
    if settings.ca_first {
        chain.reverse();
    }
    Ok(Issued {
        ca: authority.certificate.clone(),
        certificate_signing_request: asked.certificate_signing_request.clone(),
        certificate,
        chain,
        revoked: None,
    })
}

/// Marks all certificates as revoked.
pub(crate) fn revoke_all(juju: &Juju) -> Result<(), ToolError> {
    for relation in juju.relation_ids(ENDPOINT)? {
        revoke(juju, &relation, |_| true)?;
    }
    Ok(())
}

/// Marks the certificates of a unit or an application as revoked. How many.
pub(crate) fn revoke_of(juju: &Juju, requirer: &str) -> Result<usize, ToolError> {
    let mut count = 0;
    for relation in juju.relation_ids(ENDPOINT)? {
        if juju.relation_app(&relation)?.as_deref() == Some(requirer) {
            count += revoke(juju, &relation, |_| true)?;
            continue;
        }
        let units = juju.relation_list(&relation)?;
        let Some(unit) = units.into_iter().find(|unit| unit.as_str() == requirer) else {
            continue;
        };
        let asked = read_requests(juju, &relation, &Bag::RemoteUnit(unit))?.unwrap_or_default();
        count += revoke(juju, &relation, |item| {
            asked
                .iter()
                .any(|asked| item.answers(&asked.certificate_signing_request))
        })?;
    }
    Ok(count)
}

fn revoke(
    juju: &Juju,
    relation: &RelationId,
    which: impl Fn(&Issued) -> bool,
) -> Result<usize, ToolError> {
    let mut items = published(juju, relation)?;
    let mut count = 0;
    for item in items
        .iter_mut()
        .filter(|item| !item.is_revoked() && which(item))
    {
        item.revoked = Some(true);
        count += 1;
    }
    publish(juju, relation, &items)?;
    Ok(count)
}

/// All certificates that are in force.
pub(crate) fn in_force(juju: &Juju) -> Result<Vec<Issued>, ToolError> {
    let mut all = Vec::new();
    for relation in juju.relation_ids(ENDPOINT)? {
        all.extend(
            published(juju, &relation)?
                .into_iter()
                .filter(|item| !item.is_revoked()),
        );
    }
    Ok(all)
}

/// What we wrote before. Something else than what we write counts as nothing: it is written anew.
fn published(juju: &Juju, relation: &RelationId) -> Result<Vec<Issued>, ToolError> {
    let bag = juju.relation_get(relation, &Bag::OwnApp)?;
    let items = bag.get(CERTIFICATES).map(|text| serde_json::from_str(text));
    Ok(items.and_then(Result::ok).unwrap_or_default())
}

fn publish(juju: &Juju, relation: &RelationId, items: &[Issued]) -> Result<(), ToolError> {
    let known = juju
        .relation_get(relation, &Bag::OwnApp)?
        .contains_key(CERTIFICATES);
    if known || !items.is_empty() {
        juju.relation_set(relation, Own::App, CERTIFICATES, json!(items).to_string());
    }
    Ok(())
}

/// All requests of a relation, each once; nothing when a databag cannot be understood, so that nothing is
/// withdrawn that is still asked for.
fn requests(juju: &Juju, relation: &RelationId) -> Result<Option<Vec<Asked>>, ToolError> {
    let units = juju.relation_list(relation)?;
    let bags = units
        .into_iter()
        .map(Bag::RemoteUnit)
        .chain([Bag::RemoteApp]);
    let mut all: Vec<Asked> = Vec::new();
    for bag in bags {
        let Some(asked) = read_requests(juju, relation, &bag)? else {
            return Ok(None);
        };
        for asked in asked {
            let csr = asked.certificate_signing_request.trim();
            if !all
                .iter()
                .any(|known| known.certificate_signing_request.trim() == csr)
            {
                all.push(asked);
            }
        }
    }
    Ok(Some(all))
}

fn read_requests(
    juju: &Juju,
    relation: &RelationId,
    bag: &Bag,
) -> Result<Option<Vec<Asked>>, ToolError> {
    let contents = juju.relation_get(relation, bag)?;
    let Some(text) = contents.get(REQUESTS) else {
        return Ok(Some(Vec::new()));
    };
    match serde_json::from_str(text) {
        Ok(asked) => Ok(Some(asked)),
        Err(error) => {
            tracing::error!(
                "cannot read {REQUESTS} in {relation}: {error}; its certificates stay as they are"
            );
            Ok(None)
        }
    }
}

/// What this authority certifies.
fn capabilities() -> Value {
    json!({
        "supports_ip_sans": true,
        "supports_wildcard_dns": true,
        "supports_subdomain": true,
        "supports_ca_certificates": true,
        "allowed_domains": null,
        "provider_type": "self-signed-certificates",
    })
}
