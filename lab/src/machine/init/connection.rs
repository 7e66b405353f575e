//! One request of a tool: read, checked against the sender's rights, answered.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;

use super::Init;
use super::{answer, transient};
use crate::machine::protocol::{Answer, Request, Wait};

/// Longest request: a transient unit with a large environment.
const MAX_REQUEST: usize = 4 * 1024 * 1024;

pub(crate) async fn serve(init: Rc<Init>, mut stream: UnixStream) {
    // A tool that went away wants no answer.
    let Ok((request, streams)) = receive(&mut stream).await else {
        return;
    };
    let allowed = answer::is_query(&request)
        || stream
            .peer_cred()
            .is_ok_and(|peer| peer.uid() == 0 || peer.uid() == rustix::process::geteuid().as_raw());
    if !allowed {
        return send(&mut stream, &Answer::Refused("Access denied".to_owned())).await;
    }
    match request {
        Request::Transient(request) => {
            let wait = request.wait;
            let (unit, outcome) = match transient::start(&init, &request, streams).await {
                Ok(started) => started,
                Err(refusal) => return send(&mut stream, &Answer::Refused(refusal)).await,
            };
            let started = transient::report(&unit, outcome.clone());
            send(&mut stream, &Answer::Transient(started)).await;
            if wait == Wait::Ended {
                transient::until_ended(&init, &unit).await;
                let ended = transient::report(&unit, outcome);
                send(&mut stream, &Answer::Transient(ended)).await;
            }
        }
        request => {
            let answer = answer::answer(&init, request).await;
            send(&mut stream, &answer).await;
        }
    }
}

/// Sends an answer, unless the tool went away.
async fn send(stream: &mut UnixStream, answer: &Answer) {
    if let Ok(mut bytes) = serde_json::to_vec(answer) {
        bytes.push(b'\n');
        let _ = stream.write_all(&bytes).await;
    }
}

/// The request: its length in four bytes, with any file descriptors, and then its text.
async fn receive(stream: &mut UnixStream) -> io::Result<(Request, Vec<OwnedFd>)> {
    let (length, descriptors) = loop {
        stream.readable().await?;
        match stream.try_io(Interest::READABLE, || receive_length(stream)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            received => break received?,
        }
    };
    if length > MAX_REQUEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await?;
    Ok((serde_json::from_slice(&text)?, descriptors))
}

fn receive_length(stream: &UnixStream) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(
        stream,
        &mut [IoSliceMut::new(&mut length)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT,
    )?;
    // Four bytes sent in one piece arrive in one piece.
    if received.bytes != length.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let descriptors = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    Ok((length, descriptors))
}
