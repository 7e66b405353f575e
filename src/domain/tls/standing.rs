//! Where a unit stands with its certificate: what it can use now, what it waits for, and whether it has to ask again.

use super::authority::{self, Issued, Refused};
use super::request::Request;
use super::{Material, Names, PrivateKey};
use crate::domain::tls::certificate::Certificate;
use crate::domain::words::Timestamp;

/// What this unit has kept, committed.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The private key that requests are signed with.
    pub key: Option<PrivateKey>,
    /// The request that is in the databag.
    pub request: Option<Request>,
    /// When it was made.
    pub asked: Option<Timestamp>,
    /// The last certificate that was put to use, with the key it belongs to.
    pub used: Option<(PrivateKey, Issued)>,
}

/// What the provider says to the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    #[default]
    None,
    /// It has issued a certificate.
    Issued(Issued),
    /// It has, and has taken it back.
    Revoked(Issued),
    /// It does not issue one.
    Error {
        /// Why, for people.
        message: String,
        /// Whether it may issue one later all the same.
        may_come: bool,
    },
}

/// Why a certificate is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Most of its life is over.
    Renewal,
    /// All of it is.
    Expired,
    /// The provider has taken it back.
    Revoked,
}

/// What follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What can be used now.
    pub material: Option<Material>,
    /// It has just come and is to be kept: the provider may forget it.
    pub fresh: bool,
    /// What is waited for, and will come by itself.
    pub waiting: Option<String>,
    /// What a person has to see to.
    pub problem: Option<String>,
    /// What the present request asks for; nothing when there is none that can be answered.
    pub asked_for: Option<Names>,
    /// Whether another request is due although this one asks for the right names.
    pub again: Option<Again>,
}

/// A new certificate is asked for when three quarters of the life of the last are over. With the usual 90 days that leaves
/// three weeks for a provider that does not answer.
const RENEWAL_PERCENT: i64 = 75;
/// When this much is over and no new one has come, people are told: nine days of 90.
const LATE_PERCENT: i64 = 90;

/// Judges what is kept and what the provider says.
pub fn judge(kept: &Kept, answer: &Answer, now: Timestamp) -> Standing {
    // A request that was signed with another key than ours can be answered with nothing that is of use.
    let ours = |key: &PrivateKey| {
        let request = kept.request.as_ref()?;
        (request.public == key.public()).then_some((key.clone(), request))
    };
    let Some((key, request)) = kept.key.as_ref().and_then(ours) else {
        return Standing {
            waiting: Some("waiting for a certificate to be asked for".into()),
            ..used(kept, now)
        };
    };
    let asked_for = Some(request.names.clone());
    let before = used(kept, now);
    let standing = match answer {
        Answer::None => Standing {
            waiting: Some("waiting for the provider's certificate".into()),
            ..before
        },
        Answer::Error { message, may_come } => {
            let said = format!("the provider issues no certificate: {message}");
            Standing {
                waiting: may_come.then(|| said.clone()),
                problem: (!may_come).then_some(said),
                ..before
            }
        }
        Answer::Revoked(issued) => {
            // Nobody looks for revocations here, and plain connections would be worse: it serves until another comes.
            let revoked = authority::material(&key, issued, request.addresses(), now).ok();
            Standing {
                material: before.material.or(revoked),
                waiting: Some(
                    "waiting for another certificate: the provider has revoked this one".into(),
                ),
                again: Some(Again::Revoked),
                ..Standing::default()
            }
        }
        Answer::Issued(issued) => {
            match authority::material(&key, issued, request.addresses(), now) {
                Ok(material) => in_use(kept, material, now),
                Err(refused) => refuse(kept, &refused, before),
            }
        }
    };
    // While there is something to use, only a revocation is worth a word.
    let quiet = standing.material.is_some() && standing.again != Some(Again::Revoked);
    let waiting = standing.waiting.clone().filter(|_| !quiet);
    let standing = Standing {
        waiting,
        asked_for,
        ..standing
    };
    late(standing, kept, now)
}

/// What was put to use before, as long as it lasts.
fn used(kept: &Kept, now: Timestamp) -> Standing {
    let material = kept
        .used
        .as_ref()
        .and_then(|(key, issued)| authority::material(key, issued, [], now).ok());
    Standing {
        material,
        ..Standing::default()
    }
}

fn in_use(kept: &Kept, material: Material, now: Timestamp) -> Standing {
    let known = kept.used.as_ref().is_some_and(|(key, issued)| {
        key.pem() == &material.key
            && issued.certificate == material.certificate
            && issued.chain == material.chain
            && issued.ca.as_ref() == Some(&material.ca)
    });
    let due = over(&material, kept.asked, now) >= RENEWAL_PERCENT;
    Standing {
        material: Some(material),
        fresh: !known,
        again: due.then_some(Again::Renewal),
        ..Standing::default()
    }
}

/// A certificate that had expired before it was asked for has a provider that has to be looked at: asking it again would
/// bring another one of the same kind, for ever.
fn refuse(kept: &Kept, refused: &Refused, before: Standing) -> Standing {
    match refused {
        Refused::Expired(when) if kept.asked.is_some_and(|asked| *when > asked) => Standing {
            waiting: Some(format!("waiting for another certificate: {refused}")),
            again: Some(Again::Expired),
            ..before
        },
        Refused::NotYet(_) => Standing {
            waiting: Some(refused.to_string()),
            ..before
        },
        _ => Standing {
            problem: Some(refused.to_string()),
            ..before
        },
    }
}

/// How much of a certificate's life is over, in percent. It begins with the request when that came later: what ends with
/// its authority is then not asked for again at once.
fn over(material: &Material, asked: Option<Timestamp>, now: Timestamp) -> i64 {
    let from = Certificate::first_in(&material.certificate)
        .map(|it| it.not_before)
        .max(asked);
    let Some(from) = from else { return 0 };
    let life = material.not_after.as_second() - from.as_second();
    let lived = now.as_second() - from.as_second();
    if life <= 0 { 100 } else { lived * 100 / life }
}

/// People are told before a certificate expires that its provider does not renew.
fn late(standing: Standing, kept: &Kept, now: Timestamp) -> Standing {
    let Some(material) = &standing.material else {
        return standing;
    };
    // The request for the next one is no reason to count from there.
    let asked = kept.asked.filter(|_| standing.fresh);
    if standing.problem.is_some() || over(material, asked, now) < LATE_PERCENT {
        return standing;
    }
    let text = format!(
        "the certificate expires on {} and the provider has not renewed it",
        material.not_after
    );
    Standing {
        problem: Some(text),
        ..standing
    }
}
