//! Requests over connections that stay, from several callers, and what they cost Envoy.

use anyhow::{Result, ensure};
use peerwarden_lab::client::{Ask, http};

use crate::policies;
use crate::stage::{Measured, Stage};

/// Before each measurement, on its own connections.
const WARM_UP: usize = 30;

/// Microseconds of Envoy's CPU for each request.
pub(crate) async fn measure(stage: &Stage, listener: &Measured) -> Result<f64> {
    let address = stage.envoy.address(&listener.name)?;
    let mut callers = Vec::new();
    for number in listener.numbers {
        let connection =
            http::Connection::open(address, &stage.caller(number)?, http::Version::Http1).await?;
        callers.push((connection, policies::path(number)));
    }
    let each = listener.requests / callers.len();
    ask(&mut callers, WARM_UP).await?;
    let before = stage.envoy.cpu()?;
    ask(&mut callers, each).await?;
    let spent = stage.envoy.cpu()?.saturating_sub(before);
    Ok(spent.as_secs_f64() * 1e6 / (each * callers.len()) as f64)
}

/// Every answer is looked at: what is denied by mistake is fast.
async fn ask(callers: &mut [(http::Connection, String)], each: usize) -> Result<()> {
    for _ in 0..each {
        for (connection, path) in callers.iter_mut() {
            let reply = connection.send(Ask::get(path)).await?;
            ensure!(reply.status == 200, "{path}: {}", reply.status);
        }
    }
    Ok(())
}
