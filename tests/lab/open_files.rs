//! The limit on open files of this process, and of an Envoy that it starts: a connection is one at either end.

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to this count, if it is lower.
///
/// # Errors
/// If this machine does not allow so many.
pub fn at_least(count: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    let most = limit.maximum;
    ensure!(
        most.is_none_or(|most| most >= count),
        "{count} open files are needed, and `ulimit -Hn` is {most:?}"
    );
    let raised = Rlimit {
        current: Some(count),
        ..limit
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of open files")
}
