//! External authorizers: the entries of `extensionProviders` that CUSTOM policies name.
//!
//! They are written as in Istio's `MeshConfig`
//! (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider>). An entry that
//! cannot be used is kept with its problem: as in Istio it denies the traffic that its CUSTOM rules match, and nothing
//! else.

mod authorizer;
mod values;

use std::time::Duration;

use crate::document::{At, Fields, Value};
use crate::pattern::TextPattern;
use crate::problem::{Problem, Problems};

/// One entry of `extensionProviders`.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct ExtensionProvider {
    /// The name that `provider.name` of a CUSTOM policy refers to.
    pub name: String,
    /// How to call it; or why it cannot be called, for people.
    pub authorizer: Result<Authorizer, String>,
}

/// An external authorizer.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Authorizer {
    /// `envoyExtAuthzHttp`: gets the request's method, path and some of its headers; allows with status 200.
    Http(HttpAuthorizer),
    /// `envoyExtAuthzGrpc`: called by `envoy.service.auth.v3.Authorization/Check`.
    Grpc(AuthorizerService),
}

impl Authorizer {
    /// Where it is and what its failure means.
    pub fn service(&self) -> &AuthorizerService {
        match self {
            Authorizer::Http(http) => &http.service,
            Authorizer::Grpc(service) => service,
        }
    }
}

/// The settings that both kinds of authorizer have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorizerService {
    /// Envoy's name of the cluster: `cluster` as given, or `outbound|PORT||HOST`, as Istio names the cluster of a service.
    pub cluster: String,
    /// The host of `service`, for `:authority`.
    pub authority: String,
    /// The timeout of an answer; 600 s by default, as in Istio.
    pub timeout: Duration,
    /// Whether a failure lets the request pass; false by default.
    pub fail_open: bool,
    /// The HTTP status of a denial if the authorizer does not answer; 403 by default.
    pub status_on_error: u16,
}

/// An authorizer over HTTP.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct HttpAuthorizer {
    /// Where it is.
    pub service: AuthorizerService,
    /// Put before the request's path.
    pub path_prefix: String,
    /// The request's headers that it gets, besides `authorization`, which it always gets.
    pub include_request_headers: Vec<HeaderPattern>,
    /// Headers with fixed values that it gets; they replace the request's own.
    pub include_additional_headers: Vec<(String, String)>,
    /// Headers of the answer that go upstream if it allows the request.
    pub headers_to_upstream_on_allow: Vec<HeaderPattern>,
    /// Headers of the answer that go to the client if it allows the request.
    pub headers_to_downstream_on_allow: Vec<HeaderPattern>,
    /// Headers of the answer that go to the client if it denies the request; if empty, all of them.
    pub headers_to_downstream_on_deny: Vec<HeaderPattern>,
}

/// A header's name: exact, `prefix*` or `*suffix`, ignoring case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderPattern(TextPattern);

impl HeaderPattern {
    /// Whether it is about the header of this name.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.0.matches_ignoring_case(name)
    }
}

/// The answer of an external authorizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExternalAnswer {
    /// It said yes.
    Allow,
    /// It said no.
    Deny,
    /// It could not be reached, was too slow, or its answer cannot be parsed: `failOpen` may let that pass.
    Failed,
    /// The request cannot be sent to the authorizer. Only a client can cause that, so it is denied whatever `failOpen`
    /// says.
    Unaskable,
}

/// A source of answers of external authorizers, for tests and tools, which do not wait for real ones.
pub trait ExternalAuthorizers {
    /// The answer of this provider's authorizer.
    fn answer(&self, provider: &str) -> ExternalAnswer;
}

impl ExtensionProvider {
    /// Reads the entry at `at`; `None` when `problems` got any: an entry that cannot even be named.
    pub(crate) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let name = match value {
            Value::Object(_) => value.get("name").and_then(Value::as_str).unwrap_or_default(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => {
                // Says what is expected.
                Fields::of(value, at, problems)?;
                return None;
            }
        };
        if name.is_empty() {
            let problem = Problem::new(&at.name("name"), "an extension provider needs a name");
            problems.push(problem.help("write `name: …`, which CUSTOM policies use as `provider.name`"));
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            authorizer: authorizer::read(name, value, at).map_err(|wrong| {
                let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                wrong.join("; ")
            }),
        })
    }

    /// Makes entries that share a name unusable.
    pub(crate) fn refuse_twins(providers: &mut [Self]) {
        let names: Vec<String> = providers.iter().map(|provider| provider.name.clone()).collect();
        for provider in providers {
            if names.iter().filter(|name| **name == provider.name).count() > 1 {
                provider.authorizer = Err(format!(
                    "duplicate name `{}` in `extensionProviders`; rename one",
                    provider.name
                ));
            }
        }
    }
}
