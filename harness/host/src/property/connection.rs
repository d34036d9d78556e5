//! Attributes of the connection.
//!
//! Only the first name of each kind in a certificate is visible. On a network filter there is no peer before the TLS
//! handshake is over, and `connection.tls_version` reads `TLSv1.2` until then; once read, it stays so.

use std::net::SocketAddr;

use super::Value;
use crate::certificate;
use crate::connection::PeerCertificate;
use crate::options::EnvoyVersion;
use crate::status::Status;
use crate::stream::{Context, ContextKind};

pub(super) fn find(
    version: EnvoyVersion,
    context: &Context,
    first: &str,
    path: &[&str],
) -> Result<Value, Status> {
    let stream = context.stream().ok_or(Status::NotFound)?;
    let connection = &stream.connection;
    let (source, handshake_done) = match &context.kind {
        ContextKind::Http(http) => (http.remote.unwrap_or(connection.source), true),
        ContextKind::Tcp(tcp) => (connection.source, tcp.handshake_done),
        ContextKind::Root => return Err(Status::NotFound),
    };
    let tls = connection.tls.as_ref();
    if let ("connection", ["subject_peer_certificate"], Some(tls)) = (first, path, tls) {
        // Envoy has a text for every TLS connection, even if it is empty.
        let peer = tls.peer.as_ref().filter(|_| handshake_done);
        return Ok(Value::text(peer.map_or("", |peer| &peer.subject)));
    }
    let peer = tls.and_then(|tls| tls.peer.as_ref()).filter(|_| handshake_done);
    let found = match (first, path) {
        ("source", [part]) => address(source, part),
        ("destination", [part]) => address(connection.destination, part),
        ("connection_id", []) | ("connection", ["id"]) => Some(Value::Int(connection.id.cast_signed())),
        ("connection", ["mtls"]) => Some(Value::Bool(peer.is_some())),
        ("connection", ["requested_server_name"]) => Some(Value::text(
            tls.and_then(|tls| tls.sni.as_deref()).unwrap_or_default(),
        )),
        ("connection", ["tls_version"]) => tls.map(|tls| {
            if !handshake_done {
                stream.asked_version_early.set(true);
            }
            if stream.asked_version_early.get() {
                Value::text("TLSv1.2")
            } else {
                Value::text(&tls.version)
            }
        }),
        ("connection", ["uri_san_local_certificate"]) => {
            tls.and_then(|tls| tls.local_uri_san.as_deref()).map(Value::text)
        }
        ("connection", [of_peer]) => return peer_attribute(version, peer, of_peer),
        (_, _) => None,
    };
    found.ok_or(Status::NotFound)
}

fn address(address: SocketAddr, part: &str) -> Option<Value> {
    match part {
        "address" => Some(Value::text(&address.to_string())),
        "port" => Some(Value::Int(address.port().into())),
        _ => None,
    }
}

fn peer_attribute(
    version: EnvoyVersion,
    peer: Option<&PeerCertificate>,
    name: &str,
) -> Result<Value, Status> {
    let first = |names: &[String]| names.first().map(|name| Value::text(name));
    let found = match name {
        "uri_san_peer_certificate" => peer.and_then(|peer| first(&peer.uri_sans)),
        "dns_san_peer_certificate" => peer.and_then(|peer| first(&peer.dns_sans)),
        "peer_certificate" if version >= EnvoyVersion::V1_38 => {
            peer.and_then(certificate::pem).map(|pem| Value::text(&pem))
        }
        "peer_certificate_valid" if version >= EnvoyVersion::V1_39 => {
            peer.map(|peer| Value::Bool(peer.validated))
        }
        "sha256_peer_certificate_digest" | "subject_local_certificate" | "dns_san_local_certificate" => {
            return Err(Status::Unimplemented);
        }
        // `transport_failure_reason` and `termination_details` exist only after a failure.
        _ => None,
    };
    found.ok_or(Status::NotFound)
}
