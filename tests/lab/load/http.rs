//! HTTP callers, each of which sends one request after another over its own connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::Latencies;
use super::pace::Pace;
use crate::client::http::{Connection, Version};
use crate::client::{Caller, ClientRequest};

/// A request, and the required status of its reply, if known.
#[derive(Debug, Clone)]
pub struct LoadRequest {
    /// The request.
    pub ask: ClientRequest,
    /// The required status.
    pub status: Option<u16>,
}

/// Callers that send at the same time.
#[derive(Debug, Default)]
pub struct Crowd {
    members: Vec<Member>,
}

/// The results.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    /// How long each took.
    pub latencies: Latencies,
    /// The number of replies with each status.
    pub statuses: BTreeMap<u16, u64>,
}

#[derive(Debug)]
struct Member {
    connection: Connection,
    requests: Vec<LoadRequest>,
    next: usize,
}

// === impl Crowd ===

impl Crowd {
    /// Adds a caller, which sends these requests in turns.
    pub async fn join(
        &mut self,
        address: SocketAddr,
        caller: &Caller,
        version: Version,
        requests: Vec<LoadRequest>,
    ) -> Result<()> {
        ensure!(!requests.is_empty(), "a caller who asks for nothing");
        let connection = Connection::open(address, caller, version).await?;
        self.members.push(Member {
            connection,
            requests,
            next: 0,
        });
        Ok(())
    }

    /// Every caller sends this many requests, each after the reply to the one before, continuing where it left off.
    ///
    /// # Errors
    /// If a connection fails, or a reply has another status than required.
    pub async fn ask(&mut self, each: usize) -> Result<Replies> {
        self.ask_at(each, None).await
    }

    /// The same, but a caller's requests begin at fixed intervals, and the callers' in turns. How long a reply took counts from when
    /// the request should have begun: a slow reply delays those behind it.
    pub async fn ask_every(&mut self, interval: Duration, each: usize) -> Result<Replies> {
        self.ask_at(each, Some(interval)).await
    }

    async fn ask_at(&mut self, each: usize, interval: Option<Duration>) -> Result<Replies> {
        let mut tasks = JoinSet::new();
        let members = std::mem::take(&mut self.members);
        let mut paces = interval.map(|interval| Pace::of_each(members.len(), interval));
        for mut member in members {
            let pace = paces.as_mut().and_then(Iterator::next);
            tasks.spawn(async move {
                let replies = member.ask(each, pace).await;
                (member, replies)
            });
        }
        let mut all = Replies::default();
        while let Some(done) = tasks.join_next().await {
            let (member, replies) = done?;
            let replies = replies?;
            self.members.push(member);
            all.latencies.extend(replies.latencies);
            for (status, count) in replies.statuses {
                *all.statuses.entry(status).or_default() += count;
            }
        }
        Ok(all)
    }
}

impl Member {
    async fn ask(&mut self, times: usize, mut pace: Option<Pace>) -> Result<Replies> {
        let mut replies = Replies::default();
        for _ in 0..times {
            let Some(request) = self.requests.get(self.next) else {
                break;
            };
            let start = Pace::next_of(&mut pace).await;
            let reply = self.connection.send(request.ask.clone()).await?;
            replies.latencies.add(start.elapsed());
            *replies.statuses.entry(reply.status).or_default() += 1;
            ensure!(
                request.status.is_none_or(|status| status == reply.status),
                "{:?}: {}",
                request.ask,
                reply.status
            );
            self.next = (self.next + 1) % self.requests.len();
        }
        Ok(replies)
    }
}
