//! What `examples/` has is deployed as it stands: a database, its authority, its object store's integrator and an application
//! in Python on `ops`, all by one command.

use std::path::Path;

use crate::lab::{Lab, eventually};

#[test]
fn one_command_deploys_a_database_and_a_python_application_that_writes_to_it_over_tls() {
    let lab = Lab::new("bundle");
    // The application looks again at this, if a server was not there yet when it was told of it.
    lab.juju(&["model-config", "update-status-hook-interval=30s"])
        .ok();
    let store = lab.object_store();
    let overlay = lab.home().join("store.yaml");
    let options = serde_json::json!({"applications": {"s3-integrator": {"options": {
        "endpoint": store.endpoint, "tls-ca-chain": store.ca, "s3-uri-style": "path",
        "bucket": "backups", "path": "/bundle", "region": "us-east-1",
    }}}});
    std::fs::write(&overlay, options.to_string()).unwrap();
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bundle.yaml");
    let (bundle, overlay) = (bundle.display().to_string(), overlay.display().to_string());

    lab.juju(&["deploy", &bundle, "--overlay", &overlay]).ok();
    lab.status_becomes("s3-integrator/0", "asks for keys", |status, _| {
        status == "blocked"
    });
    lab.keys("s3-integrator", &store.access_key, &store.secret_key);

    // The server has seen the connection in which the application has written its row.
    let row = "select unit, count > 0, tls from visits";
    eventually("the application's row is there, over TLS", || {
        let said = lab.try_sql_in("shop", "postgresql/0", row);
        match said.stdout.trim() {
            "python-client/0|t|TLSv1.3" => Ok(()),
            _ => Err(format!("{said:?}, {:?}", lab.status("python-client/0"))),
        }
    });
    lab.status_becomes("python-client/0", "says so", |status, message| {
        status == "active" && message.starts_with("visit ") && message.ends_with(", over TLSv1.3")
    });
    lab.settle();
    lab.run("postgresql/leader", "create-backup", &[]).done();
}
