//! Listening, TLS, and an orderly end.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

use crate::credentials::Credentials;
use crate::fault::{self, Kind};
use crate::store::Store;
use crate::tls;

/// How long requests under way may take when the store is told to end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves the store in `dir` until SIGTERM or SIGINT.
pub async fn run(dir: &Path, listen: SocketAddr) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let credentials = Credentials::load_or_create(dir)
        .with_context(|| format!("cannot read or make the keys in {}", dir.display()))?;
    let acceptor = TlsAcceptor::from(tls::server_config(dir, listen.ip())?);
    let store = Store::open(dir).with_context(|| format!("cannot open {}", dir.display()))?;
    let mut builder = S3ServiceBuilder::new(store);
    builder.set_auth(credentials);
    let service = builder.build();
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!("serving {} at https://{listen}", dir.display());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let watcher = graceful.watcher();
                    let connection = Connection {
                        dir: dir.to_owned(),
                        service: service.clone(),
                    };
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        // What goes wrong with one connection is the client's to report.
                        if let Err(error) = connection.serve(stream, acceptor, watcher).await {
                            tracing::debug!("connection: {error}");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(LAST_REQUESTS, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("ending with requests under way");
    }
    Ok(())
}

struct Connection {
    dir: PathBuf,
    service: S3Service,
}

impl Connection {
    async fn serve(
        self,
        stream: TcpStream,
        acceptor: TlsAcceptor,
        watcher: Watcher,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        // Answers are small and awaited.
        stream.set_nodelay(true)?;
        let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| answer(self.dir.clone(), self.service.clone(), request)),
            );
        Ok(watcher.watch(connection).await?)
    }
}

/// Answers one request, or breaks it as the store's fault tells.
async fn answer(
    dir: PathBuf,
    service: S3Service,
    request: Request<Incoming>,
) -> Result<Response<Body>, HttpError> {
    let begun = Instant::now();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let fault = fault::current(&dir).filter(|fault| fault.strikes(&method));
    match fault.map(|fault| fault.kind) {
        Some(Kind::Refuse) => {
            return Ok(broken(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"));
        }
        Some(Kind::Deny) => return Ok(broken(StatusCode::FORBIDDEN, "AccessDenied")),
        Some(Kind::Drop) => {
            return Err(HttpError::new(Box::new(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "this store is told to drop connections",
            ))));
        }
        Some(Kind::Slow(delay)) => tokio::time::sleep(delay).await,
        None => {}
    }
    let answer = hyper::service::Service::call(&service, request).await;
    if let Ok(answer) = &answer {
        tracing::debug!(
            "{method} {} {} {} ms",
            uri.path(),
            answer.status().as_u16(),
            begun.elapsed().as_millis()
        );
    }
    answer
}

fn broken(status: StatusCode, code: &str) -> Response<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>This store is told to fail.</Message></Error>"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        hyper::header::CONTENT_TYPE,
        hyper::header::HeaderValue::from_static("application/xml"),
    );
    response
}
