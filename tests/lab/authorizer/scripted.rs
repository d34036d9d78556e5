//! A server that answers by script, whatever its protocol.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::questions::Questions;
use crate::upstream::Task;

/// An authorizer that answers questions of a kind by script.
pub struct Authorizer<Q> {
    address: SocketAddr,
    questions: Arc<Questions<Q>>,
    _task: Task,
}

// === impl Authorizer ===

impl<Q: Clone + Send + 'static> Authorizer<Q> {
    /// Starts on a free port, and serves each connection with `serve`.
    pub(super) async fn listen<F>(
        serve: impl Fn(TcpStream, Arc<Questions<Q>>) -> F + Send + 'static,
    ) -> Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let questions = Arc::<Questions<Q>>::default();
        let noted = Arc::clone(&questions);
        let task = Task::spawn(async move {
            // Dropped with the task, and the connections with it.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&noted)));
            }
        });
        Ok(Self {
            address,
            questions,
            _task: task,
        })
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The questions so far.
    pub fn asked(&self) -> Vec<Q> {
        self.questions.asked()
    }

    /// Waits until it has received this many questions.
    pub async fn asked_times(&self, count: usize) -> Result<()> {
        self.questions.asked_times(count).await
    }

    /// Waits until this many questions are unanswered.
    pub async fn waiting(&self, count: usize) -> Result<()> {
        self.questions.waiting(count).await
    }
}

impl<Q> fmt::Debug for Authorizer<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorizer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
