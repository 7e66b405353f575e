//! TLS inside the cluster: this unit's files, what it tells its peers, and the leader's word for all.
//!
//! Turning TLS on and off is one walk through the stages ([`Stage`]). Another authority is the same care once more: a
//! certificate is put to use only when every unit trusts who signed it, and an authority is trusted for as long as any
//! unit uses a certificate of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::services::differing;
use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::files;
use crate::domain::observed::{
    EtcdMember, ManagedFile, Observed, PeerRelation, ServerTls, Service, ServiceState, Written,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::render::etcd::peer_url;
use crate::domain::tls::material::{bundle, fingerprint};
use crate::domain::tls::stage::{Lack, Next, next};
use crate::domain::tls::{Announcement, Material, Stage};
use crate::domain::words::{MemberName, Secret};

/// PostgreSQL reads its settings again a moment after it was asked to: in Patroni's next round.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stage whose configuration this unit runs with: the cluster's, as soon as it has a certificate.
pub fn stage(seen: &Observed) -> Stage {
    let wanted = wanted(seen);
    let has = |file| seen.host.files.contains_key(&file);
    if has(ManagedFile::TlsIdentity) && has(ManagedFile::TlsAuthorities) {
        wanted
    } else {
        Stage::Off
    }
}

fn wanted(seen: &Observed) -> Stage {
    let peers = seen.juju.peers.as_ref();
    peers.map_or(Stage::Off, |peers| peers.tls_course.stage)
}

/// Whether programs of the cluster run here, or have been told to.
fn runs(seen: &Observed) -> bool {
    Service::ALL.into_iter().any(|service| {
        !matches!(
            seen.host.service(service),
            ServiceState::Absent | ServiceState::Stopped
        )
    })
}

/// The peers know what this unit uses and trusts, and how far it is.
pub fn announce(seen: &Observed) -> Decision {
    let Some(peers) = &seen.juju.peers else {
        return Decision::Settled;
    };
    let said = peers.tls.get(&seen.juju.member);
    let before = said.cloned().unwrap_or_default();
    let (stage, course) = match reached(seen) {
        Some(stage) => (stage, peers.tls_course.number),
        None => (before.stage, before.course),
    };
    let now = Announcement {
        stage,
        course,
        authorities: own_authorities(seen, &before),
        trusts: trusted(seen, peers, &before),
    };
    if now == before {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "let the peers know of this unit's TLS",
        vec![Step::PublishTls(now)],
    ))
}

/// The stage this unit has reached; none while it is on its way.
fn reached(seen: &Observed) -> Option<Stage> {
    let wanted = wanted(seen);
    if !runs(seen) {
        // It begins with what is in force by then.
        return Some(wanted);
    }
    let there = stage(seen) == wanted
        && etcd_follows(seen)
        && patroni_follows(seen)
        && moved_peer(seen).is_none()
        && in_effect(seen);
    there.then_some(wanted)
}

fn etcd_follows(seen: &Observed) -> bool {
    if seen.host.service(Service::Etcd) == ServiceState::Absent {
        return true;
    }
    files::etcd_config(seen).is_ok_and(|config| {
        let in_force = files::etcd_in_force(seen, &config);
        seen.host.holds(ManagedFile::EtcdInForce, &in_force)
            || seen.host.service(Service::Etcd) == ServiceState::Stopped
    })
}

fn patroni_follows(seen: &Observed) -> bool {
    files::patroni_config(seen, &files::archive_command(seen)).is_ok_and(|config| {
        seen.host.holds(ManagedFile::PatroniConfig, &config)
            && files::patroni_follows(seen, &config).0.is_empty()
    })
}

/// Whether PostgreSQL does what its configuration says.
fn in_effect(seen: &Observed) -> bool {
    let stage = stage(seen);
    seen.database.known().is_some_and(|database| {
        let tls = &database.tls;
        follows(tls, stage) && (stage == Stage::Off || tls.is_up_to_date(seen.now))
    })
}

