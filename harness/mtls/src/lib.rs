//! Mutual TLS of a mesh: issues certificates for local use, and probes what ports accept.
//!
//! The authority is not for production: its key is stored in a file beside the certificates that it issues, and it authenticates
//! nobody.
//!
//! - [`Authority`]: the certificate authority of a trust domain, created once and read again;
//! - [`Workload`]: the subject of a certificate;
//! - [`IssuedCertificate`]: a certificate with its key, as files with Istio's names and as secrets that Envoy reloads while it runs;
//! - [`probe`]: what a port really accepts;
//! - [`duration`]: durations in Istio's notation.

mod authority;
pub mod duration;
mod error;
mod files;
mod issued_certificate;
pub mod probe;
mod workload;

pub use authority::Authority;
pub use error::Error;
pub use issued_certificate::IssuedCertificate;
pub use workload::Workload;

use std::time::Duration;

/// The default lifetime of a workload's certificate, as Istio's `SECRET_TTL`
/// (<https://istio.io/latest/docs/reference/commands/pilot-agent/>).
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest lifetime: a certificate gives its end in whole seconds ([RFC 5280,
/// 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)).
const SHORTEST: Duration = Duration::from_secs(1);

/// How long before its issue a certificate is already valid, as clocks differ slightly.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
