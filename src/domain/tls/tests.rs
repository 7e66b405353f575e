//! What is made of a provider's answers. The certificates are real.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::authority::{Issued, Refused, material};
use super::certificate::Certificate;
use super::request::Request;
use super::standing::{Again, Answer, Kept, Standing, judge};
use super::{Names, PrivateKey};
use crate::adapters::requests;
use crate::domain::words::Timestamp;

const ADDRESS: &str = "10.0.0.1";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn of_an_authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root() -> Authority {
    CertifiedIssuer::self_signed(of_an_authority("root"), KeyPair::generate().unwrap()).unwrap()
}

fn below(root: &Authority) -> Authority {
    let key = KeyPair::generate().unwrap();
    CertifiedIssuer::signed_by(of_an_authority("between"), key, root).unwrap()
}

/// From 1 January to 11 April 2026: 100 days.
fn leaf() -> CertificateParams {
    let mut params = CertificateParams::new([ADDRESS.to_owned(), "postgresql-0".into()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2026, 4, 11);
    params
}

fn signed(params: &CertificateParams, key: &PrivateKey, by: &Authority) -> String {
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.pem().expose().as_bytes()).unwrap();
    let pair = KeyPair::try_from(&der).unwrap();
    params.signed_by(&pair, by).unwrap().pem()
}

fn issued(certificate: &str, chain: &[&str], ca: Option<&str>) -> Issued {
    Issued {
        certificate: certificate.to_owned(),
        chain: chain.iter().map(|text| (*text).to_owned()).collect(),
        ca: ca.map(str::to_owned),
    }
}

fn prove(key: &PrivateKey, issued: &Issued) -> Result<super::Material, Refused> {
    material(
        key,
        issued,
        [ADDRESS.parse().unwrap()],
        at("2026-02-01T00:00:00Z"),
    )
}

#[test]
fn a_chain_is_put_in_order_however_it_is_sent() {
    let (key, root) = (requests::private_key().unwrap(), root());
    let between = below(&root);
    let leaf = signed(&leaf(), &key, &between);
    let (between, root) = (between.pem(), root.pem());
    let joined = format!("{between}\n{root}");
    for issued in [
        issued(&leaf, &[&leaf, &between, &root], Some(&root)),
        issued(&leaf, &[&root, &between, &leaf], Some(&root)),
        issued(&leaf, &[&leaf, &between], Some(&root)),
        issued(&leaf, &[&between], Some(&root)),
        issued(&leaf, &[&leaf, &between, &root], None),
        issued(&leaf, &[&between, &root], Some(&between)),
        issued(&leaf, &[&joined], None),
        issued(&leaf.replace('\n', "\r\n"), &[&joined], None),
    ] {
        let material = prove(&key, &issued).unwrap();
        assert_eq!(
            material.certificate,
            Certificate::first_in(&leaf).unwrap().pem()
        );
        assert_eq!(
            material.chain,
            [Certificate::first_in(&between).unwrap().pem()]
        );
        assert_eq!(material.ca, Certificate::first_in(&root).unwrap().pem());
        assert_eq!(material.not_after, at("2026-04-11T00:00:00Z"));
        assert_eq!(&material.key, key.pem());
    }
}

#[test]
fn what_does_not_belong_to_the_unit_is_refused() {
    let (key, root) = (requests::private_key().unwrap(), root());
    let other_key = requests::private_key().unwrap();
    let ca = root.pem();
    let stranger = self::root().pem();
    let good = signed(&leaf(), &key, &root);
    let mut one_way = leaf();
    one_way.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut elsewhere = CertificateParams::new(["10.0.0.2".to_owned()]).unwrap();
    elsewhere.not_before = leaf().not_before;
    elsewhere.not_after = leaf().not_after;
    let mut nameless = leaf();
    nameless.distinguished_name = DistinguishedName::new();
    // A certificate that may not vouch for others does not, even if it has signed.
    let no_authority =
        CertifiedIssuer::signed_by(named("between"), KeyPair::generate().unwrap(), &root).unwrap();
    for (certificate, chain, ca, refused) in [
        ("hello".to_owned(), vec![], Some(&ca), Refused::Unreadable),
        (
            signed(&leaf(), &other_key, &root),
            vec![],
            Some(&ca),
            Refused::OtherKey,
        ),
        (
            signed(&elsewhere, &key, &root),
            vec![],
            Some(&ca),
            Refused::OtherAddress(ADDRESS.parse().unwrap()),
        ),
        (
            signed(&one_way, &key, &root),
            vec![],
            Some(&ca),
            Refused::OneWay,
        ),
        (
            signed(&nameless, &key, &root),
            vec![],
            Some(&ca),
            Refused::NoName,
        ),
        (good.clone(), vec![], None, Refused::NoRoot),
        (good.clone(), vec![good.clone()], None, Refused::NoRoot),
        // The same name, another key.
        (good, vec![], Some(&stranger), Refused::NoRoot),
        (
            signed(&leaf(), &key, &no_authority),
            vec![no_authority.pem()],
            Some(&ca),
            Refused::NoRoot,
        ),
    ] {
        let issued = Issued {
            certificate,
            chain,
            ca: ca.cloned(),
        };
        assert_eq!(prove(&key, &issued), Err(refused));
    }
}

