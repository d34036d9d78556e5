//! Question 6: certificates live 24 hours by default, and a running Envoy reloads a new one without losing a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::Port;
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::upstream::HttpEcho;
use peerwarden_mtls::{Authority, LIFETIME, Workload};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

use crate::entry::{Entry, Evidence};
use crate::stage::{Stage, peer_authentication};

pub(crate) const ENTRY: Entry = Entry {
    number: 6,
    name: "lifetime",
    promise: "Certificates live a day, and are rotated",
    experiment: || Box::pin(experiment()),
};

/// How many times the certificate is replaced.
const ROTATIONS: usize = 5;

/// How soon Envoy shows a new certificate, on a slow machine.
const BOUND: Duration = Duration::from_secs(5);

async fn experiment() -> Result<Evidence> {
    let stage = Stage::set()?;
    let upstream = HttpEcho::start().await?;
    let port = Port::reserve()?;
    let sds = stage.folder("sds")?;
    let authority = Authority::make(
        &stage.folder("ca")?,
        "cluster.local",
        Duration::from_secs(48 * 3600),
    )?;
    let server = Workload::parse("spiffe://cluster.local/ns/shop/sa/orders")?.dns("server.mesh.lab");
    let issue = || -> Result<Vec<u8>> {
        let issued = authority.issue(&server, LIFETIME)?;
        let lives = issued.not_after().duration_since(SystemTime::now())?;
        ensure!(
            LIFETIME - lives < Duration::from_secs(60),
            "a certificate lives for {lives:?}"
        );
        issued.write(&sds)?;
        der(issued.certificate_pem())
    };
    let first = issue()?;
    let description = json!({
        "workload": {"namespace": "shop", "labels": {"app": "orders"}},
        "certificates": {"sds": sds},
        "ports": [{"port": port.number(), "protocol": "HTTP", "upstream": upstream.address().to_string()}],
    });
    let strict = peer_authentication("shop", "orders", json!({"mtls": {"mode": "STRICT"}}));
    let configuration = stage.inbound(description, &[strict])?.file()?.text;
    let _envoy = Envoy::launch(Launch::yaml(configuration).concurrency(2)).await?;

    // The caller is from the same authority, and trusts the server through it.
    let frontend = authority.issue(
        &Workload::parse("spiffe://cluster.local/ns/web/sa/frontend")?,
        LIFETIME,
    )?;
    let caller = Caller::pem(authority.pem(), frontend.certificate_pem(), frontend.key_pem())?;
    let address = ([127, 0, 0, 1], port.number()).into();
    ensure!(
        caller.server_certificate(address).await? == first,
        "Envoy shows another certificate"
    );

    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (stop, caller) = (Arc::clone(&stop), caller.clone());
            tokio::spawn(async move {
                let mut connection = http::Connection::open(address, &caller, http::Version::Http2).await?;
                let mut requests = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    let status = connection.send(ClientRequest::get("/")).await?.status;
                    ensure!(status == 200, "an open connection was answered {status}");
                    let new = http::once(address, &caller, http::Version::Http1, ClientRequest::get("/"))
                        .await?
                        .status;
                    ensure!(new == 200, "a new connection was answered {new}");
                    requests += 2;
                }
                Ok(requests)
            })
        })
        .collect();
    let mut shown = first;
    for _ in 0..ROTATIONS {
        // The load continues between rotations.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let next = issue()?;
        ensure!(next != shown, "the same certificate twice");
        let began = SystemTime::now();
        while caller.server_certificate(address).await? != next {
            ensure!(
                began.elapsed()? < BOUND,
                "the new certificate was not shown within {BOUND:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        shown = next;
    }
    stop.store(true, Ordering::Relaxed);
    let mut requests = 0;
    for client in load {
        requests += client.await?.context("during the rotations")?;
    }
    ensure!(requests > 0, "there was no load");
    Ok(format!(
        "24h by default; {ROTATIONS} rotations, {requests} requests on 4 open and on new connections, none failed"
    ))
}

/// A certificate in DER.
fn der(pem: &str) -> Result<Vec<u8>> {
    Ok(CertificateDer::from_pem_slice(pem.as_bytes())?.to_vec())
}