fn follows(tls: &ServerTls, stage: Stage) -> bool {
    tls.on == stage.serves() && tls.plaintext != stage.refuses_plaintext()
}

/// The authorities of the certificate in use and of the one that is to follow. While PostgreSQL may still show the
/// certificate from before, its authority is one of them.
fn own_authorities(seen: &Observed, before: &Announcement) -> Vec<String> {
    let used = (seen.host.files.get(&ManagedFile::TlsIdentity)).and_then(authority_of);
    let given = seen.juju.tls.material.as_ref();
    let given = given.map(|material| material.ca.clone());
    let taken_up = !runs(seen) || (patroni_follows(seen) && in_effect(seen));
    let shown = used.is_some() && !taken_up;
    let shown = before.authorities.iter().filter(|_| shown).cloned();
    sorted(used.iter().cloned().chain(given).chain(shown))
}

/// The fingerprints of the authorities that all programs of this unit trust, and will trust until the others know better.
fn trusted(seen: &Observed, peers: &PeerRelation, before: &Announcement) -> BTreeSet<String> {
    let wanted = fingerprints(&wanted_authorities(seen, peers));
    let written = fingerprints(&authorities_on_disk(seen));
    let lasting = written.intersection(&wanted).cloned();
    if etcd_follows(seen) {
        lasting.collect()
    } else {
        // A member of etcd that runs knows those from before.
        lasting
            .filter(|authority| before.trusts.contains(authority))
            .collect()
    }
}

fn fingerprints(authorities: &[String]) -> BTreeSet<String> {
    authorities.iter().map(|pem| fingerprint(pem)).collect()
}

fn authorities_on_disk(seen: &Observed) -> Vec<String> {
    let file = seen.host.files.get(&ManagedFile::TlsAuthorities);
    file.map_or_else(Vec::new, |file| certificates(file.expose()))
}

/// The authority of an identity: the last certificate in it.
fn authority_of(identity: &Secret) -> Option<String> {
    certificates(identity.expose()).pop()
}

/// The certificates in a PEM text.
fn certificates(text: &str) -> Vec<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(BEGIN) {
        rest = &rest[begin..];
        let Some(end) = rest.find(END) else { break };
        let (certificate, others) = rest.split_at(end + END.len());
        found.push(certificate.to_owned());
        rest = others;
    }
    found
}

/// Each once, in an order that does not depend on where they come from.
fn sorted(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let each = texts.into_iter().flat_map(|text| certificates(&text));
    let each: BTreeMap<String, String> = each.map(|pem| (fingerprint(&pem), pem)).collect();
    each.into_values().collect()
}

/// All that this unit should trust: what any unit uses or is about to use, and what was handed to the application.
fn wanted_authorities(seen: &Observed, peers: &PeerRelation) -> Vec<String> {
    let of_peers = peers.tls.values().flat_map(|said| said.authorities.clone());
    let handed = seen.juju.tls.transferred.iter().cloned();
    let before = peers.tls.get(&seen.juju.member);
    let own = own_authorities(seen, &before.cloned().unwrap_or_default());
    sorted(own.into_iter().chain(of_peers).chain(handed))
}

/// The same, with those that the others may still take for trusted here: an authority goes only after Juju has recorded
/// that it will, for a unit that begins to use it relies on what was recorded.
fn authorities(seen: &Observed, peers: &PeerRelation) -> Secret {
    let said = peers.tls.get(&seen.juju.member);
    let relied_upon = |pem: &String| {
        seen.juju.written.contains(&Written::Tls) || said.is_some_and(|said| said.trusts_all([pem]))
    };
    let alone = peers.units.keys().all(|name| *name == seen.juju.member);
    let on_disk = authorities_on_disk(seen).into_iter();
    let kept = on_disk.filter(|pem| !alone && relied_upon(pem));
    let all = sorted(wanted_authorities(seen, peers).into_iter().chain(kept));
    Secret::new(bundle(&all))
}

