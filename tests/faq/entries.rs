//! The questions, one file each.

mod authorization;
mod auto_mtls;
mod encryption;
mod ingress;
mod lifetime;
mod passthrough;
mod probes;
mod revocation;
mod scopes;
mod server_first;
mod strict;
mod switching;

use crate::entry::Entry;

/// All, in the order of their numbers.
pub(crate) const ALL: &[Entry] = &[
    switching::ENTRY,
    scopes::ENTRY,
    encryption::ENTRY,
    strict::ENTRY,
    probes::ENTRY,
    lifetime::ENTRY,
    auto_mtls::ENTRY,
    server_first::ENTRY,
    authorization::ENTRY,
    ingress::ENTRY,
    passthrough::ENTRY,
    revocation::ENTRY,
];
