//! All settings with which Envoy reads a client's address from a header: none of them lets it forge `ipBlocks`.

use anyhow::Result;
use peerwarden_lab::client::{Caller, ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Protocol, Transport};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::{ELSEWHERE, LOOPBACK, from};
use crate::fixture::{configuration, module, policy};

/// Values that a client may send; the last ones imitate a port, which only an address from no header has.
const FORGED: [&str; 5] = [
    "10.1.2.3",
    "127.0.0.1, 10.1.2.3, 10.1.2.3",
    "::ffff:10.1.2.3",
    "10.1.2.3:1234",
    "[::ffff:10.1.2.3]:1234",
];

fn detection(name: &str, kind: &str, mut fields: Value) -> Http {
    fields["@type"] =
        format!("type.googleapis.com/envoy.extensions.http.original_ip_detection.{kind}").into();
    let extension = json!({"name": name, "typed_config": fields});
    Http::default().with("original_ip_detection_extensions", json!([extension]))
}

fn settings() -> Vec<(&'static str, Http)> {
    let remote = |use_remote_address, hops| Http {
        use_remote_address,
        xff_num_trusted_hops: hops,
        ..Http::default()
    };
    let xff = |fields| detection("envoy.http.original_ip_detection.xff", "xff.v3.XffConfig", fields);
    let loopback = json!({"cidrs": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]});
    vec![
        ("use_remote_address: false", remote(false, 0)),
        ("use_remote_address: false, one hop", remote(false, 1)),
        ("use_remote_address: true", remote(true, 0)),
        ("use_remote_address: true, one hop", remote(true, 1)),
        (
            "skip_xff_append",
            remote(true, 1).with("skip_xff_append", json!(true)),
        ),
        ("xff", xff(json!({"xff_num_trusted_hops": 0}))),
        (
            "xff, one hop",
            xff(json!({"xff_num_trusted_hops": 1, "skip_xff_append": false})),
        ),
        ("xff, trusted", xff(json!({"xff_trusted_cidrs": loopback}))),
        (
            "custom_header",
            detection(
                "envoy.http.original_ip_detection.custom_header",
                "custom_header.v3.CustomHeaderConfig",
                json!({"header_name": "x-real-ip", "allow_extension_to_set_address_as_trusted": true}),
            ),
        ),
    ]
}

/// When the module receives the direct peer's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DirectPeerSource {
    WithEachConnection,
    WithEachRequest,
    Never,
}

#[tokio::test]
async fn no_setting_lets_a_header_forge_the_direct_peer() -> Result<()> {
    let upstream = HttpEcho::start().await?;
    let policies = [
        ("DENY", from("ipBlocks", LOOPBACK)),
        ("DENY", from("notIpBlocks", ELSEWHERE)),
        ("ALLOW", from("ipBlocks", ELSEWHERE)),
        ("ALLOW", from("notIpBlocks", LOOPBACK)),
        // The honest caller.
        ("ALLOW", from("ipBlocks", LOOPBACK)),
    ];
    let mut bootstrap = Bootstrap::new();
    let mut listeners = Vec::new();
    for (setting, http) in settings() {
        for told in [
            DirectPeerSource::WithEachConnection,
            DirectPeerSource::WithEachRequest,
            DirectPeerSource::Never,
        ] {
            for (n, (action, rules)) in policies.iter().enumerate() {
                let name = format!("{setting}; direct {told:?}; {action} {n}");
                let mut http = Http {
                    direct_remote_address: told == DirectPeerSource::WithEachConnection,
                    ..http.clone()
                };
                if told == DirectPeerSource::WithEachRequest {
                    http.before.push(Http::set_direct_remote_address());
                }
                let resources = json!([policy("addresses", action, rules.clone())]);
                let listener = Listener::http(&name, Transport::Plaintext, upstream.address())
                    .protocol(Protocol::Http(http))
                    .module(module(configuration("http", resources))?);
                bootstrap = bootstrap.listener(listener);
                listeners.push((name, told != DirectPeerSource::Never, n == 4));
            }
        }
    }
    let envoy = Envoy::start(bootstrap).await?;
    let caller = Caller::plaintext();
    for (name, direct, honest) in listeners {
        let address = envoy.address(&name)?;
        let mut connection = http::Connection::open(address, &caller, http::Version::Http1).await?;
        for forged in FORGED {
            let ask = ClientRequest::get("/")
                .header("x-forwarded-for", forged)
                .header("x-real-ip", forged);
            let status = connection.send(ask).await?.status;
            // Without the direct address nothing can be established, so nobody is allowed, including the honest caller.
            let right = match (honest, direct) {
                (true, true) => status == 200,
                (true, false) => status == 200 || status == 403,
                (false, _) => status == 403,
            };
            assert!(right, "{name}, {forged}: {status}");
        }
    }
    Ok(())
}
