//! Two authorizers one after another, compared with the filters that Istio configures for them: for each provider a shadow RBAC filter
//! that finds out whether its policies match, and an `ext_authz` filter that asks only then
//! (<https://github.com/istio/istio/blob/1.30.3/pilot/pkg/security/authz/builder/builder.go>, `buildHTTP`).

use anyhow::Result;
use peerwarden_lab::authorizer::message::{
    CheckResponse, DeniedHttpResponse, HeaderValueOption, HttpStatus, OkHttpResponse,
};
use peerwarden_lab::authorizer::{GrpcAnswer, GrpcAuthorizer, HttpAnswer, HttpAuthorizer, HttpQuestion};
use peerwarden_lab::config::Cluster;
use serde_json::{Value, json};

use super::{FilterPair, ext_authz, headers};
use crate::custom::fixture::{assert_sound, told};
use crate::fixture::{Mesh, configuration, module, policy};

/// What `login`, which is asked by gRPC, says about a path.
fn login(path: &str) -> GrpcAnswer {
    let line = HeaderValueOption::new;
    let response = match path {
        "/ask/login-denies" => CheckResponse::deny(DeniedHttpResponse {
            status: Some(HttpStatus { code: 401 }),
            headers: vec![line("x-why", "login")],
            body: "who are you?".to_owned(),
        }),
        // The rules of the other provider are about this header.
        "/ask/login-alone" => CheckResponse::allow(OkHttpResponse {
            headers: vec![line("x-team", "guest")],
            ..OkHttpResponse::default()
        }),
        "/ask/silent" => CheckResponse::allow(OkHttpResponse::default()),
        _ => CheckResponse::allow(OkHttpResponse {
            headers: vec![
                line("x-user", "ann"),
                HeaderValueOption::appending("x-team", "b", true),
            ],
            headers_to_remove: vec!["x-gone".to_owned()],
            response_headers_to_add: vec![
                line("x-seen", "login"),
                line("x-login", "1"),
                line("server", "login"),
            ],
        }),
    };
    GrpcAnswer::response(&response)
}

/// What `scan`, which is asked by HTTP, says about a path.
fn scan(path: &str) -> HttpAnswer {
    match path {
        "/ask/scan-denies" => HttpAnswer::status(451).header("x-why", "scan").body("not this"),
        "/ask/scan-fails" => HttpAnswer::status(503),
        _ => HttpAnswer::allow()
            .header("x-user", "bob")
            .header("x-scanned", "clean")
            .header("x-seen", "scan"),
    }
}

/// The providers; in the alphabet `login` comes before `scan`, which is defined first.
fn providers() -> Value {
    json!([
        {"name": "scan", "envoyExtAuthzHttp": {
            "service": "scan.tools.svc.cluster.local", "port": 9001, "cluster": "scan", "timeout": "5s", "statusOnError": "502",
            "includeRequestHeadersInCheck": ["x-user", "x-team", "x-gone"],
            "headersToUpstreamOnAllow": ["x-user", "x-scanned"],
            "headersToDownstreamOnAllow": ["x-seen"],
            "headersToDownstreamOnDeny": ["x-why"],
        }},
        {"name": "login", "envoyExtAuthzGrpc": {
            "service": "login.tools.svc.cluster.local", "port": 9000, "cluster": "login", "timeout": "5s", "statusOnError": "502",
        }},
    ])
}

fn custom(name: &str, provider: &str, rules: Value) -> Value {
    let mut policy = policy(name, "CUSTOM", rules);
    policy["spec"]["provider"] = json!({ "name": provider });
    policy
}

/// `login` is asked about everything below `/ask`, `scan` about what is not of a guest, and `/ask/denied` is denied in the end.
fn resources() -> Value {
    json!([
        custom(
            "a",
            "scan",
            json!([{
                "to": [{"operation": {"paths": ["/ask*"]}}],
                "when": [{"key": "request.headers[x-team]", "notValues": ["guest"]}],
            }])
        ),
        custom(
            "b",
            "login",
            json!([{"to": [{"operation": {"paths": ["/ask*"]}}]}])
        ),
        policy(
            "c",
            "DENY",
            json!([{"to": [{"operation": {"paths": ["/ask/denied"]}}]}])
        ),
    ])
}

fn rbac(fields: Value) -> Value {
    let mut config = json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"});
    for (key, value) in fields.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    json!({"name": "envoy.filters.http.rbac", "typed_config": config})
}

