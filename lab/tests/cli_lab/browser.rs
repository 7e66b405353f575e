//! A real browser without a window, told what to do over a pair of pipes (the Chrome DevTools protocol).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long to wait for anything before the test is given up.
const PATIENCE: Duration = Duration::from_secs(40);

/// The programs that will do, the smallest first.
const PROGRAMS: [&str; 5] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
];

/// One page in a browser of its own.
pub(crate) struct Browser {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    asked: u64,
    loaded: bool,
    /// What the page complained about: errors of scripts, and everything the browser logs as a mistake.
    complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn open(address: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (mut process, name) = PROGRAMS
            .iter()
            .find_map(|name| Some((start(name, profile.path())?, name)))
            .expect("there is no Chromium: run scripts/install-packages tests");
        let to = process.stdin.take().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let (send, from) = channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while lines.read_until(0, &mut bytes).is_ok_and(|size| size > 0) {
                let message = serde_json::from_slice(&bytes[..bytes.len() - 1]);
                if message.is_err() || send.send(message.unwrap()).is_err() {
                    break;
                }
                bytes.clear();
            }
        });
        let mut browser = Self {
            process,
            to,
            from,
            session: None,
            asked: 0,
            loaded: false,
            complaints: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", &attach)["sessionId"]
            .as_str()
            .map(str::to_owned);
        assert!(session.is_some(), "{name} gives no session");
        browser.session = session;
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, &json!({}));
        }
        browser.resize(1360, 860);
        browser.ask("Page.navigate", &json!({"url": address}));
        while !browser.loaded {
            let message = browser.next("the page");
            browser.notice(&message);
        }
        browser
    }

    /// What an expression in the page gives.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", &params);
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until an expression in the page is true.
    pub(crate) fn until(&mut self, condition: &str) {
        let limit = PATIENCE.as_millis() / 2;
        let wait = format!(
            "new Promise((done) => {{ const start = Date.now(); const look = () => {{ let met = false; try {{ met = Boolean({condition}); }} catch {{ /* Not there yet. */ }} \
             if (met || Date.now() - start > {limit}) done(met); else setTimeout(look, 40); }}; look(); }})"
        );
        if self.evaluate(&wait) != json!(true) {
            let text = self.evaluate("document.body.innerText");
            panic!(
                "never true: {condition}\n{}\n{:?}",
                text.as_str().unwrap_or_default(),
                self.complaints
            );
        }
    }

    /// The texts of all elements that a selector finds, with single spaces.
    pub(crate) fn texts(&mut self, selector: &str) -> Vec<String> {
        let all = self.evaluate(&format!(
            "[...document.querySelectorAll({})].map((found) => (found.innerText ?? found.textContent))",
            json!(selector)
        ));
        let one = |text: &Value| {
            text.as_str()
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        all.as_array().unwrap().iter().map(one).collect()
    }

    /// Roles and names as a screen reader gets them.
    pub(crate) fn spoken(&mut self) -> Vec<(String, String)> {
        let tree = self.ask("Accessibility.getFullAXTree", &json!({}));
        let text =
            |node: &Value, key: &str| node[key]["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| (text(node, "role"), text(node, "name")))
            .collect()
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
    }

    pub(crate) fn prefer_dark(&mut self) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        self.ask("Emulation.setEmulatedMedia", &features);
    }

    /// Writes what is seen to `target/tmp/<name>.png`, for people.
    pub(crate) fn screenshot(&mut self, name: &str) {
        let answer = self.ask("Page.captureScreenshot", &json!({"format": "png"}));
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(answer["data"].as_str().unwrap())
            .unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
        std::fs::write(
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png")),
            bytes,
        )
        .unwrap();
    }

    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    pub(crate) fn forget_complaints(&mut self) {
        self.complaints.clear();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).unwrap();
        loop {
            let message = self.next(method);
            if message["id"] == self.asked {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.notice(&message);
        }
    }

    fn next(&mut self, what: &str) -> Value {
        match self.from.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("the browser does not answer {what}"),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the browser ended before it answered {what}")
            }
        }
    }

    fn notice(&mut self, message: &Value) {
        match message["method"].as_str() {
            Some("Page.loadEventFired") => self.loaded = true,
            Some("Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.complaints.push(message["params"].to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a browser that is there. It talks over its descriptors 3 and 4.
fn start(name: &str, profile: &Path) -> Option<Child> {
    let on_path = std::env::var_os("PATH")?;
    let program = std::env::split_paths(&on_path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())?;
    // The sandbox does not work for root, and not in most containers. The page is our own.
    let script = "exec \"$0\" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
        --no-first-run --disable-background-networking --force-color-profile=srgb --lang=en-GB \
        --user-data-dir=\"$1\" --remote-debugging-pipe 3<&0 4>&1 </dev/null >/dev/null 2>&1";
    let child = Command::new("/bin/sh")
        .args(["-c", script])
        .arg(program)
        .arg(profile)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    Some(child.unwrap())
}
