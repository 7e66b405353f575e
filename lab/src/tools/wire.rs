//! What a hook tool and the daemon say to each other: a length (4 bytes, big-endian) and that many bytes of JSON.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// Larger messages are refused: no argument list and no databag comes near.
pub const LARGEST: u32 = 64 << 20;

/// A call of a hook tool. Arguments may carry secrets, so this type has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Call {
    /// `JUJU_CONTEXT_ID`
    pub context: String,
    pub tool: String,
    pub args: Vec<String>,
    /// Working directory, for relative file names.
    pub directory: String,
    /// Standard input, if the arguments ask for it.
    pub stdin: Option<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
pub struct Answer {
    pub code: u8,
    pub stdout: String,
    pub stderr: String,
}

pub fn send<T: Serialize>(stream: &mut impl Write, message: &T) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = Vec::with_capacity(body.len() + 4);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&body);
    stream.write_all(&bytes)
}

pub fn receive<T: DeserializeOwned>(stream: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}
