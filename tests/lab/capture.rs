//! Captures loopback packets with `tcpdump`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::deadline::{self, until};

/// Packets on some ports, captured until it is dropped.
#[derive(Debug)]
pub struct Capture {
    child: Child,
    directory: TempDir,
}

impl Capture {
    /// Captures packets to and from these ports of loopback.
    ///
    /// # Errors
    /// If `tcpdump` is not installed, or lacks permission to capture packets.
    pub async fn of(ports: &[u16]) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("peerwarden-capture-").tempdir()?;
        let filter: Vec<String> = ports.iter().map(|port| format!("tcp port {port}")).collect();
        let log = std::fs::File::create(directory.path().join("log"))?;
        let child = Command::new("tcpdump")
            .args(["-i", "lo", "--immediate-mode", "-U", "-s", "0", "-w"])
            .arg(directory.path().join("packets"))
            .arg(filter.join(" or "))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .context("starting tcpdump\n  help: apt-get install tcpdump")?;
        let mut capture = Self { child, directory };
        // It prints a line when it has begun.
        until(deadline::EXCHANGE, "tcpdump's beginning", async || {
            let said = std::fs::read_to_string(capture.directory.path().join("log")).unwrap_or_default();
            if let Some(status) = capture.child.try_wait()? {
                bail!(
                    "tcpdump ended with {status}: {said}\n  help: catching packets takes root, or CAP_NET_RAW"
                );
            }
            Ok(said.contains("listening on").then_some(()))
        })
        .await?;
        Ok(capture)
    }

    /// Stops, and returns all captured bytes: packets with their headers.
    ///
    /// # Errors
    /// If it does not stop, or captured nothing.
    pub async fn end(mut self) -> Result<Vec<u8>> {
        // Packets in transit are written by then.
        tokio::time::sleep(Duration::from_millis(300)).await;
        kill_process(Pid::from_child(&self.child), Signal::INT).context("tcpdump cannot be told to end")?;
        until(deadline::EXCHANGE, "tcpdump's end", async || {
            Ok(self.child.try_wait()?)
        })
        .await?;
        let packets: PathBuf = self.directory.path().join("packets");
        let bytes = std::fs::read(packets)?;
        // The file's own header alone is 24 bytes.
        if bytes.len() <= 24 {
            return Err(anyhow!("nothing was caught"));
        }
        Ok(bytes)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // An error here means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
