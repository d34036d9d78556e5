//! The configuration that a running Envoy reports, as `peerwarden check --envoy` reads it.

use std::path::Path;

use anyhow::{Context, Result};
use peerwarden_engine::document::Value as Document;
use peerwarden_guarantees::{ChainReport, check};
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::config::{Port, ServerTls};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use peerwarden_render::inbound::Inbound;
use serde_json::{Value, json};

/// One port of each kind, STRICT, so that all guarantees except those of an edge are checked. The ports belong to the
/// test as long as it keeps the second value.
fn workload(folder: &Path) -> Result<(Inbound, [Port; 3])> {
    let authority = Authority::new("cluster.local")?;
    let server = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/server").dns(ServerTls::NAME);
    let identity = authority.issue(server)?;
    std::fs::write(folder.join("cert-chain.pem"), identity.certificate_pem())?;
    std::fs::write(folder.join("key.pem"), identity.key_pem())?;
    std::fs::write(folder.join("root-cert.pem"), authority.pem())?;
    let reserved = [Port::reserve()?, Port::reserve()?, Port::reserve()?];
    let [http, tcp, mysql] = reserved
        .each_ref()
        .map(|port| json!({"port": port.number(), "upstream": "127.0.0.1:9"}));
    let with = |mut port: Value, fields: &[(&str, &str)]| {
        for (key, value) in fields {
            port[*key] = json!(value);
        }
        port
    };
    let description = json!({
        "workload": {"namespace": "shop", "serviceAccount": "server"},
        "module": locate::module()?,
        "certificates": {"directory": folder},
        "address": "127.0.0.1",
        "admin": "127.0.0.1:0",
        "accessLog": folder.join("access.log"),
        "ports": [
            with(http, &[("protocol", "HTTP")]),
            with(tcp, &[("protocol", "TCP")]),
            with(mysql, &[("protocol", "MySQL"), ("enforcement", "hold")]),
        ],
    });
    let strict = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "strict", "namespace": "shop"},
        "spec": {"mtls": {"mode": "STRICT"}},
    });
    let document = |json: Value| serde_json::from_value::<Document>(json);
    let inbound = Inbound::new(&document(description)?, &[document(strict)?])
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok((inbound, reserved))
}

/// The report on the whole configuration of a running Envoy.
async fn dumped(envoy: &Envoy) -> Result<Vec<ChainReport>> {
    let dump = envoy.admin("/config_dump").await?;
    let document: Document = serde_json::from_str(&dump).context("reading Envoy's configuration")?;
    check(&[document]).map_err(|failure| anyhow::anyhow!("{failure:?}"))
}

fn assert_held(checked: &[ChainReport]) {
    assert_eq!(checked.len(), 3, "{checked:#?}");
    for chain in checked {
        for (guarantee, outcome) in &chain.outcomes {
            let name = guarantee.name;
            assert!(outcome.is_ok(), "{} {name}: {outcome:?}", chain.listener);
        }
    }
}

#[tokio::test]
async fn a_running_envoy_says_that_it_keeps_every_guarantee() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (workload, _ports) = workload(directory.path())?;
    let envoy = Envoy::launch(Launch::yaml(workload.file()?.text)).await?;
    assert_held(&dumped(&envoy).await?);

    // Listeners by LDS, the module by ECDS.
    let folder = directory.path().join("delivered");
    std::fs::create_dir(&folder)?;
    drop(envoy);
    let mut bootstrap = String::new();
    for file in workload.files(folder.to_str().context("a path in UTF-8")?)? {
        if file.name == "bootstrap.yaml" {
            bootstrap = file.text;
        } else {
            std::fs::write(folder.join(&file.name), &file.text)?;
        }
    }
    let envoy = Envoy::launch(Launch::yaml(bootstrap)).await?;
    assert_held(&dumped(&envoy).await?);
    Ok(())
}

/// A runtime setting that leaves escaped slashes unchanged.
const ESCAPED_SLASHES_OFF: &str = "layered_runtime:
  layers:
    - name: static
      static_layer:
        http_connection_manager: {path_with_escaped_slashes_action_enabled: {numerator: 0, denominator: HUNDRED}}
static_resources:
";

/// A client's header becomes what counts as a verified token.
const CLAIMS_BY_HEADER: &str = r#"            http_filters:
                  - name: claims
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config
                      request_rules:
                        - header: x-claims
                          on_header_present: {metadata_namespace: envoy.filters.http.jwt_authn, key: payload}
"#;

/// The dump shows an edit too, although Envoy has parsed and serialised it.
#[tokio::test]
async fn a_running_envoy_says_what_it_does_not_keep() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (workload, _ports) = workload(directory.path())?;
    let text = workload.file()?.text;
    for (from, to, broken) in [
        (
            "failure_policy: FAIL_CLOSED",
            "failure_policy: FAIL_OPEN",
            "failure-policy",
        ),
        ("normalize_path: true", "normalize_path: false", "paths"),
        (
            "require_client_certificate: true",
            "require_client_certificate: false",
            "client-certificate",
        ),
        ("SANITIZE_SET", "APPEND_FORWARD", "forwarded-client-cert"),
        ("static_resources:\n", ESCAPED_SLASHES_OFF, "runtime"),
        ("            http_filters:\n", CLAIMS_BY_HEADER, "trusted-state"),
    ] {
        assert!(text.contains(from), "{from}");
        let envoy = Envoy::launch(Launch::yaml(text.replacen(from, to, 1))).await?;
        let checked = dumped(&envoy).await?;
        let outcomes = checked.iter().flat_map(|chain| &chain.outcomes);
        let failed: Vec<&str> = outcomes
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(guarantee, _)| guarantee.name)
            .collect();
        assert_eq!(failed, [broken], "{to}");
    }
    Ok(())
}
