//! `juju-lab ui`: a page that shows a model while it lives. It shows and does nothing else.
//!
//! Three things keep others out: the server listens on loopback only, answers only to its own name (so that no page
//! of another site can reach it under a name of its own), and its address holds a word that nobody else on this
//! computer knows.

mod events;
mod http;
mod picture;
mod server;

pub(crate) use server::Server;

/// Why the page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UiError {
    #[error(
        "cannot listen on 127.0.0.1:{port}: {source}\nhint: leave --port out for any port that is free"
    )]
    Listen { port: u16, source: std::io::Error },
    #[error("cannot accept a browser: {0}")]
    Accept(std::io::Error),
}
