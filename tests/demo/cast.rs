//! The callers.

use anyhow::Result;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::Caller;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Frontend,
    Backend,
    /// The frontend's namespace and service account, but of another trust domain.
    Partner,
    /// Without TLS.
    Plaintext,
    /// With TLS, but without a certificate.
    Anonymous,
}

/// In the order in which they are introduced.
pub(crate) const ALL: [Who; 5] = [
    Who::Frontend,
    Who::Backend,
    Who::Partner,
    Who::Plaintext,
    Who::Anonymous,
];

/// Who issues: the mesh, and a partner's mesh that ours trusts.
pub(crate) struct Authorities {
    pub(crate) mesh: Authority,
    pub(crate) partner: Authority,
}

// === impl Who ===

impl Who {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Who::Frontend => "frontend",
            Who::Backend => "backend",
            Who::Partner => "partner",
            Who::Plaintext => "plaintext",
            Who::Anonymous => "anonymous",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Who::Frontend => "spiffe://cluster.local/ns/web/sa/frontend",
            Who::Backend => "spiffe://cluster.local/ns/shop/sa/backend",
            Who::Partner => "spiffe://partner.example/ns/web/sa/frontend, another trust domain",
            Who::Plaintext => "nobody: no TLS at all",
            Who::Anonymous => "nobody: TLS, but no certificate",
        }
    }

    /// Issues a certificate where the caller has one.
    pub(crate) fn caller(self, authorities: &Authorities) -> Result<Caller> {
        let Authorities { mesh, partner } = authorities;
        let (issuer, identity) = match self {
            Who::Plaintext => return Ok(Caller::plaintext()),
            Who::Anonymous => return Caller::anonymous(mesh),
            Who::Frontend => (mesh, "spiffe://cluster.local/ns/web/sa/frontend"),
            Who::Backend => (mesh, "spiffe://cluster.local/ns/shop/sa/backend"),
            Who::Partner => (partner, "spiffe://partner.example/ns/web/sa/frontend"),
        };
        Caller::workload(mesh, &issuer.issue(Certificate::spiffe(identity))?)
    }
}
