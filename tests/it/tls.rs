//! TLS on, off, renewed and with another authority, for clusters of every size, in any order of hooks, cut anywhere:
//! whoever has to reach another can, after every step.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use postgresql_charm::domain::decide::status::status;
use postgresql_charm::domain::decide::{self, tls};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{ManagedFile, Seen, ServerTls, Service, TlsView};
use postgresql_charm::domain::tls::{Course, Material, Names, Stage};
use postgresql_charm::domain::words::{MemberName, Secret};
use postgresql_charm::reconcile::{World as _, reconcile};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::model::Model;

/// A certificate of this name, as far as this charm looks into one.
fn pem(name: &str) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(name);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----")
}

fn material(of: &str, authority: &str) -> Material {
    Material {
        key: Secret::new(format!(
            "-----BEGIN PRIVATE KEY-----\nhidden-key-of-{of}\n-----END PRIVATE KEY-----"
        )),
        certificate: pem(of),
        chain: Vec::new(),
        ca: pem(authority),
        not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
    }
}

/// Who vouches for a unit, in the file with its certificate: the last.
fn authority(identity: &str) -> Option<&str> {
    let begin = identity.rfind("-----BEGIN CERTIFICATE-----")?;
    Some(identity[begin..].trim())
}

struct Cluster {
    units: Vec<Model>,
    /// Whether it began in a state in which all reach each other.
    sound: bool,
}

impl Cluster {
    fn of(size: u8) -> Self {
        static THREE: OnceLock<Vec<Model>> = OnceLock::new();
        let build = || {
            (0..size)
                .map(|number| Model::one_of(size, number))
                .collect()
        };
        let units = if size == 3 {
            THREE.get_or_init(build).clone()
        } else {
            build()
        };
        Self { units, sound: true }
    }

    /// Relates the authority; who is `without` gets no certificate yet.
    fn relate(&mut self, authority: &str, without: Option<usize>) {
        for number in 0..self.units.len() {
            self.units[number].seen.juju.tls.related = true;
            self.ask(number);
            if Some(number) == without {
                self.units[number].seen.juju.tls.waiting = Some("waiting for a certificate".into());
            } else {
                self.certify(number, authority);
            }
        }
    }

    /// Its request is with the authority.
    fn ask(&mut self, number: usize) {
        let seen = &mut self.units[number].seen;
        let address = seen.juju.address.unwrap();
        let names = Names::of(&seen.juju.member, address, seen.host.hostname.as_deref());
        seen.juju.tls.asked_for = Some(names);
    }

    fn certify(&mut self, number: usize, authority: &str) {
        let view = &mut self.units[number].seen.juju.tls;
        view.waiting = None;
        view.material = Some(material(
            &format!("unit {number} by {authority}"),
            authority,
        ));
    }

    fn unrelate(&mut self) {
        for unit in &mut self.units {
            unit.seen.juju.tls = TlsView::default();
        }
    }

    /// One hook of one unit, which dies after some steps when told to.
    fn hook(&mut self, number: usize, dies_after: Option<usize>) -> usize {
        let unit = &mut self.units[number];
        let before = unit.performed.len();
        unit.steps_left = dies_after;
        reconcile(unit).unwrap();
        let did = unit.performed.len() - before;
        // It ended well when it had no more to do than it was given.
        if dies_after.is_some_and(|most| did >= most) {
            unit.die();
        } else {
            unit.end_well();
            self.tell(number);
        }
        if self.sound {
            self.nobody_is_cut_off();
        }
        did
    }

    /// What a unit has written reaches the others, and etcd is one.
    fn tell(&mut self, number: usize) {
        let from = self.units[number].seen.juju.clone();
        let peers = from.peers.unwrap();
        let url = self.peer_url(number);
        for (other, unit) in self.units.iter_mut().enumerate() {
            if let Seen::Known(etcd) = &mut unit.seen.etcd {
                for member in &mut etcd.members {
                    if member.name.as_ref() == Some(&from.member)
                        && let Some(url) = &url
                    {
                        member.peer_urls = vec![url.clone()];
                    }
                }
            }
            if other == number {
                continue;
            }
            let theirs = unit.seen.juju.peers.as_mut().unwrap();
            if from.leader {
                theirs.tls_course = peers.tls_course;
            }
            if let Some(said) = peers.tls.get(&from.member) {
                theirs.tls.insert(from.member.clone(), said.clone());
            }
            unit.remember();
        }
    }

