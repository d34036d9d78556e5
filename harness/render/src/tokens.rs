//! Envoy's `jwt_authn` ahead of the module, from the `RequestAuthentication` documents of the workload
//! (<https://istio.io/latest/docs/reference/config/security/request_authentication/>), configured as Istio does
//! (`pilot/pkg/security/authn/policy_applier.go`).
//!
//! `provider` has one rule, `key_server` the cluster that its keys come from, `output` the headers that get values of tokens.

mod key_server;
mod output;
mod provider;

use peerwarden_engine::document::At;
use peerwarden_engine::{Config, Problem, Problems, TokenRule};
use serde_json::json;

use crate::description::Proxy;
use crate::template::{self, TemplateError};
use key_server::KeyServer;
use provider::Provider;

/// How the tokens of a workload are verified; nothing if no document applies.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    providers: Vec<Provider>,
    /// The headers that clients cannot send.
    removed: Vec<String>,
    key_servers: Vec<KeyServer>,
    /// The file of the roots that these servers are verified with.
    roots: String,
}

impl Tokens {
    /// For the documents that apply to the workload, merged.
    ///
    /// # Errors
    ///
    /// If they contain something that Istio accepts, but that cannot be generated or would let a client write what a
    /// token should.
    pub(super) fn new(config: &Config, proxy: &Proxy) -> Result<Self, Problems> {
        let rules = config.token_rules();
        let mut problems = Problems::default();
        let mut providers = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            let provider = Provider::new(number, rule);
            if provider.is_none() {
                at(config, rule, |at| {
                    let problem = Problem::new(
                        at,
                        "neither `jwks` nor `jwksUri`: the keys of the issuer are unknown",
                    );
                    problems.push(problem.help(
                        "write `jwksUri`: it is the `jwks_uri` in `/.well-known/openid-configuration` of the issuer",
                    ));
                });
            }
            providers.extend(provider);
        }
        let removed = output::removed(config, &rules, proxy.underscores, &mut problems);
        let mut key_servers: Vec<KeyServer> = Vec::new();
        for rule in &rules {
            let Some(server) = KeyServer::of(&rule.rule.keys) else {
                continue;
            };
            if !server.is_reachable() {
                at(config, rule, |at| {
                    let problem = Problem::new(
                        at,
                        "the host of `jwksUri` is neither a DNS name nor an IP address",
                    );
                    problems.push(problem.help("write a host such as `issuer.example`"));
                });
            }
            if !key_servers.contains(&server) {
                key_servers.push(server);
            }
        }
        problems.into_result(Some(Self {
            providers,
            removed,
            key_servers,
            roots: proxy.key_roots.clone(),
        }))
    }

    /// The filters that come ahead of the module's.
    pub(super) fn filters(&self) -> Result<Option<String>, TemplateError> {
        if self.providers.is_empty() {
            return Ok(None);
        }
        let context = json!({"providers": self.providers, "removed": self.removed});
        template::fill("shared/tokens.yaml", context).map(Some)
    }

    /// The clusters that keys come from.
    pub(super) fn clusters(&self, discovered: bool) -> Result<String, TemplateError> {
        let clusters = self.key_servers.iter().map(|server| {
            let mut context = server.context(&self.roots);
            context["discovered"] = discovered.into();
            template::fill("shared/key_cluster.yaml", context)
        });
        clusters.collect()
    }
}

/// Calls `then` with the place of a rule among the documents, or with the root if it is unknown: in a `List`.
fn at(config: &Config, rule: &TokenRule<'_>, then: impl FnOnce(&At<'_>)) {
    let position = config.resources.iter().position(|resource| {
        matches!(resource, peerwarden_engine::resource::Resource::RequestAuthentication(document)
            if std::ptr::eq(document, rule.document))
    });
    let Some(position) = position else {
        return then(&At::ROOT);
    };
    let resources = At::ROOT.name("resources");
    let resource = resources.index(position);
    let spec = resource.name("spec");
    let rules = spec.name("jwtRules");
    then(&rules.index(rule.index));
}
