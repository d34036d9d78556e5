//! The trust domains that a workload's handshake accepts: those of the mesh, and foreign ones with roots of their own.
//!
//! ```yaml
//! mesh:
//!   trustDomain: cluster.local
//!   caCertificates:
//!   - trustDomains: [partner.example]
//!     pem: |
//!       -----BEGIN CERTIFICATE-----
//!       …
//! ```
//!
//! `caCertificates` is that of Istio's `MeshConfig`
//! (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-CertificateData>). The module does not read it,
//! as certificates are verified before it decides.

use peerwarden_engine::document::{At, Fields, Value};
use peerwarden_engine::{Mesh, Problem, Problems, SpiffeId};
use x509_parser::pem::Pem;

use crate::description::shown;

/// The field of the mesh that only the handshake uses.
pub const CA_CERTIFICATES: &str = "caCertificates";

/// The trust domains that a handshake accepts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// The mesh's own trust domain first, then its aliases. They use the mesh's roots.
    own: Vec<String>,
    foreign: Vec<ForeignTrustDomain>,
}

/// A foreign trust domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignTrustDomain {
    /// Its name.
    pub(crate) name: String,
    /// Its roots, in PEM. They are trusted for no other name, and no other roots for this name.
    pub(crate) roots: String,
}

impl Trust {
    /// The trust domains of a mesh, and those in its `caCertificates`.
    pub fn read(mesh: &Mesh, written: Option<&Value>, at: &At<'_>, problems: &mut Problems) -> Self {
        let mut own = vec![mesh.trust_domain.clone()];
        for alias in &mesh.trust_domain_aliases {
            if !own.contains(alias) {
                own.push(alias.clone());
            }
        }
        let mut trust = Self {
            own,
            foreign: Vec::new(),
        };
        let Some(Value::Object(fields)) = written else {
            return trust;
        };
        // An object with only this field: the engine reads the others.
        let only = |(name, _): &&(String, Value)| name == CA_CERTIFICATES;
        let only = Value::Object(fields.iter().filter(only).cloned().collect());
        let Some(mut fields) = Fields::of(&only, at, problems) else {
            return trust;
        };
        let at = at.name(CA_CERTIFICATES);
        let entries = fields.list(CA_CERTIFICATES, problems).unwrap_or(&[]);
        for (index, entry) in entries.iter().enumerate() {
            trust.add(entry, &at.index(index), problems);
        }
        trust
    }

    /// Adds an entry of `caCertificates`.
    fn add(&mut self, entry: &Value, at: &At<'_>, problems: &mut Problems) {
        let Some(mut fields) = Fields::of(entry, at, problems) else {
            return;
        };
        let pem = fields.text("pem", problems).map(str::to_owned);
        let names = fields.texts("trustDomains", problems);
        for (name, help) in [
            (
                "spiffeBundleUrl",
                "write the roots into `pem`; URLs are not fetched",
            ),
            (
                "certSigners",
                "remove it; `trustDomains` says whose roots these are",
            ),
        ] {
            if fields.take(name).is_some() {
                let problem = Problem::new(&at.name(name), format!("`{name}` is not supported")).on_key();
                problems.push(problem.help(help));
            }
        }
        fields.finish(problems);
        let Some(roots) = roots(pem, at, problems) else {
            return;
        };
        if names.is_empty() {
            let problem = Problem::new(at, "`trustDomains` is missing or empty");
            problems.push(
                problem.help(
                    "name the trust domains that these roots are for: `trustDomains: [partner.example]`",
                ),
            );
        }
        let at = at.name("trustDomains");
        for (index, name) in names.into_iter().enumerate() {
            if let Err(problem) = self.is_foreign(&name, &at.index(index)) {
                problems.push(problem);
                continue;
            }
            match self.foreign.iter_mut().find(|foreign| foreign.name == name) {
                Some(known) => known.roots.push_str(&roots),
                None => self.foreign.push(ForeignTrustDomain {
                    name,
                    roots: roots.clone(),
                }),
            }
        }
    }

