//! Mutual TLS of a mesh: certificates for local use, from an authority to what it issues to workloads, and what ports do with
//! them.
//!
//! The authority is never for production: its key lies in a file beside what it issues, and nobody is asked who they are.
//!
//! - [`Authority`]: the root of a trust domain, made once and read again;
//! - [`Workload`]: whom a certificate names;
//! - [`Issued`]: a certificate with its key, as files in Istio's names and as secrets that Envoy takes in while it runs;
//! - [`probe`]: what a port really accepts;
//! - [`duration`]: how long, as Istio writes it.

mod authority;
pub mod duration;
mod error;
mod files;
mod issued;
pub mod probe;
mod workload;

pub use authority::Authority;
pub use error::Error;
pub use issued::Issued;
pub use workload::Workload;

use std::time::Duration;

/// How long a workload's certificate lives unless said otherwise, as Istio's `SECRET_TTL`
/// (<https://istio.io/latest/docs/reference/commands/pilot-agent/>).
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What says when it ends in whole seconds lives at least that long
/// ([RFC 5280, 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)).
const SHORTEST: Duration = Duration::from_secs(1);

/// Clocks may differ a little: a certificate is good from so long before it was issued.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
