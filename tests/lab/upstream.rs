//! Servers behind Envoy: they answer, and they remember what reached them.

mod events;
mod health;
mod http;
mod plain;
mod tcp;
mod tls;

pub use events::Events;
pub use health::HealthApp;
pub use http::{HttpEcho, Seen};
pub use plain::PlainHttp;
pub use tcp::{TcpEcho, Traffic};
pub use tls::TlsEcho;

use tokio::task::JoinHandle;

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

// === impl Task ===

impl Task {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
