//! For a certificate without a URI SAN, Envoy's own filter tries the DNS SANs, then the subject, as the peer's identity. No SPIFFE
//! authority vouches for these, so to the module the identity is not established.

use super::{Difference, SingleQuestion, doubt};
use crate::case::{CAST, Credential};

pub(super) const DIFFERENCE: Difference = Difference {
    name: "the identity of a certificate without a URI SAN is not established",
    rewrite,
};

fn rewrite(asked: &mut SingleQuestion) -> bool {
    let member = &CAST[asked.visit.member];
    let shows_one = matches!(member.credential, Credential::Mesh | Credential::Partner);
    shows_one && member.uri_sans.is_empty() && doubt::settle(&mut asked.set.policies, is_identity)
}

fn is_identity(name: &str) -> bool {
    matches!(
        name,
        "principals"
            | "namespaces"
            | "serviceAccounts"
            | "trustDomains"
            | "source.principal"
            | "source.namespace"
            | "source.serviceAccount"
            | "source.trustDomain"
    )
}
