//! Configurations that disable the lock, or forge its key: Envoy lets through a caller that the module never saw, and
//! `check --envoy` reports it.

use std::path::Path;

use anyhow::{Context, Result};
use peerwarden_engine::document::Value as Document;
use peerwarden_guarantees::check;
use peerwarden_lab::client::{ClientRequest, http};
use peerwarden_lab::config::{Bootstrap, Http, Listener, Lock, Module, Protocol, Transport, typed};
use peerwarden_lab::envoy::Envoy;
use peerwarden_lab::upstream::HttpEcho;
use serde_json::{Value, json};

use super::{frontend_alone, stand_in};
use crate::fixture::{BACKEND, Mesh};

fn sets_the_mark(place: &str, list: &str) -> Value {
    let kind = format!("envoy.extensions.filters.{place}.set_filter_state.v3.Config");
    let entry = json!({
        "object_key": Lock::Request.key(),
        "factory_key": "envoy.string",
        "format_string": {"text_format_source": {"inline_string": "1"}},
    });
    json!({"name": "set", "typed_config": typed(&kind, json!({list: [entry]}))})
}

fn route(cluster: &str, overrides: &Value) -> Value {
    json!({"virtual_hosts": [{
        "name": cluster,
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster}, "typed_per_filter_config": overrides}],
    }]})
}

fn changed(edit: impl FnOnce(&mut Value)) -> Http {
    let mut filter = Lock::Request.filter();
    edit(&mut filter);
    Http {
        behind: vec![filter],
        ..Http::default()
    }
}

/// Chains that let through traffic that the module has not seen.
fn lifted() -> Vec<(&'static str, Http)> {
    let policies = "/typed_config/rules/policies";
    let at = |filter: &mut Value, pointer: &str, value: Value| {
        *filter.pointer_mut(pointer).expect("a part of the lock") = value;
    };
    let per_route =
        json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute"});
    let off = json!({"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true});
    let any = json!({"permissions": [{"any": true}], "principals": [{"any": true}]});
    let mut earlier = Http::locked();
    earlier.before.push(sets_the_mark("http", "on_request_headers"));
    let mut connection = Http::locked();
    connection
        .network
        .push(sets_the_mark("network", "on_new_connection"));
    vec![
        ("earlier", earlier),
        ("connection", connection),
        (
            "route",
            Http::locked().with(
                "route_config",
                route("route", &json!({"peerwarden-lock": per_route})),
            ),
        ),
        (
            "route-off",
            Http::locked().with(
                "route_config",
                route("route-off", &json!({"peerwarden-lock": off})),
            ),
        ),
        ("none", Http::default()),
        ("disabled", changed(|filter| filter["disabled"] = true.into())),
        (
            "no-rules",
            changed(|filter| {
                filter["typed_config"]
                    .as_object_mut()
                    .expect("an object")
                    .remove("rules");
            }),
        ),
        (
            "shadow",
            changed(|filter| {
                let rules = filter["typed_config"]["rules"].take();
                filter["typed_config"] = typed(
                    "envoy.extensions.filters.http.rbac.v3.RBAC",
                    json!({"shadow_rules": rules}),
                );
            }),
        ),
        (
            "deny",
            changed(|filter| filter["typed_config"]["rules"]["action"] = "DENY".into()),
        ),
        (
            "log",
            changed(|filter| filter["typed_config"]["rules"]["action"] = "LOG".into()),
        ),
        (
            "more",
            changed(|filter| filter["typed_config"]["rules"]["policies"]["more"] = any.clone()),
        ),
        ("any", changed(|filter| at(filter, policies, json!({"any": any})))),
        (
            "negated",
            changed(|filter| {
                let principal =
                    filter[&"typed_config"]["rules"]["policies"]["allowed-by-peerwarden"]["principals"][0]
                        .take();
                let principals = json!([{"not_id": principal}]);
                filter["typed_config"]["rules"]["policies"]["allowed-by-peerwarden"]["principals"] =
                    principals;
            }),
        ),
        (
            "matcher",
            changed(|filter| {
                let allow = typed("envoy.config.rbac.v3.Action", json!({"name": "all"}));
                let matcher = json!({"on_no_match": {"action": {"name": "action", "typed_config": allow}}});
                filter["typed_config"] = typed(
                    "envoy.extensions.filters.http.rbac.v3.RBAC",
                    json!({"matcher": matcher}),
                );
            }),
        ),
    ]
}

#[tokio::test]
async fn whatever_lifts_it_is_found() -> Result<()> {
    let mesh = Mesh::new()?;
    let folder = tempfile::tempdir()?;
    let upstream = HttpEcho::start().await?;
    let missing = stand_in::refuses_on_workers(folder.path())?;
    let backend = mesh.caller(BACKEND)?;
    let mut real = Bootstrap::new();
    let mut said = Vec::new();
    let mut all = lifted();
    all.push(("locked", Http::locked()));
    for (name, http) in &all {
        let listener = Listener::http(name, Transport::mutual(&mesh.server), upstream.address())
            .protocol(Protocol::Http(http.clone()));
        let stand_in = Module::new(missing.clone(), json!({})).vm_id(&format!("peerwarden-{name}"));
        real = real.listener(listener.clone().module(stand_in));
        let module = crate::fixture::module(frontend_alone("http", &json!(true)))?;
        let one = Bootstrap::new().listener(listener.module(module));
        let document: Document = serde_json::from_value(one.render(Path::new("/dev/null")))?;
        said.extend(check(&[document]).map_err(|failure| anyhow::anyhow!("{failure:?}"))?);
    }
    let envoy = Envoy::start(real).await?;
    for (name, _) in &all {
        let address = envoy.address(name)?;
        let reply = http::once(address, &backend, http::Version::Http1, ClientRequest::get("/")).await?;
        let open = *name != "locked";
        assert_eq!(reply.status, if open { 200 } else { 403 }, "{name}");
        let chain = said
            .iter()
            .find(|chain| chain.listener == *name)
            .context("a chain")?;
        let (_, outcome) = chain
            .outcomes
            .iter()
            .find(|(guarantee, _)| guarantee.name == "second-lock")
            .context("the guarantee")?;
        assert_eq!(outcome.is_err(), open, "{name}: {outcome:?}");
    }
    Ok(())
}