fn rules(id: &str, permission: Value) -> Value {
    json!({"action": "DENY", "policies": {id: {"permissions": [permission], "principals": [{"any": true}]}}})
}

/// The pair of filters of one provider.
fn pair(provider: &str, policy: &str, permission: Value, service: Value) -> [Value; 2] {
    let prefix = format!("istio-ext-authz-{provider}");
    let shadow = rbac(json!({
        "shadow_rules": rules(&format!("{prefix}-ns[shop]-policy[{policy}]-rule[0]"), permission),
        "shadow_rules_stat_prefix": "istio_ext_authz_",
    }));
    let mut ask = service;
    ask["filter_enabled_metadata"] = json!({
        "filter": "envoy.filters.http.rbac",
        "path": [{"key": "istio_ext_authz_shadow_effective_policy_id"}],
        "value": {"string_match": {"prefix": prefix}},
    });
    [shadow, ext_authz(ask)]
}

fn chain() -> Vec<Value> {
    let below = json!({"url_path": {"path": {"prefix": "/ask"}}});
    let guest = json!({"header": {"name": "x-team", "string_match": {"exact": "guest"}}});
    let only = |names: &[&str]| -> Value {
        let patterns: Vec<Value> = names.iter().map(|name| json!({"exact": name})).collect();
        json!({ "patterns": patterns })
    };
    let login = json!({"grpc_service": {"envoy_grpc": {"cluster_name": "login", "authority": "login.tools.svc.cluster.local"}, "timeout": "5s"}});
    let scan = json!({
        "allowed_headers": only(&["x-user", "x-team", "x-gone"]),
        "http_service": {
            "server_uri": {"uri": "http://scan.tools.svc.cluster.local", "cluster": "scan", "timeout": "5s"},
            "authorization_response": {
                "allowed_upstream_headers": only(&["x-user", "x-scanned"]),
                "allowed_client_headers": only(&["x-why"]),
                "allowed_client_headers_on_success": only(&["x-seen"]),
            },
        },
    });
    let not_guest = json!({"and_rules": {"rules": [below, {"not_rule": guest}]}});
    let denied = json!({"url_path": {"path": {"exact": "/ask/denied"}}});
    let mut filters = Vec::new();
    filters.extend(pair("login", "b", below.clone(), login));
    filters.extend(pair("scan", "a", not_guest, scan));
    filters.push(rbac(
        json!({"rules": rules("ns[shop]-policy[c]-rule[0]", denied)}),
    ));
    filters
}

#[tokio::test]
async fn two_authorizers_and_the_caller_see_no_difference() -> Result<()> {
    let mesh = Mesh::new()?;
    let first = GrpcAuthorizer::start(|question| login(told(question).map_or("", |http| &http.path))).await?;
    let second = HttpAuthorizer::start(|question| scan(&question.path)).await?;
    let clusters = vec![
        Cluster::http2("login", first.address()),
        Cluster::http1("scan", second.address()),
    ];
    let mut configuration = configuration("http", resources());
    configuration["extensionProviders"] = providers();
    configuration["mesh"] = json!({"multipleCustomAuthzProviders": true});
    let beside = FilterPair::of(&mesh, clusters, chain(), module(configuration)?).await?;
    let mut seen = (0, 0);
    for (path, status, asked) in [
        ("/ask/both", 200, (2, 2)),
        ("/ask/silent", 200, (2, 2)),
        ("/ask/login-denies", 401, (2, 0)),
        ("/ask/login-alone", 200, (2, 0)),
        ("/ask/scan-denies", 451, (2, 2)),
        ("/ask/scan-fails", 502, (2, 2)),
        ("/ask/denied", 403, (2, 2)),
        ("/other", 200, (0, 0)),
    ] {
        assert_eq!(beside.agree(path).await?.status, status, "{path}");
        seen = (seen.0 + asked.0, seen.1 + asked.1);
        assert_eq!((first.asked().len(), second.asked().len()), seen, "{path}");
    }
    // Envoy's filter joins the lines of a header for an authorizer that is asked by HTTP.
    let joined = |question: &HttpQuestion| -> Vec<(String, String)> {
        let lines = headers(&question.headers).into_iter();
        lines.map(|(name, lines)| (name, lines.join(","))).collect()
    };
    for pair in second.asked().chunks(2) {
        let (native, module) = (&pair[0], &pair[1]);
        assert_eq!(joined(module), joined(native), "{}", native.path);
    }
    assert_sound(&beside.envoy);
    Ok(())
}
