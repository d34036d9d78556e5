//! Entries of `extensionProviders` of Istio's mesh config:
//! <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider>.
#![expect(dead_code, reason = "for the schema; the engine reads the entries itself")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// An external authorizer that CUSTOM policies name. Entries of other kinds may stand beside it.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ExtensionProvider {
    /// What `provider.name` of a policy says.
    #[schemars(length(min = 1))]
    name: String,
    /// An authorizer over HTTP.
    envoy_ext_authz_http: Option<Http>,
    /// An authorizer over gRPC.
    envoy_ext_authz_grpc: Option<Grpc>,
}

/// An authorizer over HTTP.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Http {
    #[schemars(flatten)]
    service: Service,
    /// Put before the request's path.
    path_prefix: Option<String>,
    /// The headers that it gets, beside method, path, host and `authorization`.
    include_request_headers_in_check: Option<Vec<String>>,
    /// Headers with fixed values that it gets.
    include_additional_headers_in_check: Option<BTreeMap<String, String>>,
    /// Headers of a yes that go to the upstream.
    headers_to_upstream_on_allow: Option<Vec<String>>,
    /// Headers of a yes that go to the client.
    headers_to_downstream_on_allow: Option<Vec<String>>,
    /// Headers of a no that go to the client; all when left out.
    headers_to_downstream_on_deny: Option<Vec<String>>,
}

/// An authorizer over gRPC.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Grpc {
    #[schemars(flatten)]
    service: Service,
}

/// Where it is, and what its failure means.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Service {
    /// Its host.
    service: String,
    /// Its port.
    #[schemars(range(min = 1))]
    port: u16,
    /// Envoy's cluster, where it is not called `outbound|PORT||HOST`.
    cluster: Option<String>,
    /// How long an answer may take, such as `2s`; `600s` when left out.
    timeout: Option<String>,
    /// Whether no usable answer lets pass; `false` when left out.
    fail_open: Option<bool>,
    /// The status of a denial for want of an answer; `"403"` when left out.
    status_on_error: Option<String>,
}