/// The key, its certificate, and those who vouch for it, the root last.
fn identity(material: &Material) -> Secret {
    Secret::new(format!(
        "{}\n{}{}\n",
        material.key.expose().trim(),
        material.presented(),
        material.ca.trim()
    ))
}

/// This unit's certificate, and the authorities it trusts, are on the machine from before TLS is used until after.
pub fn certificate(seen: &Observed) -> Decision {
    let Some(peers) = seen
        .juju
        .peers
        .as_ref()
        .filter(|it| it.tls_course.stage.serves())
    else {
        return Decision::Settled;
    };
    // Trust first, and for its own sake: two newcomers with a new authority have to trust each other before either may
    // use its certificate.
    let trust = [(ManagedFile::TlsAuthorities, Ok(authorities(seen, peers)))];
    let existing = seen.host.files.get(&ManagedFile::TlsIdentity);
    let given = seen.juju.tls.material.as_ref();
    let identity = match given {
        Some(given) if may_use(seen, peers, given, existing) => Some(identity(given)),
        _ => existing.cloned(),
    };
    let missing = identity.is_none() && !runs(seen);
    let wanted = identity.map(|identity| (ManagedFile::TlsIdentity, Ok(identity)));
    match differing(seen, trust.into_iter().chain(wanted)) {
        Ok(steps) if !steps.is_empty() => {
            let mut all = Vec::new();
            // An etcd that starts by itself trusts the new ones from then on.
            let trusted = |step: &Step| matches!(step, Step::WriteFile { file, .. } if *file == ManagedFile::TlsAuthorities);
            if stage(seen).serves()
                && steps.iter().any(trusted)
                && seen.host.files.contains_key(&ManagedFile::EtcdInForce)
            {
                all.push(Step::RemoveFile(ManagedFile::EtcdInForce));
            }
            all.extend(steps);
            return Decision::Do(Plan::new("keep certificates up to date", all));
        }
        Ok(_) | Err(_) => {}
    }
    if !missing {
        return Decision::Settled;
    }
    let reason = match (given, &seen.juju.tls.waiting) {
        (Some(_), _) => "waiting until all units trust the authority of this unit",
        (None, Some(why)) => why,
        (None, None) => "waiting for a certificate",
    };
    Decision::Wait(Wait::until(Wake::PeersChanged, reason))
}

/// Whether all others trust the authority of a certificate. As long as no client uses TLS, nobody has to.
fn may_use(
    seen: &Observed,
    peers: &PeerRelation,
    given: &Material,
    existing: Option<&Secret>,
) -> bool {
    if existing.is_none() && !peers.tls_course.stage.uses() {
        return true;
    }
    let me = &seen.juju.member;
    // Another authority than before: the others keep it only for one whose wish for it Juju has recorded.
    let wanted = fingerprint(&given.ca);
    let is_wanted = |authority: &String| fingerprint(authority) == wanted;
    let another = existing.and_then(authority_of);
    let another = another.is_some_and(|authority| !is_wanted(&authority));
    let said = peers.tls.get(me);
    let recorded = !seen.juju.written.contains(&Written::Tls)
        && said.is_some_and(|said| said.authorities.iter().any(is_wanted));
    let others = peers.units.keys().filter(|name| *name != me);
    if another && others.clone().next().is_some() && !recorded {
        return false;
    }
    others
        .filter_map(|name| peers.tls.get(name))
        .all(|said| said.trusts_all([&given.ca]))
}

/// The leader says how far all may go.
pub fn lead(seen: &Observed) -> Decision {
    let leads = seen.juju.leader && !seen.juju.written.contains(&Written::TlsCourse);
    match (next_stage(seen), leads) {
        (Next::Go(course), true) => Decision::Do(Plan::new(
            "go on with TLS",
            vec![Step::PublishTlsCourse(course)],
        )),
        _ => Decision::Settled,
    }
}

