//! A server for tests: it answers the requests it gets with the answers it was given, in order, and keeps the requests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

pub(in crate::adapters) struct Scripted {
    pub(in crate::adapters) port: u16,
    thread: JoinHandle<Vec<String>>,
}

impl Scripted {
    /// Answers with these statuses and bodies and then ends.
    pub(in crate::adapters) fn answers(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers: Vec<_> = answers
            .iter()
            .map(|(status, body)| (*status, (*body).to_owned()))
            .collect();
        let serve = move || {
            let answer = |(status, body): (u16, String)| {
                let (mut stream, _) = listener.accept().unwrap();
                let request = read(&mut stream);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                stream
                    .write_all(format!("{head}{body}").as_bytes())
                    .unwrap();
                request
            };
            answers.into_iter().map(answer).collect()
        };
        Self {
            port,
            thread: std::thread::spawn(serve),
        }
    }

    /// The requests it got, each as "METHOD path body", preceded by "[authorization] " when it carried one.
    pub(in crate::adapters) fn requests(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn read(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request ended early: {text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then_some(value)
            })
        };
        let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
            let authorization =
                header("authorization").map_or(String::new(), |value| format!("[{value}] "));
            return format!("{authorization}{line} {body}")
                .trim_end()
                .to_owned();
        }
    }
}
