//! Settings of the whole mesh: root namespace and trust domain.

use crate::document::{At, Fields, Value};
use crate::few::Few;
use crate::limits;
use crate::problem::{Problem, Problems};

/// The part of Istio's `MeshConfig` that policies depend on, and a feature flag of istiod
/// (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// Documents in this namespace apply to the whole mesh.
    pub root_namespace: String,
    /// The trust domain of this mesh's identities.
    pub trust_domain: String,
    /// Other names of the same trust domain.
    pub trust_domain_aliases: Vec<String>,
    /// Whether the CUSTOM policies of one workload may name several providers, as istiod's
    /// `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS` allows since Istio 1.30
    /// (<https://github.com/istio/istio/blob/1.30.3/pilot/pkg/features/security.go>).
    pub multiple_custom_authz_providers: bool,
}

impl Default for Mesh {
    /// Istio's defaults.
    fn default() -> Self {
        Self {
            root_namespace: "istio-system".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            trust_domain_aliases: Vec::new(),
            multiple_custom_authz_providers: false,
        }
    }
}

impl Mesh {
    pub(crate) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let mut mesh = Self::default();
        if let Some(root_namespace) = fields.text("rootNamespace", problems) {
            mesh.root_namespace = root_namespace.to_owned();
        }
        if let Some(trust_domain) = fields.text("trustDomain", problems) {
            mesh.trust_domain = trust_domain.to_owned();
        }
        mesh.trust_domain_aliases = fields.texts("trustDomainAliases", problems);
        if let Some(several) = fields.flag("multipleCustomAuthzProviders", problems) {
            mesh.multiple_custom_authz_providers = several;
        }
        fields.finish(problems);
        if mesh.trust_domain_aliases.len() > limits::TRUST_DOMAIN_ALIASES {
            let message = format!(
                "{} aliases, more than {}",
                mesh.trust_domain_aliases.len(),
                limits::TRUST_DOMAIN_ALIASES
            );
            problems.push(
                Problem::new(&at.name("trustDomainAliases"), message)
                    .help("remove those that no certificate uses any more"),
            );
            mesh.trust_domain_aliases = Vec::new();
        }
        for (name, text) in [
            ("rootNamespace", &mesh.root_namespace),
            ("trustDomain", &mesh.trust_domain),
        ] {
            if text.is_empty() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is empty"));
                problems.push(problem.help("leave it out for Istio's default"));
            }
        }
        Some(mesh)
    }

    /// The names of the trust domain: its own and its aliases, each once.
    pub(crate) fn trust_domains(&self) -> Few<&str> {
        let mut bundle = Few::One(self.trust_domain.as_str());
        for alias in &self.trust_domain_aliases {
            if !bundle.contains(&alias.as_str()) {
                bundle.push(alias, self.trust_domain_aliases.len());
            }
        }
        bundle
    }
}