fn next_stage(seen: &Observed) -> Next {
    let Some(peers) = &seen.juju.peers else {
        return Next::Reached;
    };
    let units = peers
        .units
        .keys()
        .chain(&peers.expected)
        .map(|name| (name.clone(), peers.tls.get(name).cloned()))
        .collect();
    next(peers.tls_course, seen.juju.tls.related, &units)
}

/// The other members of etcd reach this unit's as this stage wants.
pub fn peer(seen: &Observed) -> Decision {
    match moved_peer(seen) {
        Some(url) if etcd_follows(seen) => Decision::Do(Plan::new(
            "change how the members of etcd reach each other",
            vec![Step::MovePeer(url)],
        )),
        _ => Decision::Settled,
    }
}

/// Where this unit's member of etcd should be reached, when it is not.
fn moved_peer(seen: &Observed) -> Option<String> {
    let address = seen.juju.address?;
    let url = peer_url(address, stage(seen).uses());
    let mine = seen.etcd.known()?.member(&seen.juju.member, None)?;
    let EtcdMember {
        name, peer_urls, ..
    } = mine;
    (name.is_some() && *peer_urls != [url.clone()]).then_some(url)
}

/// PostgreSQL has taken up what its configuration says of TLS.
///
/// Patroni tells it a moment after it was asked to. While PostgreSQL starts, Patroni takes note of new rules and does not
/// write them: only another start of Patroni brings them about.
pub fn effect(seen: &Observed) -> Decision {
    let Some(database) = seen.database.known() else {
        return Decision::Settled;
    };
    if in_effect(seen) {
        return Decision::Settled;
    }
    let follows = follows(&database.tls, stage(seen));
    if seen.waited < PATIENCE {
        let what = match (follows, database.tls.on == stage(seen).serves()) {
            (true, _) => "PostgreSQL is taking up its certificate",
            (false, true) if stage(seen).refuses_plaintext() => {
                "PostgreSQL is about to refuse connections without TLS"
            }
            (false, true) => "PostgreSQL is about to accept connections without TLS",
            (false, false) if stage(seen).serves() => "PostgreSQL is turning TLS on",
            (false, false) => "PostgreSQL is turning TLS off",
        };
        return Decision::Wait(Wait::a_while(PATIENCE, what));
    }
    let again = if follows {
        None
    } else {
        Some(Step::RenewPatroni)
    };
    Decision::Do(Plan::new(
        "have PostgreSQL take up what its configuration says of TLS",
        again.into_iter().chain([Step::ReloadPatroni]).collect(),
    ))
}

/// What TLS left on the machine goes when nothing needs it any more.
pub fn put_away(seen: &Observed) -> Decision {
    if wanted(seen).serves() || !runs(seen) || reached(seen) != Some(Stage::Off) {
        return Decision::Settled;
    }
    let steps: Vec<Step> = [ManagedFile::TlsIdentity, ManagedFile::TlsAuthorities]
        .into_iter()
        .filter(|file| seen.host.files.contains_key(file))
        .map(Step::RemoveFile)
        .collect();
    if steps.is_empty() {
        return Decision::Settled;
    }
    Decision::Do(Plan::new("put the certificate away", steps))
}

/// What is still to come before TLS is as it should be, for the status.
pub fn note(seen: &Observed) -> Option<String> {
    let turning = if seen.juju.tls.related { "on" } else { "off" };
    let (until, units) = match next_stage(seen) {
        Next::Reached => return None,
        Next::Go(_) => return Some(format!("turning TLS {turning}")),
        Next::Waits { until, units } => (until, units),
    };
    let what = match until {
        Lack::Certificate => "the certificate of",
        Lack::Stage => "",
        Lack::Trust => "the trust of",
    };
    let units: Vec<String> = units.iter().map(MemberName::unit).collect();
    let separator = if what.is_empty() { "" } else { " " };
    Some(format!(
        "turning TLS {turning}: waiting for {what}{separator}{}",
        units.join(", ")
    ))
}
