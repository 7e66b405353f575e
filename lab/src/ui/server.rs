//! The server: one thread for each connection.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::Rng as _;
use rand::distr::Alphanumeric;

use super::http::{self, Refused};
use super::{UiError, events};

/// How many connections there may be at a time.
const CONNECTIONS: usize = 32;
/// How long a browser may take for a request, or for taking an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The parts of the page: name, type and text.
const FILES: [(&str, &str, &str); 7] = [
    (
        "",
        "text/html; charset=utf-8",
        include_str!("page/index.html"),
    ),
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("page/style.css"),
    ),
    ("icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("picture.js", SCRIPT, include_str!("page/picture.js")),
    ("panels.js", SCRIPT, include_str!("page/panels.js")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Shows one model.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    shown: Arc<Shown>,
}

#[derive(Debug)]
struct Shown {
    home: PathBuf,
    model: String,
    port: u16,
    /// Part of the address.
    word: String,
    connections: AtomicUsize,
}

impl Server {
    /// Listens on loopback; `port` 0 takes any that is free.
    pub(crate) fn listen(home: PathBuf, model: String, port: u16) -> Result<Self, UiError> {
        let failed = |source| UiError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let word = rand::rng()
            .sample_iter(Alphanumeric)
            .take(22)
            .map(char::from)
            .collect();
        let connections = AtomicUsize::new(0);
        Ok(Self {
            listener,
            shown: Arc::new(Shown {
                home,
                model,
                port,
                word,
                connections,
            }),
        })
    }

    /// Where to look.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.shown.port, self.shown.word)
    }

    /// Serves until the process ends.
    pub(crate) fn run(&self) -> Result<(), UiError> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    let shown = Arc::clone(&self.shown);
                    std::thread::spawn(move || {
                        let before = shown.connections.fetch_add(1, Ordering::Relaxed);
                        // A browser that goes away is nobody's loss.
                        let _ = shown.converse(&stream, before);
                        shown.connections.fetch_sub(1, Ordering::Relaxed);
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(UiError::Accept(error)),
            }
        }
    }
}

impl Shown {
    fn converse(&self, stream: &TcpStream, others: usize) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut to: &TcpStream = stream;
        if others >= CONNECTIONS {
            return http::refuse(to, Refused::Busy);
        }
        let asked = match http::read(BufReader::new(stream))? {
            Ok(asked) => asked,
            Err(refused) => return http::refuse(to, refused),
        };
        let name = match asked.below(&self.word, self.port) {
            Ok(name) => name,
            Err(refused) => return http::refuse(to, refused),
        };
        if name == "events" {
            return events::stream(&mut to, &self.home, &self.model);
        }
        match FILES.iter().find(|(file, ..)| *file == name) {
            Some((_, kind, text)) => http::answer(to, kind, text),
            None => http::refuse(to, Refused::NotFound),
        }?;
        to.flush()
    }
}
