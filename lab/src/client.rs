//! A blocking client of the daemon, for the command line and for tests.

use crate::api::{Failure, Reply, Request};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Why a call did not bring an answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The daemon answered and refused.
    #[error(transparent)]
    Refused(#[from] Failure),
    #[error("cannot reach the lab's daemon at {}: {source}\nhint: start it with 'juju-lab up'", socket.display())]
    Unreachable {
        socket: PathBuf,
        source: std::io::Error,
    },
    #[error("connection to the lab's daemon broke: {0}\nhint: see daemon.log in the lab's home")]
    Broken(std::io::Error),
    #[error(
        "the lab's daemon sent an answer this client does not understand: {0}\nhint: restart the daemon with 'juju-lab down' and 'juju-lab up' so that both are of one version"
    )]
    Garbled(#[from] serde_json::Error),
}

impl CallError {
    /// The daemon's refusal, if that is what this is.
    pub fn refusal(&self) -> Option<&Failure> {
        match self {
            Self::Refused(failure) => Some(failure),
            _ => None,
        }
    }
}

/// One connection to the daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects to `<home>/daemon.sock`.
    pub fn connect(home: &Path) -> Result<Self, CallError> {
        let socket = home.join("daemon.sock");
        match UnixStream::connect(&socket) {
            Ok(stream) => Ok(Self {
                stream: BufReader::new(stream),
            }),
            Err(source) => Err(CallError::Unreachable { socket, source }),
        }
    }

    /// Sends `request` and waits for the answer, decoded as the type that the request documents.
    pub fn call<T: DeserializeOwned>(&mut self, request: &Request) -> Result<T, CallError> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.stream
            .get_mut()
            .write_all(&line)
            .map_err(CallError::Broken)?;
        let mut answer = String::new();
        if self
            .stream
            .read_line(&mut answer)
            .map_err(CallError::Broken)?
            == 0
        {
            return Err(CallError::Broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_str(&answer)? {
            Reply::Ok(value) => Ok(serde_json::from_value(value)?),
            Reply::Err(failure) => Err(failure.into()),
        }
    }
}
