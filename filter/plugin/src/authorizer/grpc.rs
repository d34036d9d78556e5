//! `envoyExtAuthzGrpc`: `envoy.service.auth.v3.Authorization/Check`
//! (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto>).

use std::net::SocketAddr;

use peerwarden_engine::{
    AttributeSource, Authorizer, AuthorizerService, ExternalAnswer, Lookup, field_value,
};
use peerwarden_wire::check_response::{self, CheckResponse};
use peerwarden_wire::protobuf::Message;

use super::Outcome;
use crate::abi;
use crate::attributes::{Attributes, Layer};

/// Sends the question; returns its token, or why it could not be sent.
pub(super) fn ask(
    service: &AuthorizerService,
    attributes: &Attributes,
    layer: Layer,
) -> Result<u32, (ExternalAnswer, String)> {
    let request = check_request(attributes, layer);
    let call = abi::grpc_call(
        &target(service),
        "envoy.service.auth.v3.Authorization",
        "Check",
        &request,
        service.timeout,
    );
    // Envoy returns the same status for a cluster that does not exist and for one without a host.
    call.map_err(|_status| {
        let why = format!("Envoy has no cluster `{}`, or no host in it", service.cluster);
        (ExternalAnswer::Failed, why)
    })
}

/// `envoy.config.core.v3.GrpcService` with `envoy_grpc` (1): `cluster_name` (1), `authority` (2). Without the latter,
/// the name of the cluster would be the `:authority`, which servers refuse for its `|`.
fn target(service: &AuthorizerService) -> Vec<u8> {
    let mut target = Message::default();
    target.message(1, |grpc| {
        grpc.text(1, service.cluster.as_bytes())
            .text(2, service.authority.as_bytes());
    });
    target.into_bytes()
}

/// `CheckRequest` with `attributes` (1): `source` (1), `destination` (2), `request` (4), `tls_session` (12)
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/attribute_context.proto>).
fn check_request(attributes: &Attributes, layer: Layer) -> Vec<u8> {
    let mut request = Message::default();
    request.message(1, |context| {
        context.message(1, |source| {
            peer(source, attributes.client_address());
            if let Lookup::Found(certificate) = attributes.peer() {
                source.text(4, certificate.names().next().unwrap_or_default());
            }
        });
        context.message(2, |destination| {
            peer(destination, attributes.local_address());
            if let Lookup::Found(principal) = attributes.local_principal() {
                destination.text(4, &principal);
            }
        });
        context.message(4, |request| {
            let now = abi::now().unwrap_or(0);
            request.message(1, |time| {
                time.number(1, now / 1_000_000_000).number(2, now % 1_000_000_000);
            });
            if layer == Layer::Http {
                request.message(2, |http| http_request(http, attributes));
            }
        });
        if let Lookup::Found(sni) = attributes.sni()
            && !sni.is_empty()
        {
            context.message(12, |tls| {
                tls.text(1, &sni);
            });
        }
    });
    request.into_bytes()
}

/// `Peer`: `address` (1) with `socket_address` (1): `address` (2), `port_value` (3).
fn peer(peer: &mut Message, address: Lookup<SocketAddr>) {
    if let Lookup::Found(address) = address {
        peer.message(1, |message| {
            message.message(1, |socket| {
                socket
                    .text(2, address.ip().to_string().as_bytes())
                    .number(3, address.port().into());
            });
        });
    }
}

/// `HttpRequest`: `id` (1), `method` (2), `headers` (3), `path` (4), `host` (5), `scheme` (6), `size` (9), `protocol` (10).
fn http_request(http: &mut Message, attributes: &Attributes) {
    let pseudo = |name| match attributes.header(name) {
        Lookup::Found(lines) => lines.iter().collect::<Vec<_>>().concat(),
        Lookup::Missing | Lookup::Unavailable => Vec::new(),
    };
    http.text(1, field_value(&pseudo("x-request-id")));
    http.text(2, &pseudo(":method"));
    let mut lines: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    if let Lookup::Found(headers) = attributes.header_lines() {
        for (name, line) in headers.iter() {
            let value = if name.starts_with(b":") {
                line
            } else {
                field_value(line)
            };
            // One entry for each name, as Envoy joins the lines of a header here.
            match lines.iter_mut().find(|(known, _)| known == name) {
                Some((_, joined)) => {
                    joined.push(b',');
                    joined.extend_from_slice(value);
                }
                None => lines.push((name.to_vec(), value.to_vec())),
            }
        }
    }
    for (name, value) in &lines {
        http.entry(3, name, value);
    }
    http.text(4, &pseudo(":path"));
    http.text(5, &pseudo(":authority"));
    http.text(6, &pseudo(":scheme"));
    // The length of the body may be unknown, which the protocol writes as -1.
    let size = String::from_utf8(pseudo("content-length")).ok();
    let size: Option<u64> = size.and_then(|text| text.parse().ok());
    http.number(9, size.unwrap_or(u64::MAX));
    if let Lookup::Found(protocol) = attributes.request_protocol() {
        http.text(10, &protocol);
    }
}

/// Interprets the answer.
pub(super) fn outcome(status: u32, authorizer: &Authorizer) -> Outcome {
    let failed = |why: String| Outcome::failed(ExternalAnswer::Failed, authorizer, why);
    if status != 0 {
        let cluster = &authorizer.service().cluster;
        return failed(format!(
            "the gRPC call to cluster `{cluster}` ended with status {status}"
        ));
    }
    match abi::grpc_response() {
        Ok(message) => match check_response::read(&message.unwrap_or_default()) {
            Ok(CheckResponse::Allowed { request, response }) => Outcome::allowed(request, response),
            Ok(CheckResponse::Denied(denial)) => Outcome::denied(denial),
            Err(why) => failed(format!("its `CheckResponse` {why}")),
        },
        Err(_) => failed("its answer cannot be read".to_owned()),
    }
}
