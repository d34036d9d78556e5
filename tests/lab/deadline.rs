//! Time limits: nothing in the laboratory waits for ever.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// For one exchange on loopback; generous, as two cores may be busy with a compiler.
pub const EXCHANGE: Duration = Duration::from_secs(10);

/// For Envoy to start: it compiles the module for each virtual machine.
pub const START: Duration = Duration::from_secs(30);

/// Between two looks at something that is expected to happen.
pub const POLL: Duration = Duration::from_millis(20);

/// Runs a future, which must finish within `limit`.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, future)
        .await
        .map_err(|_elapsed| anyhow!("{what}: not over within {limit:?}"))?
}

/// Polls `look` until it finds something, or `limit` has passed.
pub async fn until<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if start.elapsed() > limit {
            return Err(anyhow!("{what}: not seen within {limit:?}"));
        }
        tokio::time::sleep(POLL).await;
    }
}