    fn is_foreign(&self, name: &str, at: &At<'_>) -> Result<(), Problem> {
        if self.own.iter().any(|own| own == name) {
            let problem = Problem::new(at, format!("`{name}` is a trust domain of the mesh itself"));
            return Err(problem.help("remove it here; its roots are those of `certificates`"));
        }
        match SpiffeId::parse(format!("spiffe://{name}/any").as_bytes()) {
            Ok(id) if id.trust_domain.as_str() == name => Ok(()),
            Ok(_) | Err(_) => {
                let problem = Problem::new(at, format!("`{}` is not a trust domain", shown(name)));
                Err(problem.help(
                    "write a name such as `partner.example`, without `spiffe://` and without wildcards",
                ))
            }
        }
    }

    /// Whether this trust domain is accepted.
    pub fn has(&self, domain: &str) -> bool {
        self.names().any(|name| name == domain)
    }

    /// All accepted trust domains: the mesh's, its aliases, foreign ones.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let foreign = self.foreign.iter().map(|foreign| foreign.name.as_str());
        self.own.iter().map(String::as_str).chain(foreign)
    }

    /// The trust domain of a peer's SPIFFE ID if it is not accepted; `None` if it is, or if the URI is not a SPIFFE ID.
    pub fn refused<'u>(&self, uri: &'u str) -> Option<&'u str> {
        let rest = uri.strip_prefix("spiffe://")?;
        let domain = rest.split('/').next().unwrap_or(rest);
        (!self.has(domain)).then_some(domain)
    }

    /// Whether a peer with this URI SAN is accepted.
    pub fn admits(&self, uri: &str) -> bool {
        let named = uri
            .strip_prefix("spiffe://")
            .and_then(|rest| rest.split_once('/'));
        named.is_some_and(|(domain, _)| self.has(domain))
    }

    /// The mesh's own trust domain and its aliases.
    pub(crate) fn own(&self) -> &[String] {
        &self.own
    }

    /// The foreign trust domains.
    pub(crate) fn foreign(&self) -> &[ForeignTrustDomain] {
        &self.foreign
    }
}

/// The mesh in the module's configuration, without the field that only the handshake uses.
pub(crate) fn of_module(mesh: &Value) -> Value {
    match mesh {
        Value::Object(fields) => {
            let read = fields.iter().filter(|(name, _)| name != CA_CERTIFICATES);
            Value::Object(read.cloned().collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => mesh.clone(),
    }
}

/// Certificates in PEM, ending in a line break. Envoy parses them.
fn roots(pem: Option<String>, at: &At<'_>, problems: &mut Problems) -> Option<String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let Some(mut pem) = pem else {
        let problem = Problem::new(at, "`pem` is missing or not a string");
        problems.push(problem.help("write the root certificates of these trust domains, in PEM"));
        return None;
    };
    let at = at.name("pem");
    if pem.contains("PRIVATE KEY-----") {
        let problem = Problem::new(&at, "`pem` has a private key");
        problems.push(problem.help("write only the root certificates"));
        return None;
    }
    if !pem.contains(BEGIN) {
        let problem = Problem::new(&at, "`pem` has no certificate");
        problems.push(problem.help(format!(
            "write root certificates in PEM, which begin with `{BEGIN}`"
        )));
        return None;
    }
    if let Err(number) = are_certificates(&pem) {
        let problem = Problem::new(&at, format!("certificate {number} of `pem` cannot be read"));
        problems
            .push(problem.help("write whole root certificates, as the other mesh's authority gives them"));
        return None;
    }
    if !pem.ends_with('\n') {
        pem.push('\n');
    }
    Some(pem)
}

/// Whether Envoy can read each certificate; otherwise the number of the first that it cannot, from 1.
fn are_certificates(pem: &str) -> Result<(), usize> {
    let mut certificates = 0;
    for block in Pem::iter_from_buffer(pem.as_bytes()) {
        certificates += 1;
        if !block.is_ok_and(|block| block.label == "CERTIFICATE" && block.parse_x509().is_ok()) {
            return Err(certificates);
        }
    }
    if certificates == 0 { Err(1) } else { Ok(()) }
}