#[test]
fn a_root_that_expires_first_ends_the_certificate() {
    let key = requests::private_key().unwrap();
    let mut params = of_an_authority("root");
    params.not_after = rcgen::date_time_ymd(2026, 3, 1);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issued = issued(&signed(&leaf(), &key, &root), &[], Some(&root.pem()));
    let end = at("2026-03-01T00:00:00Z");
    assert_eq!(prove(&key, &issued).unwrap().not_after, end);
    let later = material(&key, &issued, [], end);
    assert_eq!(later, Err(Refused::Expired(end)));
}

/// A unit that has asked on 1 January and was given a certificate for 100 days.
struct Story {
    kept: Kept,
    given: Issued,
}

impl Story {
    fn new() -> Self {
        let (key, root) = (requests::private_key().unwrap(), root());
        let given = issued(&signed(&leaf(), &key, &root), &[], Some(&root.pem()));
        let kept = Kept {
            request: Some(Self::request(&key)),
            asked: Some(at("2026-01-01T00:00:00Z")),
            used: None,
            key: Some(key),
        };
        Self { kept, given }
    }

    fn request(key: &PrivateKey) -> Request {
        let names = Names::of(
            &"postgresql-0".parse().unwrap(),
            ADDRESS.parse().unwrap(),
            None,
        );
        Request::read(&requests::request(key, &names, 1).unwrap()).unwrap()
    }

    fn at(&self, now: &str) -> Standing {
        self.told(&Answer::Issued(self.given.clone()), now)
    }

    fn told(&self, answer: &Answer, now: &str) -> Standing {
        judge(&self.kept, answer, at(now))
    }

    /// Puts what was given to use, and keeps it.
    fn keep(&mut self) {
        let material = self.at("2026-01-02T00:00:00Z").material.unwrap();
        let issued = issued(&material.certificate, &[], Some(&material.ca));
        self.kept.used = Some((self.kept.key.clone().unwrap(), issued));
    }

    /// Asks again on a day, with the key there is or another.
    fn ask_again(&mut self, when: &str, key: Option<PrivateKey>) {
        let key = key.or_else(|| self.kept.key.clone()).unwrap();
        self.kept.request = Some(Self::request(&key));
        self.kept.key = Some(key);
        self.kept.asked = Some(at(when));
    }
}

#[test]
fn a_certificate_is_fresh_until_it_is_kept() {
    let mut story = Story::new();
    assert!(story.at("2026-01-02T00:00:00Z").fresh);
    story.keep();
    let standing = story.at("2026-01-02T00:00:00Z");
    assert!(!standing.fresh && standing.material.is_some());
    assert_eq!(
        (standing.waiting, standing.problem, standing.again),
        (None, None, None)
    );
}

#[test]
fn it_is_renewed_when_three_quarters_of_its_life_are_over_and_serves_until_the_next_has_come() {
    let mut story = Story::new();
    story.keep();
    assert_eq!(story.at("2026-03-16T23:59:59Z").again, None);
    assert_eq!(story.at("2026-03-17T00:00:00Z").again, Some(Again::Renewal));
    story.ask_again("2026-03-17T00:00:00Z", None);
    let standing = story.told(&Answer::None, "2026-03-18T00:00:00Z");
    assert!(standing.material.is_some() && !standing.fresh);
    assert_eq!(
        (standing.waiting, standing.problem, standing.again),
        (None, None, None)
    );
}

