//! TLS is turned on, its authority replaced, and turned off again, while somebody writes: what was acknowledged is there,
//! PostgreSQL is restarted by none of it, and in between plaintext is refused.

use std::thread;

use crate::lab::{Lab, eventually, over_the_network};
use crate::writer::{Over, Writer};

const UNITS: [&str; 3] = ["postgresql/0", "postgresql/1", "postgresql/2"];

fn file(lab: &Lab, unit: usize, name: &str) -> String {
    let machine = lab.machine(u32::try_from(unit).unwrap());
    let path = machine.join("etc/postgresql-charm").join(name);
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What etcd of a unit is told, without the scheme's rest.
fn address(lab: &Lab, unit: usize) -> String {
    let text = file(lab, unit, "etcd.env");
    let urls = text
        .lines()
        .find_map(|line| line.strip_prefix("ETCD_ADVERTISE_CLIENT_URLS="));
    let url = urls.expect("every unit votes").trim_matches('"');
    let (_, authority) = url.split_once("://").unwrap();
    authority.split(':').next().unwrap().to_owned()
}

/// A login over the network. What the server or the client has against it, otherwise the answer.
fn login(lab: &Lab, unit: usize, password: &str, mode: &str) -> Result<String, String> {
    let authorities = lab
        .machine(u32::try_from(unit).unwrap())
        .join("etc/postgresql-charm/tls-authorities.pem");
    let target = format!(
        "host={} user=operator dbname=postgres connect_timeout=10 sslmode={mode} sslrootcert={}",
        address(lab, unit),
        authorities.display()
    );
    let query = "select version from pg_stat_ssl where pid = pg_backend_pid()";
    over_the_network(&target, password, query)
}

/// All units are in a stage, and nobody is on the way to another.
#[track_caller]
fn all_are(lab: &Lab, on: bool) {
    eventually(&format!("TLS is on: {on}"), || {
        for (number, unit) in UNITS.iter().enumerate() {
            let patroni = file(lab, number, "patroni.yaml");
            let refuses = patroni.contains("hostssl ");
            let serves = patroni.contains("ssl_key_file");
            let etcd = file(lab, number, "etcd.env");
            let (plain, tls) = (etcd.contains("http://"), etcd.contains("https://"));
            let there = if on {
                refuses && tls && !etcd.contains("LISTEN_CLIENT_URLS=\"http://")
            } else {
                !serves && plain && !etcd.contains("CERT_FILE")
            };
            let (status, message) = lab.status(unit);
            if !there || status != "active" || message.contains("TLS") {
                return Err(format!("{unit}: {status} {message}"));
            }
        }
        Ok(())
    });
}

/// When PostgreSQL of each unit was started.
fn started(lab: &Lab) -> Vec<String> {
    let when = "select pg_postmaster_start_time()";
    UNITS.iter().map(|unit| lab.sql(unit, when)).collect()
}

fn followers(lab: &Lab) -> (usize, String) {
    let primary = UNITS
        .iter()
        .find(|unit| lab.sql(unit, "select pg_is_in_recovery()") == "f")
        .expect("there is a primary");
    let tls = "select count(*) from pg_stat_replication join pg_stat_ssl using (pid) where ssl";
    let all = lab.sql(primary, "select count(*) from pg_stat_replication");
    (lab.sql(primary, tls).parse().unwrap(), all)
}

#[test]
fn tls_comes_changes_its_authority_and_goes_while_somebody_writes() {
    let lab = Lab::new("tls");
    lab.deploy("postgresql", "postgresql");
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.deploy("self-signed-certificates", "ca");
    lab.settle();
    eventually("all units vote", || {
        let voting = (0..3).filter(|unit| !file(&lab, *unit, "etcd.env").is_empty());
        match voting.count() {
            3 => Ok(()),
            other => Err(other.to_string()),
        }
    });
    let task = lab.run("postgresql/0", "get-password", &[]).done();
    let password = task.result("password").to_owned();
    let before = started(&lab);
    let writer = Writer::new(&lab);
    thread::scope(|scope| {
        let _over = Over(&writer.over);
        scope.spawn(|| writer.write());
        writer.goes_on();

        lab.juju(&["integrate", "postgresql:certificates", "ca"])
            .ok();
        all_are(&lab, true);
        writer.goes_on();
        for number in 0..3 {
            // Patroni reads its configuration again in its next round, ten seconds later at most.
            eventually("plaintext is refused", || {
                match login(&lab, number, &password, "disable") {
                    Err(refused) if refused.contains("no encryption") => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            });
            let version = login(&lab, number, &password, "verify-full").unwrap();
            assert!(version.starts_with("TLSv1."), "{version}");
        }
        eventually("both replicas follow through TLS", || {
            match followers(&lab) {
                (2, all) if all == "2" => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });

        let first = file(&lab, 0, "tls-authorities.pem");
        lab.run("ca/0", "rotate-ca", &[]).done();
        eventually("all trust the new authority and it alone", || {
            for number in 0..3 {
                let trusted = file(&lab, number, "tls-authorities.pem");
                let count = trusted.matches("BEGIN CERTIFICATE").count();
                if count != 1 || trusted == first {
                    return Err(format!("unit {number} trusts {count}"));
                }
            }
            Ok(())
        });
        all_are(&lab, true);
        writer.goes_on();
        for number in 0..3 {
            eventually("the new certificate is shown", || {
                login(&lab, number, &password, "verify-full").map(|_| ())
            });
        }

        lab.juju(&["remove-relation", "postgresql:certificates", "ca"])
            .ok();
        all_are(&lab, false);
        writer.goes_on();
        for number in 0..3 {
            eventually("plaintext is accepted", || {
                login(&lab, number, &password, "disable").map(|_| ())
            });
            assert_eq!(login(&lab, number, &password, "disable").unwrap(), "");
            assert_eq!(file(&lab, number, "tls-identity.pem"), "");
        }
    });
    assert_eq!(started(&lab), before, "nothing restarts PostgreSQL");

    writer.finds_everything(&lab, "postgresql/0");
}
