//! Requests that cannot be sent unchanged to an authorizer.

use anyhow::Result;
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer};
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Cluster, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::json;

use super::fixture::{ask, assert_sound, listener, provider};
use crate::fixture::{FRONTEND, Mesh};

/// A caller must not be able to make an authorizer with `failOpen` fail.
#[tokio::test]
async fn a_request_that_cannot_be_put_to_it_does_not_pass() -> Result<()> {
    let mesh = Mesh::new()?;
    let upstream = HttpEcho::start().await?;
    let by_http = HttpAuthorizer::start(|_| HttpAnswer::status(401)).await?;
    let by_grpc = GrpcAuthorizer::start(|_| GrpcAnswer::bytes(b"\x0a\x02\x08\x07")).await?;
    let open_http = json!({"cluster": "http", "failOpen": true, "includeRequestHeadersInCheck": ["x-team"]});
    let open_grpc = json!({"cluster": "grpc", "failOpen": true});
    let mut bootstrap = Bootstrap::new()
        .cluster(Cluster::http1("http", by_http.address()))
        .cluster(Cluster::http2("grpc", by_grpc.address()));
    for (name, providers) in [
        ("by http", provider("envoyExtAuthzHttp", open_http)),
        ("by grpc", provider("envoyExtAuthzGrpc", open_grpc)),
    ] {
        let transport = Transport::mutual(&mesh.server);
        let resources = json!([ask()]);
        bootstrap = bootstrap.listener(listener(
            name,
            transport,
            upstream.address(),
            resources,
            providers,
        )?);
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = mesh.caller(FRONTEND)?;
    let long = vec![b'x'; 40_000];
    for (name, denied) in [("by http", [401, 403]), ("by grpc", [403, 403])] {
        let address = envoy.address(name)?;
        for value in [b"a".as_slice(), b"\xff\xfe", b"caf\xe9", b"a\tb", &long] {
            for version in [http::Version::Http1, http::Version::Http2] {
                let asked = ClientRequest::get("/ask").header_bytes("x-team", value);
                let reply = http::once(address, &caller, version, asked).await?;
                assert!(denied.contains(&reply.status), "{name}, {version:?}: {reply:?}");
            }
        }
    }
    assert_eq!(upstream.paths(), Vec::<String>::new());
    assert_sound(&envoy);
    Ok(())
}
