//! A load generator with client certificates: requests over connections that stay open, over HTTP/1.1 or HTTP/2, or new TCP
//! connections to a server that echoes. It prints how long answers took, and for HTTP the number of each status.
//!
//! `peerwarden certs` makes certificates for it, and `tests/bench` measures with the same code.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::{eprintln, println};
use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use http::Method;
use peerwarden_lab::client::http::Version;
use peerwarden_lab::client::{Caller, ClientRequest};
use peerwarden_lab::config::ServerTls;
use peerwarden_lab::load::{self, Crowd, Latencies, LoadRequest, Visitor};

/// Sends requests over mutual TLS as fast as they are answered, and prints how long that took.
#[derive(Parser)]
#[command(name = "load")]
struct Arguments {
    /// The address of the server.
    address: SocketAddr,

    /// Paths to request, in turns.
    #[arg(default_value = "/")]
    paths: Vec<String>,

    /// The protocol.
    #[arg(long, value_enum, default_value_t = Protocol::Http1)]
    protocol: Protocol,

    /// PEM file with the certificate of the authority that the server's certificate must come from.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,

    /// PEM file with the caller's certificate.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,

    /// PEM file with its private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The name that the server's certificate must have, also sent as SNI.
    #[arg(long, value_name = "NAME", default_value = ServerTls::NAME)]
    server_name: String,

    /// The method of the requests.
    #[arg(long, default_value = "GET")]
    method: Method,

    /// The number of concurrent connections.
    #[arg(short, long, value_name = "COUNT", default_value_t = 8)]
    connections: usize,

    /// The total number of requests, or of TCP connections.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10_000)]
    requests: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
    Http1,
    Http2,
    /// A new connection for each message, which the server must echo.
    Tcp,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let (ca, cert, key) = (
        read(&arguments.ca)?,
        read(&arguments.cert)?,
        read(&arguments.key)?,
    );
    let caller = Caller::pem(&ca, &cert, &key)?.server_name(&arguments.server_name);
    let connections = arguments.connections.max(1);
    let each = arguments.requests.div_ceil(connections);
    let version = match arguments.protocol {
        Protocol::Http1 => Version::Http1,
        Protocol::Http2 => Version::Http2,
        Protocol::Tcp => {
            let visitor = Visitor {
                caller: caller.without_resumption(),
                allowed: None,
            };
            let start = Instant::now();
            let latencies = load::visit(arguments.address, &vec![visitor; connections], each).await?;
            print(latencies, start.elapsed());
            return Ok(());
        }
    };
    let requests: Vec<LoadRequest> = arguments
        .paths
        .iter()
        .map(|path| LoadRequest {
            ask: ClientRequest::new(arguments.method.clone(), path).host(&arguments.server_name),
            status: None,
        })
        .collect();
    let mut crowd = Crowd::default();
    for _ in 0..connections {
        crowd
            .join(arguments.address, &caller, version, requests.clone())
            .await?;
    }
    let start = Instant::now();
    let replies = crowd.ask(each).await?;
    print(replies.latencies, start.elapsed());
    for (status, count) in replies.statuses {
        println!("status {status}: {count}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn print(mut latencies: Latencies, took: Duration) {
    let count = latencies.count();
    println!(
        "{count} answers in {took:.2?}, {:.0} a second",
        count as f64 / took.as_secs_f64()
    );
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1.0)] {
        println!("{name:>4} {:.1?}", latencies.quantile(share));
    }
}