    fn peer_url(&self, number: usize) -> Option<String> {
        let unit = &self.units[number].seen;
        let member = unit.etcd.known()?.member(&unit.juju.member, None)?;
        member.peer_urls.first().cloned()
    }

    /// Hooks until nobody has anything to do.
    fn come_to_rest(&mut self) {
        for _ in 0..60 {
            let did: usize = (0..self.units.len())
                .map(|number| self.hook(number, None))
                .sum();
            if did == 0 {
                return;
            }
        }
        let said: Vec<_> = self.units.iter().map(|unit| &unit.performed).collect();
        panic!("the cluster does not come to rest: {said:#?}");
    }

    fn stages(&self) -> Vec<Stage> {
        self.units
            .iter()
            .map(|unit| tls::stage(&unit.seen))
            .collect()
    }

    fn all(&self, stage: Stage) -> bool {
        self.stages().iter().all(|it| *it == stage)
    }

    fn file(&self, number: usize, file: ManagedFile) -> &str {
        let files = &self.units[number].seen.host.files;
        files.get(&file).map_or("", Secret::expose)
    }

    /// What the running etcd was told.
    fn setting(&self, number: usize, name: &str) -> &str {
        let text = &self.units[number].running.etcd;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default()
            .trim_start_matches('=')
            .trim_matches('"')
    }

    /// Every client reaches every server, and trusts it where it uses TLS.
    #[track_caller]
    fn nobody_is_cut_off(&self) {
        for client in 0..self.units.len() {
            let running = &self.units[client].running;
            let etcd_over_tls = running.way_to_etcd.contains(&"protocol: https".to_owned());
            let database_over_tls = running.clients_use_tls;
            let trusted = self.file(client, ManagedFile::TlsAuthorities);
            for server in 0..self.units.len() {
                let what = format!("unit {client} to unit {server}: {:?}", self.stages());
                let theirs = &self.units[server].running;
                if theirs.way_to_etcd.is_empty() || running.way_to_etcd.is_empty() {
                    // Nothing runs there yet.
                    continue;
                }
                let serves = theirs.serves_tls;
                assert!(serves || !database_over_tls, "PostgreSQL, {what}");
                let refuses = theirs.refuses_plaintext;
                assert!(!refuses || database_over_tls, "PostgreSQL refuses, {what}");
                let shown = authority(&theirs.identity);
                let trusts = shown.is_some_and(|shown| trusted.contains(shown));
                assert!(trusts || !database_over_tls, "trust, {what}");
                let listens = self.setting(server, "ETCD_LISTEN_CLIENT_URLS");
                if listens.is_empty() {
                    continue;
                }
                let scheme = if etcd_over_tls { "https://" } else { "http://" };
                assert!(listens.contains(scheme), "etcd, {what}");
                // etcd reads its certificate for each connection.
                let shown = authority(self.file(server, ManagedFile::TlsIdentity));
                let trusts = shown.is_some_and(|shown| trusted.contains(shown));
                assert!(trusts || !etcd_over_tls, "trust of etcd, {what}");
                let url = self.peer_url(server).unwrap_or_default();
                let listens = self.setting(server, "ETCD_LISTEN_PEER_URLS");
                assert!(
                    listens.split(',').any(|it| it == url),
                    "peers of etcd, {what}: {url}"
                );
                let votes = !self.setting(client, "ETCD_NAME").is_empty();
                if client != server && votes && url.starts_with("https") {
                    let trusts = shown.is_some_and(|shown| running.etcd_trusts.contains(shown));
                    assert!(trusts, "trust of peers, {what}");
                }
            }
        }
    }