#[test]
fn people_are_told_before_it_expires_when_nobody_renews_it() {
    let mut story = Story::new();
    story.keep();
    story.ask_again("2026-03-17T00:00:00Z", None);
    assert_eq!(
        story.told(&Answer::None, "2026-03-31T00:00:00Z").problem,
        None
    );
    let late = story.told(&Answer::None, "2026-04-01T00:00:01Z");
    assert!(late.material.is_some());
    assert_eq!(
        late.problem.unwrap(),
        "the certificate expires on 2026-04-11T00:00:00Z and the provider has not renewed it"
    );
    let over = story.told(&Answer::None, "2026-04-11T00:00:00Z");
    assert_eq!(over.material, None);
    assert_eq!(
        over.waiting.unwrap(),
        "waiting for the provider's certificate"
    );
}

#[test]
fn a_certificate_that_has_lived_is_replaced_and_one_that_came_expired_is_a_problem() {
    let mut story = Story::new();
    story.keep();
    let over = story.at("2026-05-01T00:00:00Z");
    assert_eq!((over.material, over.again), (None, Some(Again::Expired)));
    assert_eq!(
        over.waiting.unwrap(),
        "waiting for another certificate: the certificate has expired on 2026-04-11T00:00:00Z"
    );
    story.ask_again("2026-05-01T00:00:00Z", None);
    let dead = story.at("2026-05-01T00:01:00Z");
    assert_eq!(
        (dead.material, dead.again),
        (None, None),
        "it is not asked for ever"
    );
    assert_eq!(
        dead.problem.unwrap(),
        "the certificate has expired on 2026-04-11T00:00:00Z"
    );
}

#[test]
fn a_certificate_from_the_future_is_waited_for() {
    let standing = Story::new().at("2025-12-31T23:59:00Z");
    assert_eq!(standing.material, None);
    assert_eq!(
        standing.waiting.unwrap(),
        "the certificate is not valid before 2026-01-01T00:00:00Z: compare the clocks"
    );
}

#[test]
fn a_revoked_certificate_serves_until_another_has_come() {
    let mut story = Story::new();
    story.keep();
    let revoked = story.told(
        &Answer::Revoked(story.given.clone()),
        "2026-01-02T00:00:00Z",
    );
    assert!(revoked.material.is_some());
    assert_eq!(revoked.again, Some(Again::Revoked));
    assert!(revoked.waiting.unwrap().contains("revoked"));
}

#[test]
fn another_key_takes_over_when_its_certificate_has_come() {
    let mut story = Story::new();
    story.keep();
    let before = story.at("2026-01-02T00:00:00Z").material;
    let other = requests::private_key().unwrap();
    story.ask_again("2026-01-02T00:00:00Z", Some(other));
    let between = story.told(&Answer::None, "2026-01-02T00:00:00Z");
    assert_eq!(between.material, before);
    let stale = story.at("2026-01-02T00:00:00Z");
    assert_eq!(stale.material, before);
    assert_eq!(
        stale.problem.unwrap(),
        "the provider's certificate does not belong to this unit's private key"
    );
}

#[test]
fn what_a_provider_says_instead_of_a_certificate_is_shown() {
    let story = Story::new();
    let error = |may_come| Answer::Error {
        message: "IP addresses are not allowed".into(),
        may_come,
    };
    let said = "the provider issues no certificate: IP addresses are not allowed";
    let now = "2026-01-01T00:00:00Z";
    assert_eq!(
        story.told(&error(false), now).problem.as_deref(),
        Some(said)
    );
    let may_come = story.told(&error(true), now);
    assert_eq!(
        (may_come.problem, may_come.waiting.as_deref()),
        (None, Some(said))
    );
}

#[test]
fn a_request_of_another_key_does_not_count() {
    let mut story = Story::new();
    story.kept.key = Some(requests::private_key().unwrap());
    assert_eq!(story.at("2026-01-02T00:00:00Z").asked_for, None);
}

#[test]
fn a_unit_asks_for_its_address_as_a_name_too_and_leaves_out_what_no_host_is_called() {
    let names = |hostname| {
        Names::of(
            &"postgresql-0".parse().unwrap(),
            ADDRESS.parse().unwrap(),
            hostname,
        )
        .names
        .into_iter()
        .collect::<Vec<String>>()
    };
    assert_eq!(
        names(Some("juju-1")),
        ["10.0.0.1", "juju-1", "postgresql-0"]
    );
    for hostname in [
        None,
        Some("under_score"),
        Some("two words"),
        Some(""),
        Some("a..b"),
    ] {
        assert_eq!(names(hostname), ["10.0.0.1", "postgresql-0"]);
    }
}
