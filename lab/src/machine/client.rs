//! Asking a machine's init.

use std::io::{self, BufRead, BufReader, IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use super::layout::Layout;
use super::protocol::{Answer, Request};

/// Sends `request` and waits for the answer, as long as that takes.
pub(crate) fn ask(layout: &Layout, request: &Request) -> io::Result<Answer> {
    converse(layout, request, &[])?
        .next()
        .unwrap_or_else(|| Err(io::ErrorKind::ConnectionReset.into()))
}

/// Sends `request`, handing over open files, and returns the answers as they come.
pub(crate) fn converse(
    layout: &Layout,
    request: &Request,
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<impl Iterator<Item = io::Result<Answer>> + use<>> {
    let mut stream = UnixStream::connect(layout.init_socket())?;
    let text = serde_json::to_vec(request)?;
    let length = u32::try_from(text.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    send_length(&stream, length, descriptors)?;
    stream.write_all(&text)?;
    let lines = BufReader::new(stream).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}

fn send_length(stream: &UnixStream, length: u32, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let bytes = length.to_be_bytes();
    rustix::net::sendmsg(
        stream,
        &[IoSlice::new(&bytes)],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}