    /// What runs is what is written.
    #[track_caller]
    fn all_is_in_force(&self) {
        for (number, unit) in self.units.iter().enumerate() {
            let mut as_written = unit.clone();
            as_written.begins(Service::Patroni);
            if !unit.running.etcd.is_empty() {
                as_written.begins(Service::Etcd);
            }
            assert_eq!(unit.running, as_written.running, "unit {number}");
        }
    }

    fn restarts(&self) -> usize {
        let steps = self.units.iter().flat_map(|unit| &unit.performed);
        steps
            .filter(|step| step.contains("start etcd anew"))
            .count()
    }

    fn message(&self, number: usize) -> String {
        let seen = &self.units[number].seen;
        status(seen, &Decision::Settled).message
    }
}

#[test]
fn every_size_turns_tls_on_and_off_again_and_leaves_nothing_behind() {
    for size in [1, 2, 3, 5] {
        let mut cluster = Cluster::of(size);
        cluster.come_to_rest();
        let before = cluster.restarts();
        cluster.relate("first", None);
        cluster.come_to_rest();
        assert!(cluster.all(Stage::Only), "{size}: {:?}", cluster.stages());
        let voters = decide::voters::number(usize::from(size));
        assert_eq!(cluster.restarts() - before, 2 * voters, "{size} units");
        cluster.unrelate();
        cluster.come_to_rest();
        assert!(cluster.all(Stage::Off), "{size}: {:?}", cluster.stages());
        for number in 0..usize::from(size) {
            for file in [ManagedFile::TlsIdentity, ManagedFile::TlsAuthorities] {
                assert_eq!(cluster.file(number, file), "", "{size} units");
            }
            assert!(!cluster.units[number].seen.database.known().unwrap().tls.on);
        }
    }
}

#[test]
fn a_renewed_certificate_of_the_same_authority_restarts_nothing() {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", None);
    cluster.come_to_rest();
    let steps = |cluster: &Cluster| cluster.units[1].performed.len();
    let before = steps(&cluster);
    let renewed = Some(material("unit 1 renewed", "first"));
    cluster.units[1].seen.juju.tls.material = renewed;
    cluster.come_to_rest();
    assert_eq!(
        cluster.units[1].performed[before..],
        [
            "write this unit's certificate",
            "forget what Patroni runs with",
            "have Patroni read its configuration again",
            "write what Patroni runs with",
        ]
    );
    assert!(
        cluster
            .file(1, ManagedFile::TlsIdentity)
            .contains(&pem("unit 1 renewed"))
    );
}

#[test]
fn another_authority_is_trusted_by_all_before_it_is_used_and_the_old_one_goes_last() {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", None);
    cluster.come_to_rest();
    cluster.certify(0, "second");
    cluster.hook(0, None);
    // The others have not heard of it.
    assert!(
        cluster
            .file(0, ManagedFile::TlsIdentity)
            .contains(&pem("first"))
    );
    cluster.come_to_rest();
    assert!(
        cluster
            .file(0, ManagedFile::TlsIdentity)
            .contains(&pem("second"))
    );
    for number in 0..3 {
        let trusted = cluster.file(number, ManagedFile::TlsAuthorities);
        assert!(trusted.contains(&pem("first")) && trusted.contains(&pem("second")));
    }
    cluster.certify(1, "second");
    cluster.certify(2, "second");
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only));
    for number in 0..3 {
        let trusted = cluster.file(number, ManagedFile::TlsAuthorities);
        assert!(!trusted.contains(&pem("first")) && trusted.contains(&pem("second")));
    }
}

/// Of three units that come at once two may have begun before the first has seen them.
#[test]
fn a_unit_that_juju_expects_is_waited_for_although_it_was_not_seen_yet() {
    let mut cluster = Cluster::of(1);
    let expected: MemberName = "postgresql-1".parse().unwrap();
    let peers = cluster.units[0].seen.juju.peers.as_mut().unwrap();
    peers.expected.insert(expected);
    cluster.relate("first", None);
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Off));
    let waiting = "Primary; turning TLS on: waiting for the certificate of postgresql/1";
    assert_eq!(cluster.message(0), waiting);
}

