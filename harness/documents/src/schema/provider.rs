//! Entries of `extensionProviders` of Istio's mesh config:
//! <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider>.
#![expect(dead_code, reason = "for the schema; the engine reads the entries itself")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// An external authorizer that CUSTOM policies name. The list may have entries of other kinds.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ExtensionProvider {
    /// The name for `provider.name` of policies.
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
    /// A prefix for the request's path.
    path_prefix: Option<String>,
    /// Headers that are sent to it, in addition to method, path, host and `authorization`.
    include_request_headers_in_check: Option<Vec<String>>,
    /// Headers with fixed values that are sent to it.
    include_additional_headers_in_check: Option<BTreeMap<String, String>>,
    /// Headers of an allowing answer that go to the upstream.
    headers_to_upstream_on_allow: Option<Vec<String>>,
    /// Headers of an allowing answer that go to the client.
    headers_to_downstream_on_allow: Option<Vec<String>>,
    /// Headers of a denying answer that go to the client; all by default.
    headers_to_downstream_on_deny: Option<Vec<String>>,
}

/// An authorizer over gRPC.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Grpc {
    #[schemars(flatten)]
    service: Service,
}

/// The authorizer's address, and what happens if it fails.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Service {
    /// Its host.
    service: String,
    /// Its port.
    #[schemars(range(min = 1))]
    port: u16,
    /// Envoy's cluster; `outbound|PORT||HOST` by default.
    cluster: Option<String>,
    /// The time-out of an answer, such as `2s`; `600s` by default.
    timeout: Option<String>,
    /// Whether to allow if there is no usable answer; `false` by default.
    fail_open: Option<bool>,
    /// The status of a denial if there is no usable answer; `"403"` by default.
    status_on_error: Option<String>,
}
