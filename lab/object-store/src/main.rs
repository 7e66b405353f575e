//! `lab-object-store --dir DIR --listen ADDRESS:PORT`

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use lab_object_store::server;

/// An S3 server over TLS for development
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where objects, keys and certificates are kept
    #[arg(long)]
    dir: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Log every request
    #[arg(long)]
    verbose: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let level = if arguments.verbose {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .without_time()
        .with_writer(std::io::stderr)
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(server::run(&arguments.dir, arguments.listen))
}