/// However they came to be there, units that run without a certificate find to the others.
#[test]
fn units_without_a_certificate_learn_to_trust_each_other_and_then_use_theirs() {
    let mut cluster = Cluster::of(3);
    cluster.sound = false;
    cluster.relate("first", None);
    let only = Course {
        stage: Stage::Only,
        from: Stage::Use,
        number: 3,
    };
    for unit in &mut cluster.units {
        unit.seen.juju.peers.as_mut().unwrap().tls_course = only;
        unit.remember();
    }
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only), "{:?}", cluster.stages());
}

#[test]
fn an_authority_that_was_handed_over_is_trusted_too() {
    let mut cluster = Cluster::of(1);
    cluster.relate("first", None);
    cluster.units[0].seen.juju.tls.transferred = vec![pem("handed over")];
    cluster.come_to_rest();
    assert!(
        cluster
            .file(0, ManagedFile::TlsAuthorities)
            .contains(&pem("handed over"))
    );
}

#[test]
fn a_unit_without_a_certificate_holds_the_others_and_is_named() {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", Some(2));
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Off));
    let waiting = "turning TLS on: waiting for the certificate of postgresql/2";
    assert_eq!(cluster.message(0), format!("Primary; {waiting}"));
    assert_eq!(cluster.message(1), waiting);
    assert_eq!(cluster.message(2), "waiting for a certificate");
    cluster.certify(2, "first");
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only));
    assert_eq!(cluster.message(0), "Primary");
}

#[test]
fn a_unit_that_loses_its_material_keeps_the_certificate_it_has() {
    let mut cluster = Cluster::of(2);
    cluster.relate("first", None);
    cluster.come_to_rest();
    cluster.units[1].seen.juju.tls.material = None;
    let before = cluster.units[1].performed.len();
    cluster.come_to_rest();
    assert!(cluster.all(Stage::Only));
    assert_eq!(cluster.units[1].performed.len(), before);
}

#[test]
fn the_leader_may_change_half_way() {
    for hooks in 0..12 {
        let mut cluster = Cluster::of(3);
        cluster.relate("first", None);
        for number in 0..hooks {
            cluster.hook(number % 3, None);
        }
        cluster.units[0].seen.juju.leader = false;
        cluster.units[1].seen.juju.leader = true;
        cluster.come_to_rest();
        assert!(
            cluster.all(Stage::Only),
            "after {hooks} hooks: {:?}",
            cluster.stages()
        );
    }
}

/// A unit that comes while the cluster has gone some way, and gets its certificate some hooks later.
#[test]
fn a_unit_that_comes_half_way_begins_where_the_others_are() {
    for hooks in 0..12 {
        let mut cluster = Cluster::of(3);
        let mut newcomer = Model::one_of(3, 2).before_its_programs();
        // Until it has come, the others are two.
        for unit in &mut cluster.units {
            let peers = unit.seen.juju.peers.as_mut().unwrap();
            peers.units.remove(&newcomer.seen.juju.member);
            unit.remember();
        }
        let mut all = std::mem::take(&mut cluster.units);
        all.truncate(2);
        cluster.units = all;
        cluster.relate("first", None);
        for number in 0..hooks {
            cluster.hook(number % 2, None);
        }
        let leaders = cluster.units[0].seen.juju.peers.clone().unwrap();
        let theirs = newcomer.seen.juju.peers.as_mut().unwrap();
        (theirs.tls_course, theirs.tls) = (leaders.tls_course, leaders.tls);
        newcomer.remember();
        let (name, address) = (
            newcomer.seen.juju.member.clone(),
            newcomer.seen.juju.address,
        );
        for unit in &mut cluster.units {
            let peers = unit.seen.juju.peers.as_mut().unwrap();
            peers.units.insert(name.clone(), address);
            unit.remember();
        }
        cluster.units.push(newcomer);
        cluster.units[2].seen.juju.tls.related = true;
        cluster.ask(2);
        cluster.come_to_rest();
        cluster.certify(2, "first");
        cluster.come_to_rest();
        assert!(
            cluster.all(Stage::Only),
            "after {hooks} hooks: {:?}",
            cluster.stages()
        );
        cluster.unrelate();
        cluster.come_to_rest();
        assert!(
            cluster.all(Stage::Off),
            "after {hooks} hooks: {:?}",
            cluster.stages()
        );
    }
}

