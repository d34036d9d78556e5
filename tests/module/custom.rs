//! External authorizers: the module's questions, the effect of each answer, and that nothing passes in the meantime.

mod answers;
pub(crate) mod faults;
mod held;
mod several;
mod superseded;
mod tcp;

use peerwarden_host::{
    CalloutRequest, CalloutResponse, HttpOutcome, HttpStreamId, PluginId, Request, Vm, VmOptions,
};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, peer, policy, vm_with};

const HTTP_CLUSTER: &str = "outbound|8000||authz.tools";
const GRPC_CLUSTER: &str = "authz-grpc";

/// Authorizers of both kinds, each once with the defaults and once with `failOpen`.
fn providers() -> Value {
    let http = |open: bool| {
        json!({"service": "authz.tools", "port": 8000, "timeout": "2s", "pathPrefix": "/check", "failOpen": open,
            "statusOnError": "503", "includeRequestHeadersInCheck": ["x-team", "x-a-*"],
            "includeAdditionalHeadersInCheck": {"x-mesh": "shop"},
            "headersToUpstreamOnAllow": ["x-user"], "headersToDownstreamOnAllow": ["x-seen"],
            "headersToDownstreamOnDeny": ["x-why"]})
    };
    let grpc = |open: bool| json!({"service": "tools/authz.tools", "port": 9000, "cluster": GRPC_CLUSTER, "failOpen": open});
    json!([
        {"name": "http", "envoyExtAuthzHttp": http(false)},
        {"name": "http-open", "envoyExtAuthzHttp": http(true)},
        {"name": "grpc", "envoyExtAuthzGrpc": grpc(false)},
        {"name": "grpc-open", "envoyExtAuthzGrpc": grpc(true)},
    ])
}

/// A CUSTOM policy for everything but `/open`.
fn custom(provider: &str) -> Value {
    let mut policy = policy(
        "ask",
        "CUSTOM",
        json!([{"to": [{"operation": {"notPaths": ["/open*"]}}]}]),
    );
    policy["spec"]["provider"] = json!({ "name": provider });
    policy
}

fn configuration(protocol: &str, resources: Value) -> Vec<u8> {
    json!({
        "workload": {"namespace": "shop"}, "protocol": protocol, "resources": resources, "report": "all",
        "extensionProviders": providers(),
    })
    .to_string()
    .into_bytes()
}

fn options() -> VmOptions {
    VmOptions {
        clusters: [HTTP_CLUSTER, GRPC_CLUSTER].map(str::to_owned).into(),
        ..VmOptions::default()
    }
}

fn asking(provider: &str) -> (Vm, PluginId) {
    vm_with(options(), configuration("http", json!([custom(provider)])))
}

/// Sends a request of the frontend, which must be held, and returns the call that it waits for.
fn hold(vm: &mut Vm, plugin: PluginId, request: Request) -> (HttpStreamId, u32, CalloutRequest) {
    let stream = vm.http_stream(plugin, &peer(FRONTEND), request).unwrap();
    assert_eq!(vm.request_headers(stream).unwrap(), HttpOutcome::Paused);
    let call = vm.callouts().last().unwrap();
    (stream, call.token, call.request.clone())
}

fn response(status: &str, headers: &[(&str, &str)], body: &str) -> CalloutResponse {
    let lines = [(":status", status)];
    let lines = lines.iter().chain(headers);
    CalloutResponse::Http {
        headers: lines
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect(),
        body: body.as_bytes().to_vec(),
        trailers: Vec::new(),
    }
}

/// The values of a header.
fn values(headers: &[(Vec<u8>, Vec<u8>)], name: &str) -> Vec<String> {
    let lines = headers.iter().filter(|(own, _)| own == name.as_bytes());
    lines
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .collect()
}
