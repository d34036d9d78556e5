//! Callers: whoever they are, over HTTP/1.1, HTTP/2 or TCP.

mod ask;
mod caller;
mod halfway;
pub mod http;
pub mod kubelet;
pub mod proxy_protocol;
pub mod tcp;
mod tunnel;

pub use ask::{Ask, Reply};
pub use caller::Caller;
pub use halfway::Halfway;
