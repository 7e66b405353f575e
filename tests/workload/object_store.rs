//! The lab's object store: asked by us, and by pgBackRest.

use std::path::PathBuf;

use postgresql_charm::adapters::object_store::{
    AddressStyle, Bucket, Check, Keys, Listing, ObjectStore, Put, prove,
};
use postgresql_charm::adapters::pgbackrest::{ExitKind, PgBackRest};
use postgresql_charm::domain::words::Secret;

use crate::machine::{Machine, Running, eventually, need, soon};

struct Store<'a> {
    machine: &'a Machine,
    _running: Running,
}

impl<'a> Store<'a> {
    fn start(machine: &'a Machine) -> Self {
        let directory = machine.make_dir("store");
        let listen = format!("{}:9000", machine.address);
        let directory = directory.to_str().unwrap();
        let args = ["--dir", directory, "--listen", &listen];
        let running = machine.start("object-store", &program(machine), &args);
        eventually("the store listens", || {
            std::net::TcpStream::connect(&listen).ok()
        });
        Self {
            machine,
            _running: running,
        }
    }

    fn bucket(&self, name: &str) -> Bucket {
        let read = |file: &str| std::fs::read_to_string(self.machine.path(file)).unwrap();
        let keys: serde_json::Value =
            serde_json::from_str(&read("store/credentials.json")).unwrap();
        Bucket {
            name: name.to_owned(),
            endpoint: format!("https://{}:9000", self.machine.address),
            region: "us-east-1".to_owned(),
            style: AddressStyle::Path,
            ca_chain: vec![read("store/tls/ca.pem")],
            keys: Keys {
                access: keys["access-key"].as_str().unwrap().to_owned(),
                secret: keys["secret-key"].as_str().unwrap().into(),
            },
        }
    }

    /// How requests go wrong from now on.
    fn fault(&self, fault: &str) {
        self.machine.write("store/fault", fault);
    }
}

/// The lab's store, as cargo built it, where the workload's user may run it.
fn program(machine: &Machine) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap().join("lab-object-store");
    assert!(
        built.exists(),
        "the lab's object store is not built: cargo build -p lab-object-store"
    );
    let copy = machine.path("lab-object-store");
    std::fs::copy(built, &copy).unwrap();
    copy
}

fn failed(bucket: &Bucket) -> (Check, String) {
    let failure = prove(bucket, "r", true, soon()).unwrap_err();
    (failure.check, failure.message)
}

#[test]
fn a_store_is_proved_used_and_its_failures_told_apart() {
    let machine = Machine::new();
    let store = Store::start(&machine);
    let bucket = store.bucket("backups");
    let proof = prove(&bucket, "/r", true, soon()).unwrap();
    assert!(proof.bucket_created);
    assert!(!prove(&bucket, "/r", true, soon()).unwrap().bucket_created);

    let client = ObjectStore::new(bucket.clone()).unwrap();
    assert_eq!(client.get("r/a", soon()).unwrap(), None);
    let put = |content: &[u8]| client.put_if_absent("r/a", content, soon()).unwrap();
    assert_eq!(
        (put(b"first"), put(b"second")),
        (Put::Written, Put::AlreadyThere)
    );
    assert_eq!(client.get("r/a", soon()).unwrap().unwrap(), b"first");
    assert_eq!(
        client.get("r", soon()).unwrap(),
        None,
        "a folder is no object"
    );
    client
        .put("r/backup/s.1/backup.info", b"x", soon())
        .unwrap();
    let listing = Listing {
        objects: vec![("r/a".to_owned(), 5)],
        prefixes: vec!["r/backup/".to_owned()],
    };
    assert_eq!(client.list("r/", soon()).unwrap(), listing);
    assert_eq!(
        client.list_prefixes("r/backup/", soon()).unwrap(),
        ["r/backup/s.1/"]
    );
    client.delete("r/a", soon()).unwrap();
    client.delete("r/a", soon()).unwrap();
    assert_eq!(client.get("r/a", soon()).unwrap(), None);

    let with_keys = |access: &str, secret: Secret| {
        let keys = Keys {
            access: access.to_owned(),
            secret,
        };
        Bucket {
            keys,
            ..bucket.clone()
        }
    };
    let unknown = failed(&with_keys("nobody", bucket.keys.secret.clone()));
    assert_eq!(unknown.0, Check::Authenticate);
    assert_eq!(unknown.1, "the object store does not know the access key");
    let wrong = failed(&with_keys(&bucket.keys.access, "wrong".into()));
    assert_eq!(wrong.0, Check::Authenticate);
    assert_eq!(
        wrong.1,
        "the secret key is not the one that belongs to the access key"
    );
    let other = ObjectStore::new(store.bucket("nowhere")).unwrap();
    let error = other.get("a", soon()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "read the object a: there is no bucket nowhere"
    );

    store.fault("deny writes");
    assert_eq!(failed(&bucket).0, Check::Write);
    store.fault("drop");
    assert!(client.get("r/a", soon()).unwrap_err().is_unreachable());
}

