//! The callers, the same for every set of policies.

/// A caller.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) credential: Credential,
    pub(crate) uri_sans: &'static [&'static str],
    pub(crate) dns_sans: &'static [&'static str],
    pub(crate) common_name: &'static str,
}

/// What a caller presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A certificate of the mesh.
    Mesh,
    /// A certificate of another authority that the server trusts.
    Partner,
    /// TLS, but no certificate.
    Anonymous,
    /// No TLS either.
    Plaintext,
}

/// Most of them as in a mesh, and some that no mesh issues.
pub(crate) const CAST: [Member; 18] = [
    mesh(&["spiffe://cluster.local/ns/web/sa/frontend"]),
    mesh(&["spiffe://cluster.local/ns/shop/sa/a.b"]),
    mesh(&["spiffe://cluster.local/ns/shop/sa/axb"]),
    mesh(&["spiffe://cluster.local/ns/shop/sa/frontend"]),
    mesh(&["spiffe://td/ns/web/sa/frontend"]),
    mesh(&["spiffe://old-td/ns/web/sa/frontend"]),
    mesh(&["spiffe://td/region/eu/ns/web/x/y/sa/frontend/z"]),
    mesh(&["spiffe://td/ns/web-1/sa/frontend-2"]),
    mesh(&["https://cluster.local/ns/web/sa/frontend"]),
    mesh(&["spiffe://td"]),
    mesh(&["https://first.example/", "spiffe://td/ns/web/sa/frontend"]),
    member(Credential::Mesh, &[], &["web.example", "spiffe.example"], ""),
    member(Credential::Mesh, &[], &[], "frontend"),
    member(Credential::Mesh, &[], &[], ""),
    member(
        Credential::Partner,
        &["spiffe://partner.example/ns/web/sa/frontend"],
        &[],
        "",
    ),
    member(
        Credential::Partner,
        &["spiffe://evil-td/ns/web/sa/frontend"],
        &[],
        "",
    ),
    member(Credential::Anonymous, &[], &[], ""),
    member(Credential::Plaintext, &[], &[], ""),
];

const fn mesh(uri_sans: &'static [&'static str]) -> Member {
    member(Credential::Mesh, uri_sans, &[], "")
}

const fn member(
    credential: Credential,
    uri_sans: &'static [&'static str],
    dns_sans: &'static [&'static str],
    common_name: &'static str,
) -> Member {
    Member {
        credential,
        uri_sans,
        dns_sans,
        common_name,
    }
}
