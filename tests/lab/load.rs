//! Load: callers that keep sending, over connections that stay open or new ones, and how long each answer took.
//!
//! Every answer is checked if the right one is known: a request that is denied by mistake is fast.

mod http;
mod latencies;
mod pace;
mod tcp;

pub use http::{Crowd, LoadRequest, Replies};
pub use latencies::Latencies;
pub use tcp::{PersistentConnections, Visitor, visit};
