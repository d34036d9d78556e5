//! `AuthorizationPolicy`, `PeerAuthentication` and `RequestAuthentication`: <https://istio.io/latest/docs/reference/config/security/>.
//!
//! A field that may be left out may be null, which is the same to Kubernetes.
#![expect(dead_code, reason = "for the schema; the engine reads the documents itself")]

mod authorization_policy;
mod document;
mod peer_authentication;
mod request_authentication;
mod rule;
mod target;
mod values;

pub(super) use authorization_policy::AuthorizationPolicy;
pub(super) use peer_authentication::PeerAuthentication;
pub(super) use request_authentication::RequestAuthentication;