/// Related again while the units still go back from TLS, and the hook of one dies after Patroni has taken up that there is
/// none, and before that is recorded.
#[test]
fn who_is_related_again_on_the_way_back_turns_round_although_a_hook_dies() {
    use Event::{Certify, Hook, Relate, Unrelate};
    let hook = |unit| Hook(unit, None);
    ends_in_one_place(&[
        hook(1),
        hook(2),
        hook(0),
        Relate,
        hook(0),
        Certify(2, "first"),
        hook(2),
        hook(1),
        hook(0),
        Unrelate,
        hook(0),
        hook(1),
        hook(2),
        hook(0),
        hook(2),
        Relate,
        Hook(1, Some(5)),
        hook(2),
    ]);
}

/// Once TLS is on, PostgreSQL is changed by hand, as `change` says, and what the unit does is told, at once and later.
fn when_postgresql_does_otherwise(change: impl Fn(&mut Model)) -> (String, Vec<String>) {
    let mut cluster = Cluster::of(1);
    cluster.relate("first", None);
    cluster.come_to_rest();
    let unit = &mut cluster.units[0];
    change(unit);
    let mut seen = unit.observe().unwrap();
    let Decision::Wait(wait) = decide::reconcile(&seen) else {
        panic!("it is not waited for: {:?}", decide::reconcile(&seen));
    };
    seen.waited = wait.patience;
    let Decision::Do(plan) = decide::reconcile(&seen) else {
        panic!("nothing is done about it: {:?}", decide::reconcile(&seen));
    };
    (
        wait.reason,
        plan.steps.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn rules_that_postgresql_does_not_have_yet_are_waited_for_and_then_seen_to() {
    let (waits, does) =
        when_postgresql_does_otherwise(|unit| unit.running.refuses_plaintext = false);
    assert_eq!(
        waits,
        "PostgreSQL is about to refuse connections without TLS"
    );
    assert_eq!(
        does,
        [
            "start Patroni anew while PostgreSQL runs on",
            "have Patroni read its configuration again"
        ]
    );
}

#[test]
fn a_certificate_that_postgresql_has_not_read_yet_is_waited_for_and_then_seen_to() {
    let (waits, does) = when_postgresql_does_otherwise(|unit| unit.running.identity.clear());
    assert_eq!(waits, "PostgreSQL is taking up its certificate");
    assert_eq!(does, ["have Patroni read its configuration again"]);
}

#[test]
fn a_file_from_the_future_is_no_reason_to_wait() {
    let at = |text: &str| text.parse().unwrap();
    let tls = |written| ServerTls {
        on: true,
        plaintext: true,
        loaded: at("2026-01-01T12:00:00Z"),
        rules_written: Some(at("2026-01-01T11:00:00Z")),
        certificate_written: Some(at(written)),
    };
    let now = at("2026-01-01T13:00:00Z");
    assert!(tls("2026-01-01T12:00:00Z").is_up_to_date(now));
    assert!(!tls("2026-01-01T12:00:00.001Z").is_up_to_date(now));
    assert!(tls("2026-01-01T13:00:01Z").is_up_to_date(now));
}

/// Walks that cut somebody off, or did not come to rest, before what is relied upon was told from what is wanted.
#[test]
fn a_hook_that_dies_while_an_authority_comes_or_goes_does_no_harm() {
    use Event::{Certify, Hook, Relate, Unrelate};
    let hook = |unit| Hook(unit, None);
    let dies = |unit, after| Hook(unit, Some(after));
    let walks: [&[Event]; 6] = [
        &[
            hook(2),
            hook(1),
            Relate,
            hook(0),
            hook(2),
            Unrelate,
            hook(0),
            dies(2, 5),
            Relate,
            hook(0),
        ],
        &[hook(2), hook(1), hook(0), hook(0), Unrelate],
        &[
            hook(1),
            hook(2),
            hook(0),
            hook(1),
            hook(2),
            hook(0),
            hook(0),
            hook(1),
            Relate,
            hook(0),
            hook(2),
            dies(1, 4),
        ],
        &[
            Relate,
            hook(2),
            hook(1),
            hook(0),
            hook(2),
            hook(1),
            hook(0),
            Certify(0, "first"),
            hook(0),
            Relate,
            dies(0, 3),
            Relate,
            hook(1),
            Certify(2, "first"),
            hook(2),
        ],
        &[
            hook(2),
            hook(1),
            hook(0),
            hook(1),
            hook(0),
            hook(2),
            hook(0),
            hook(0),
            hook(0),
            hook(2),
            Relate,
            hook(1),
            hook(0),
            dies(2, 2),
            dies(2, 3),
        ],
        &[
            hook(1),
            hook(2),
            hook(0),
            hook(2),
            Relate,
            hook(0),
            hook(1),
            hook(0),
            Unrelate,
            hook(1),
            Relate,
            Certify(1, "first"),
            dies(1, 2),
            hook(2),
            hook(2),
        ],
    ];
    for walk in walks {
        ends_in_one_place(walk);
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Hook(usize, Option<usize>),
    Relate,
    Unrelate,
    Certify(usize, &'static str),
    Elect(usize),
    /// A program ends and is started by the machine's service manager.
    Restarts(usize, Service),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let authority = prop_oneof![Just("first"), Just("second")];
    let programs = prop_oneof![Just(Service::Etcd), Just(Service::Patroni)];
    let event = prop_oneof![
        20 => (0..3_usize, proptest::option::of(0..9_usize)).prop_map(|(unit, cut)| Event::Hook(unit, cut)),
        1 => Just(Event::Relate),
        1 => Just(Event::Unrelate),
        2 => (0..3_usize, authority).prop_map(|(unit, by)| Event::Certify(unit, by)),
        1 => (0..3_usize).prop_map(Event::Elect),
        2 => (0..3_usize, programs).prop_map(|(unit, program)| Event::Restarts(unit, program)),
    ];
    prop::collection::vec(event, 1..60)
}

/// Whatever happens, then everything settles.
#[track_caller]
fn ends_in_one_place(events: &[Event]) {
    let mut cluster = Cluster::of(3);
    cluster.relate("first", None);
    let mut related = true;
    for event in events {
        match *event {
            Event::Hook(unit, cut) => {
                cluster.hook(unit, cut);
            }
            Event::Relate => {
                related = true;
                cluster.relate("second", None);
            }
            Event::Unrelate => {
                related = false;
                cluster.unrelate();
            }
            Event::Certify(unit, by) if related => cluster.certify(unit, by),
            Event::Certify(..) => {}
            Event::Restarts(unit, Service::Etcd) => cluster.units[unit].begins(Service::Etcd),
            Event::Restarts(unit, _) => cluster.units[unit].begins_again(),
            Event::Elect(unit) => {
                for (number, model) in cluster.units.iter_mut().enumerate() {
                    model.seen.juju.leader = number == unit;
                }
            }
        }
    }
    cluster.come_to_rest();
    cluster.all_is_in_force();
    let end = if related { Stage::Only } else { Stage::Off };
    assert!(cluster.all(end), "{:?}", cluster.stages());
    if related {
        let trusted: BTreeSet<&str> = (0..3)
            .map(|number| cluster.file(number, ManagedFile::TlsAuthorities))
            .collect();
        assert_eq!(trusted.len(), 1);
    }
}

/// The same few walks in each build, so that what a build says of a change is about the change. `make tls-walks` takes others:
/// `PROPTEST_CASES` says how many, `PROPTEST_RNG_SEED` which.
fn walks() -> ProptestConfig {
    let told = ProptestConfig::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => told.cases,
        None => 48,
    };
    let seed = match told.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 1,
    };
    // Shown with a failure only.
    println!("PROPTEST_CASES={cases} PROPTEST_RNG_SEED={seed}");
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..told
    }
}

proptest! {
    #![proptest_config(walks())]

    #[test]
    fn whatever_happens_in_whichever_order_nobody_is_cut_off_and_all_end_in_one_place(events in events()) {
        ends_in_one_place(&events);
    }
}
