//! TLS on, off, renewed and with another authority, for clusters of every size, in any order of hooks, cut anywhere:
//! whoever has to reach another can, after every step.

mod course;
mod effect;
mod walks;

use crate::model::Model;
use postgresql_charm::domain::decide::status::status;
use postgresql_charm::domain::decide::{self, tls};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{ManagedFile, Seen, ServerTls, Service, TlsView};
use postgresql_charm::domain::tls::{Course, Material, Names, Stage};
use postgresql_charm::domain::words::{MemberName, Secret};
use postgresql_charm::reconcile::{World as _, reconcile};
use std::collections::BTreeSet;
use std::sync::OnceLock;

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
