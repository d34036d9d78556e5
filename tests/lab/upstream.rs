//! Servers behind Envoy, which record what reached them.

mod event_server;
mod health;
mod http;
mod key_server;
mod plain;
mod tcp;
mod tls;

pub use event_server::EventServer;
pub use health::HealthApp;
pub use http::{HttpEcho, ReceivedRequest};
pub use key_server::KeyServer;
pub use plain::PlainHttp;
pub use tcp::{TcpEcho, TrafficCounts};
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
