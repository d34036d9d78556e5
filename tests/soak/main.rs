//! A mesh's worst day on the real Envoy: thousands of open streams and connections, policies that change, certificates
//! that are rotated, an authorizer that never answers, clients that hang up. Memory use stays flat, and no verdict is
//! wrong.
//!
//! `make test` runs a short form. `make soak` runs the long one: `PEERWARDEN_SOAK` sets its duration in seconds.

mod crowd;
mod mesh;
mod size;
#[path = "../faq/stage.rs"]
#[expect(dead_code, reason = "the experiments of the FAQ use all of it")]
mod stage;

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crowd::Crowd;
use mesh::Mesh;
use size::Size;

/// The allowed growth of memory from the first half of the rounds to the last quarter.
const SLACK: u64 = 16 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_flat_and_no_verdict_is_wrong() -> Result<()> {
    let size = Size::of_environment()?;
    let mesh = Mesh::start().await?;
    let crowd = Crowd::gather(&mesh, size).await?;
    let before = mesh.envoy.memory()?;
    let begun = Instant::now();
    let (mut memory, mut checked) = (Vec::new(), 0);
    while begun.elapsed() < size.time || memory.len() < 8 {
        let round = memory.len();
        let context = || format!("round {round}; Envoy's log ends:\n{}", mesh_log(&mesh));
        let result = mesh::round(&mesh, round).await;
        checked += result.with_context(context)?;
        crowd.is_undisturbed().with_context(|| format!("round {round}"))?;
        memory.push(mesh.envoy.memory()?);
    }
    let rounds = memory.len();
    let sent = crowd.still_echoes().await?;
    let log = mesh.envoy.log();
    for trouble in ["panicked", "trap", "RuntimeError", "VM failed", "out of memory"] {
        ensure!(
            !log.contains(trouble),
            "`{trouble}` in Envoy's log:\n{}",
            mesh_log(&mesh)
        );
    }
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
    let (first, last) = (most(&memory[..rounds / 2]), most(&memory[rounds - rounds / 4..]));
    println!(
        "{} streams and {} connections open for {} s; {rounds} updates and rotations, {checked} verdicts, {sent} still in use; \
         Envoy has {} MiB, then {} MiB, then {} MiB",
        size.streams,
        size.connections,
        begun.elapsed().as_secs(),
        before >> 20,
        first >> 20,
        last >> 20
    );
    ensure!(last <= first + first / 10 + SLACK, "memory grows: {memory:?}");
    Ok(())
}

/// The end of Envoy's log.
fn mesh_log(mesh: &Mesh) -> String {
    let log = mesh.envoy.log();
    let lines: Vec<&str> = log.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
