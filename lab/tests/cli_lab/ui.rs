//! The page of `juju-lab ui` in a real browser.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use crate::browser::Browser;
use crate::lab::Lab;

/// A charm that says who accepts writes, and whose action takes until it is let go.
const STORE: [(&str, &str); 3] = [
    (
        "metadata.yaml",
        "name: store\nsummary: Keeps things\nprovides: {things: {interface: tiny}}\n",
    ),
    (
        "actions.yaml",
        "copy: {description: Copies everything., additionalProperties: false}\n",
    ),
    (
        "dispatch",
        "#!/bin/sh
case \"$JUJU_DISPATCH_PATH\" in
actions/copy)
    action-log 'reading what there is'
    action-log '40 % copied, 2 MiB/s'
    while [ ! -e GO ]; do sleep 0.1; done
    action-log '100 % copied'
    action-set password=hunter2;;
hooks/start)
    application-version-set 14.2
    open-port 5432/tcp
    if [ \"$(is-leader)\" = True ]; then status-set active Primary; else status-set active; fi;;
esac
",
    ),
];

/// A running `juju-lab ui`, which ends with the value.
struct Shown {
    process: Child,
    address: String,
}

impl Shown {
    fn of(lab: &Lab) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_juju-lab"))
            .args(["ui", "--quiet"])
            .env("JUJU_LAB_HOME", lab.home())
            .env_remove("JUJU_MODEL")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            process,
            address: address.trim().to_owned(),
        }
    }

    fn host_and_path(&self) -> (&str, &str) {
        let rest = self.address.strip_prefix("http://").unwrap();
        rest.split_at(rest.find('/').unwrap())
    }

    /// The first line of the answer to a request.
    fn answer(&self, method: &str, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(self.host_and_path().0).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.lines().next().unwrap().to_owned()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A lab in which `front` uses `store`, which has two units.
fn lab() -> Lab {
    let lab = Lab::with_model();
    let go = lab.path("go");
    for (name, text) in STORE {
        lab.write(
            &format!("store/{name}"),
            &text.replace("GO", &go.display().to_string()),
        );
    }
    fs::set_permissions(
        lab.path("store/dispatch"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    lab.juju(&format!("deploy {} -n 2", lab.path("store").display()))
        .succeeded();
    lab.juju(&format!("deploy {} front", lab.tiny_charm().display()))
        .succeeded();
    lab.juju("integrate front:backend store").succeeded();
    lab.settle();
    lab
}

#[test]
fn a_model_is_seen_as_it_is_and_as_it_changes() {
    let lab = lab();
    let shown = Shown::of(&lab);
    let mut page = Browser::open(&shown.address);
    page.until("document.querySelector('#live').innerText === 'live'");
    page.until("document.querySelectorAll('#edges text').length === 1");

    assert_eq!(
        page.texts("h1 #model, #summary"),
        ["dev", "2 applications, 3 units, all settled"]
    );
    assert_eq!(page.texts("article h3"), ["store", "front"]);
    assert_eq!(page.texts("article .version"), ["14.2", "1.2"]);
    let units = page.texts(".unit");
    assert_eq!(units.len(), 3);
    let leads = |unit: &&String| unit.contains("leader");
    let (leader, other) = (
        units[..2].iter().find(leads).unwrap(),
        units[..2].iter().find(|it| !leads(it)).unwrap(),
    );
    assert!(
        leader.contains(" leader primary active Primary idle · machine "),
        "{leader}"
    );
    assert!(leader.ends_with(" · 5432/tcp"), "{leader}");
    assert!(other.contains(" active idle · machine "), "{other}");
    assert!(
        units[2].starts_with("front/0 leader active word is hello idle · machine 2 · 127."),
        "{units:?}"
    );
    assert_eq!(
        page.texts("#relations li"),
        ["front:backend with store:things, tiny, joined"]
    );
    assert_eq!(page.texts("#edges text"), ["tiny"]);
    assert_eq!(page.texts("#no-tasks"), ["No action has run yet."]);
    assert!(
        page.evaluate("document.querySelector('#edges path').getTotalLength()")
            .as_f64()
            .unwrap()
            > 100.0
    );
    assert!(
        page.evaluate("document.querySelectorAll('.line').length")
            .as_u64()
            .unwrap()
            > 5
    );

    lab.juju("run store/leader copy --background").succeeded();
    page.until("document.querySelector('.task progress')?.value === 40");
    let task = page.texts(".task").remove(0);
    assert!(
        task.starts_with("copy store/") && task.contains(" running"),
        "{task}"
    );
    assert!(
        task.ends_with("reading what there is 40 % copied, 2 MiB/s"),
        "{task}"
    );
    page.until("document.querySelector('.unit .agent.running').innerText === 'action copy'");
    page.screenshot("ui-light");
    page.prefer_dark();
    page.screenshot("ui-dark");
    lab.write("go", "");
    page.until("document.querySelector('.task .word').innerText === 'completed'");
    assert_eq!(
        page.evaluate("document.querySelector('.task progress')"),
        serde_json::Value::Null
    );
    assert_eq!(
        page.evaluate("document.documentElement.innerHTML.includes('hunter2')"),
        false
    );

    lab.juju("config front word=good-bye").succeeded();
    page.until("document.querySelector('article[aria-label=front] .message').innerText === 'active word is good-bye'");
    lab.juju("remove-relation front store").succeeded();
    page.until("document.querySelectorAll('#edges path').length === 0");

    let spoken = page.spoken();
    for (role, name) in [
        ("heading", "dev on lab"),
        ("heading", "Tasks"),
        ("log", "Log"),
        ("article", "front"),
    ] {
        assert!(
            spoken
                .iter()
                .any(|(r, n)| (r.as_str(), n.as_str()) == (role, name)),
            "{role} {name}: {spoken:?}"
        );
    }
    page.resize(390, 844);
    page.until("window.innerWidth === 390");
    assert_eq!(
        page.evaluate("document.documentElement.scrollWidth <= 390"),
        true
    );
    page.screenshot("ui-narrow");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_lab_that_stops_is_told_and_one_that_starts_again_is_shown() {
    let lab = Lab::with_model();
    let shown = Shown::of(&lab);
    let mut page = Browser::open(&shown.address);
    page.until("document.querySelector('#nothing').innerText.includes('juju deploy')");
    lab.run(&["down"], "").succeeded();
    page.until("document.querySelector('#live').innerText === 'not live'");
    page.until(
        "document.querySelector('#trouble').innerText.endsWith(\"start it with 'juju-lab up'\")",
    );
    lab.run(&["up"], "").succeeded();
    page.until("document.querySelector('#live').innerText === 'live'");
    assert_eq!(
        page.evaluate("document.querySelector('#trouble').hidden"),
        true
    );
    lab.juju("destroy-model dev --no-prompt").succeeded();
    page.until("document.querySelector('#trouble').innerText.includes('not found')");
    page.forget_complaints();
}

#[test]
fn only_who_has_the_address_sees_the_page_and_nobody_can_write() {
    let lab = Lab::with_model();
    let shown = Shown::of(&lab);
    let (host, path) = shown.host_and_path();
    let events = format!("{path}events");
    assert_eq!(shown.answer("GET", path, host), "HTTP/1.1 200 OK");
    assert_eq!(shown.answer("GET", "/", host), "HTTP/1.1 404 Not Found");
    assert_eq!(
        shown.answer("GET", "/events", host),
        "HTTP/1.1 404 Not Found"
    );
    for name in [path, &events] {
        assert_eq!(
            shown.answer("POST", name, host),
            "HTTP/1.1 405 Method Not Allowed"
        );
        let rebound = host.replace("127.0.0.1", "lab.evil.example");
        assert_eq!(
            shown.answer("GET", name, &rebound),
            "HTTP/1.1 421 Misdirected Request"
        );
    }
}

#[test]
fn a_model_that_is_not_there_is_refused() {
    let lab = Lab::with_model();
    lab.run(&["ui", "-m", "nope"], "")
        .refused(1, "model \"admin/nope\" not found");
}
