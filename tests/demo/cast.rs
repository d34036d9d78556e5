//! The callers.

use anyhow::Result;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::Caller;

/// The kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallerKind {
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
pub(crate) const ALL: [CallerKind; 5] = [
    CallerKind::Frontend,
    CallerKind::Backend,
    CallerKind::Partner,
    CallerKind::Plaintext,
    CallerKind::Anonymous,
];

/// The authorities: the mesh's, and that of a partner's mesh that ours trusts.
pub(crate) struct Authorities {
    pub(crate) mesh: Authority,
    pub(crate) partner: Authority,
}

impl CallerKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            CallerKind::Frontend => "frontend",
            CallerKind::Backend => "backend",
            CallerKind::Partner => "partner",
            CallerKind::Plaintext => "plaintext",
            CallerKind::Anonymous => "anonymous",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            CallerKind::Frontend => "spiffe://cluster.local/ns/web/sa/frontend",
            CallerKind::Backend => "spiffe://cluster.local/ns/shop/sa/backend",
            CallerKind::Partner => "spiffe://partner.example/ns/web/sa/frontend, another trust domain",
            CallerKind::Plaintext => "nobody: no TLS at all",
            CallerKind::Anonymous => "nobody: TLS, but no certificate",
        }
    }

    /// Issues a certificate if the caller has one.
    pub(crate) fn caller(self, authorities: &Authorities) -> Result<Caller> {
        let Authorities { mesh, partner } = authorities;
        let (issuer, identity) = match self {
            CallerKind::Plaintext => return Ok(Caller::plaintext()),
            CallerKind::Anonymous => return Caller::anonymous(mesh),
            CallerKind::Frontend => (mesh, "spiffe://cluster.local/ns/web/sa/frontend"),
            CallerKind::Backend => (mesh, "spiffe://cluster.local/ns/shop/sa/backend"),
            CallerKind::Partner => (partner, "spiffe://partner.example/ns/web/sa/frontend"),
        };
        Caller::workload(mesh, &issuer.issue(Certificate::spiffe(identity))?)
    }
}
