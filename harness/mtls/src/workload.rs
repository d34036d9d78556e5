//! The subject of a certificate.

use peerwarden_engine::SpiffeId;

use crate::error::Error;

/// A workload: its SPIFFE ID, and its DNS names as a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    pub(crate) trust_domain: String,
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    pub(crate) dns_sans: Vec<String>,
}

impl Workload {
    /// Parses `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`, the form of a workload's name in a mesh
    /// (<https://istio.io/latest/docs/concepts/security/#istio-identity>).
    ///
    /// # Errors
    ///
    /// If it is not such a name.
    pub fn parse(uri: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Name {
            name: uri.chars().take(128).collect(),
            why: why.to_owned(),
        };
        let id = SpiffeId::parse(uri.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
        let (Some(namespace), Some(service_account)) = (id.namespace, id.service_account) else {
            return Err(wrong("it has no namespace and service account"));
        };
        Self::new(id.trust_domain.as_str(), namespace, service_account)
    }

    /// The workload with this service account, namespace and trust domain.
    ///
    /// # Errors
    /// If Kubernetes would not accept a part as a name.
    pub fn new(trust_domain: &str, namespace: &str, service_account: &str) -> Result<Self, Error> {
        for (what, part) in [
            ("trust domain", trust_domain),
            ("namespace", namespace),
            ("service account", service_account),
        ] {
            if !is_name(part) {
                return Err(Error::Name {
                    name: format!("spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}")
                        .chars()
                        .take(128)
                        .collect(),
                    why: format!("the {what} may have lower-case letters, digits, `-` and `.`"),
                });
            }
        }
        Ok(Self {
            trust_domain: trust_domain.to_owned(),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            dns_sans: Vec::new(),
        })
    }

    /// Adds a DNS name that clients use to call it as a server.
    pub fn dns(mut self, name: &str) -> Self {
        self.dns_sans.push(name.to_owned());
        self
    }

    /// Its trust domain.
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its service account.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }

    /// Its SPIFFE ID (<https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md>).
    pub fn spiffe_id(&self) -> String {
        format!(
            "spiffe://{}/ns/{}/sa/{}",
            self.trust_domain, self.namespace, self.service_account
        )
    }
}

/// Whether a part is a DNS subdomain name as Kubernetes defines it, so that it is a safe folder name too.
fn is_name(part: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    part.len() <= 253 && part.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_names_of_a_mesh() {
        let name = "spiffe://cluster.local/ns/shop/sa/orders.v2";
        assert_eq!(Workload::parse(name).unwrap().spiffe_id(), name);
    }

    #[test]
    fn refuses_what_no_mesh_issues() {
        for name in [
            "",
            "cluster.local/ns/shop/sa/orders",
            "https://cluster.local/ns/shop/sa/orders",
            "spiffe://cluster.local/orders",
            "spiffe://cluster.local/ns/../sa/orders",
            "spiffe://cluster.local/ns/shop/sa/..",
            "spiffe://cluster.local/ns/shop/sa/a/b",
            "spiffe://cluster.local/ns/Shop/sa/orders",
            "spiffe://cluster.local/ns/shop/sa/o\nx",
            "spiffe:///ns/shop/sa/orders",
        ] {
            assert!(Workload::parse(name).is_err(), "{name}");
        }
    }
}
