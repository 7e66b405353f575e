//! As much of HTTP as a page needs that is only read.

use std::io::{self, BufRead, Write};

/// The longest request that is read, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Nothing is loaded from elsewhere, nothing is sent anywhere, and no text can become a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// A request's first line and the name that the server was called by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    /// Each value of `Host`; more than one is a trick.
    pub(super) hosts: Vec<String>,
}

/// Why nothing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    /// Called by a name that is not its own.
    Misdirected,
    Busy,
}

impl Refused {
    fn line(self) -> &'static str {
        match self {
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::Misdirected => "421 Misdirected Request",
            Self::Busy => "503 Service Unavailable",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::BadRequest => "This is not a request that a browser makes.\n",
            Self::NotFound => {
                "There is nothing here. Open the address that juju-lab ui printed, all of it.\n"
            }
            Self::MethodNotAllowed => "This page can only be read.\n",
            Self::Misdirected => "This server answers to 127.0.0.1 and localhost only.\n",
            Self::Busy => "Too many pages are open already.\n",
        }
    }
}

/// Reads a request; its body, if any, is left alone.
pub(super) fn read(stream: impl BufRead) -> io::Result<Result<Asked, Refused>> {
    let mut stream = stream.take(LONGEST);
    let mut line = String::new();
    let mut next = || -> io::Result<Option<String>> {
        line.clear();
        match stream.read_line(&mut line) {
            Ok(_) if line.ends_with('\n') => Ok(Some(line.trim_end().to_owned())),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
    };
    let Some(first) = next()? else {
        return Ok(Err(Refused::BadRequest));
    };
    let words: Vec<&str> = first.split(' ').collect();
    let [method, path, "HTTP/1.1" | "HTTP/1.0"] = words[..] else {
        return Ok(Err(Refused::BadRequest));
    };
    let mut asked = Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        hosts: Vec::new(),
    };
    loop {
        let Some(header) = next()? else {
            return Ok(Err(Refused::BadRequest));
        };
        if header.is_empty() {
            return Ok(Ok(asked));
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            asked.hosts.push(value.trim().to_owned());
        }
    }
}

impl Asked {
    /// What is asked for below `/<word>/`, if it may be shown.
    pub(super) fn below(&self, word: &str, port: u16) -> Result<&str, Refused> {
        let ours = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        match self.hosts.as_slice() {
            [host] if ours.iter().any(|own| own.eq_ignore_ascii_case(host)) => {}
            _ => return Err(Refused::Misdirected),
        }
        if self.method != "GET" {
            return Err(Refused::MethodNotAllowed);
        }
        let path = self.path.strip_prefix('/');
        let (given, rest) = path
            .and_then(|path| path.split_once('/'))
            .ok_or(Refused::NotFound)?;
        if given == word {
            Ok(rest)
        } else {
            Err(Refused::NotFound)
        }
    }
}

/// Writes what goes before every body. Without a length, the body ends with the connection.
fn head(to: &mut impl Write, line: &str, kind: &str, length: Option<usize>) -> io::Result<()> {
    write!(
        to,
        "HTTP/1.1 {line}\r\nContent-Type: {kind}\r\nContent-Security-Policy: {POLICY}\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n"
    )?;
    if let Some(length) = length {
        write!(to, "Content-Length: {length}\r\n")?;
    }
    to.write_all(b"\r\n")
}

pub(super) fn answer(mut to: impl Write, kind: &str, body: &str) -> io::Result<()> {
    head(&mut to, "200 OK", kind, Some(body.len()))?;
    to.write_all(body.as_bytes())?;
    to.flush()
}

pub(super) fn refuse(mut to: impl Write, why: Refused) -> io::Result<()> {
    let body = why.text();
    head(
        &mut to,
        why.line(),
        "text/plain; charset=utf-8",
        Some(body.len()),
    )?;
    to.write_all(body.as_bytes())?;
    to.flush()
}

pub(super) fn start_events(to: &mut impl Write) -> io::Result<()> {
    head(to, "200 OK", "text/event-stream", None)?;
    to.flush()
}

/// One event, whose data is JSON and so has no line breaks.
pub(super) fn event(to: &mut impl Write, name: &str, data: &str) -> io::Result<()> {
    write!(to, "event: {name}\ndata: {data}\n\n")?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Asked, Refused> {
        read(text.as_bytes()).unwrap()
    }

    fn get(path: &str, host: &str) -> Result<String, Refused> {
        let asked = asked(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))?;
        asked.below("word", 4000).map(str::to_owned)
    }

    #[test]
    fn only_its_own_names_are_answered() {
        assert_eq!(
            get("/word/main.js", "127.0.0.1:4000"),
            Ok("main.js".to_owned())
        );
        assert_eq!(get("/word/", "LOCALHOST:4000"), Ok(String::new()));
        for host in [
            "evil.example:4000",
            "127.0.0.1",
            "127.0.0.1:4001",
            "localhost.evil:4000",
            "",
        ] {
            assert_eq!(get("/word/", host), Err(Refused::Misdirected), "{host:?}");
        }
        let twice = asked("GET /word/ HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nhost: evil:4000\r\n\r\n")
            .unwrap();
        assert_eq!(twice.below("word", 4000), Err(Refused::Misdirected));
        let without = asked("GET /word/ HTTP/1.0\r\n\r\n").unwrap();
        assert_eq!(without.below("word", 4000), Err(Refused::Misdirected));
    }

    #[test]
    fn nothing_is_shown_without_the_word() {
        for path in [
            "/", "/word", "/wor/", "/wordy/", "//word/", "word/", "/Word/",
        ] {
            assert_eq!(
                get(path, "127.0.0.1:4000"),
                Err(Refused::NotFound),
                "{path}"
            );
        }
    }

    #[test]
    fn nothing_can_be_written() {
        for method in [
            "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "get",
        ] {
            let asked = asked(&format!(
                "{method} /word/ HTTP/1.1\r\nHost: localhost:4000\r\n\r\n"
            ))
            .unwrap();
            assert_eq!(
                asked.below("word", 4000),
                Err(Refused::MethodNotAllowed),
                "{method}"
            );
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let long = format!("GET /word/ HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
        for text in [
            "",
            "\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a",
            &long,
        ] {
            assert_eq!(asked(text), Err(Refused::BadRequest), "{text:.40}");
        }
        assert_eq!(
            read(&b"GET /\xff HTTP/1.1\r\n\r\n"[..]).unwrap(),
            Err(Refused::BadRequest)
        );
    }

    #[test]
    fn every_answer_forbids_what_the_page_does_not_need() {
        for answered in [
            |to: &mut Vec<u8>| answer(to, "text/html", "x"),
            |to: &mut Vec<u8>| refuse(to, Refused::NotFound),
            |to: &mut Vec<u8>| start_events(to),
        ] {
            let mut bytes = Vec::new();
            answered(&mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                text.contains(
                    "\r\nContent-Security-Policy: default-src 'none'; script-src 'self';"
                ),
                "{text}"
            );
            assert!(!text.contains("unsafe"), "{text}");
            assert!(!text.contains("Access-Control-Allow-Origin"), "{text}");
        }
    }
}