#[test]
fn pgbackrest_never_takes_a_store_it_cannot_read_for_an_empty_one() {
    need("pgbackrest", "pgbackrest");
    let machine = Machine::new();
    let store = Store::start(&machine);
    let bucket = store.bucket("backups");
    prove(&bucket, "r", true, soon()).unwrap();
    let pgbackrest = |name: &str, secret: &str| {
        let config = format!(
            "[global]\nrepo1-type=s3\nrepo1-path=/r\nrepo1-s3-bucket={name}\n\
             repo1-s3-endpoint={address}\nrepo1-s3-region=us-east-1\nrepo1-s3-uri-style=path\n\
             repo1-storage-host={address}\nrepo1-storage-port=9000\nrepo1-storage-ca-file={ca}\n\
             repo1-s3-key={access}\nrepo1-s3-key-secret={secret}\nio-timeout=1\n\
             log-path={log}\nlock-path={log}\n[s.1]\npg1-path={log}\n",
            address = machine.address,
            ca = machine.path("store/tls/ca.pem").display(),
            access = bucket.keys.access,
            log = machine.path("log").display(),
        );
        let file = machine.write(&format!("{name}-{}.conf", secret.len()), &config);
        PgBackRest::new(file, machine.user.clone())
    };
    let secret = bucket.keys.secret.expose();
    let path = "backup/s.1/backup.info";
    let good = pgbackrest("backups", secret);
    assert_eq!(good.repo_get(path, soon()).unwrap(), None);
    assert_eq!(good.info(None, soon()).unwrap(), []);
    assert_eq!(good.repo_ls("", soon()).unwrap(), [""; 0]);
    let client = ObjectStore::new(bucket.clone()).unwrap();
    client
        .put("r/backup/s.1/backup.info", b"content", soon())
        .unwrap();
    assert_eq!(good.repo_get(path, soon()).unwrap().unwrap(), b"content");
    assert_eq!(good.repo_ls("backup", soon()).unwrap(), ["s.1"]);

    let kinds = |pgbackrest: &PgBackRest| {
        let got = pgbackrest.repo_get(path, soon()).unwrap_err();
        let told = pgbackrest.info(None, soon()).unwrap_err();
        for text in [got.to_string(), told.to_string()] {
            assert!(
                !text.contains(secret) && !text.contains(&bucket.keys.access),
                "{text}"
            );
        }
        (got.kind(), told.kind())
    };
    let both = |kind| (Some(kind), Some(kind));
    assert_eq!(
        kinds(&pgbackrest("nowhere", secret)),
        both(ExitKind::NoBucket)
    );
    assert_eq!(
        kinds(&pgbackrest("backups", "wrong")),
        both(ExitKind::Access)
    );
    store.fault("deny");
    assert_eq!(kinds(&good), both(ExitKind::Access));
    store.fault("refuse");
    assert_eq!(kinds(&good), both(ExitKind::Service));
    drop(store);
    assert_eq!(kinds(&good), both(ExitKind::HostConnect));
}
