//! One child process and the directory with its configuration and its logs.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::Launch;
use crate::locate;

/// Keeps the directories of Envoys that have ended, for inspection.
const KEEP: &str = "PEERWARDEN_LAB_KEEP";

/// Administration on a free port; merged into whatever configuration is given.
const ADMIN: &str =
    r#"{"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}}"#;

/// The CPU time of a process, in steps of ten milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// In its own code.
    pub user: Duration,
    /// In the kernel, on its behalf.
    pub system: Duration,
}

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    directory: TempDir,
}

// === impl Process ===

impl Process {
    /// From the first number of `/proc/PID/task/TID/schedstat`, nanoseconds on a CPU
    /// (<https://docs.kernel.org/scheduler/sched-stats.html>).
    pub(super) fn cpu(&self) -> Result<Duration> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let mut nanos = 0;
        for task in std::fs::read_dir(&tasks).context(tasks)? {
            let path = task?.path().join("schedstat");
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let on_cpu = text.split_whitespace().next().context("an empty schedstat")?;
            nanos += on_cpu.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Fields 14 and 15 of `/proc/PID/stat`, in hundredths of a second (proc(5)).
    pub(super) fn cpu_times(&self) -> Result<CpuTimes> {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        // The name of the program, the second field, ends with the last parenthesis.
        let fields = text
            .rsplit_once(") ")
            .map(|(_, fields)| fields)
            .context("no name")?;
        let ticks = |place: usize| -> Result<Duration> {
            let field = fields
                .split_whitespace()
                .nth(place)
                .with_context(|| path.clone())?;
            Ok(Duration::from_millis(field.parse::<u64>()? * 10))
        };
        Ok(CpuTimes {
            user: ticks(11)?,
            system: ticks(12)?,
        })
    }

    /// `VmRSS` of `/proc/PID/status` (proc(5)).
    pub(super) fn memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.context(path)?.parse::<u64>()? * 1024)
    }

    pub(super) fn spawn(launch: &Launch) -> Result<Self> {
        let envoy = locate::envoy()?;
        let mut directory = tempfile::Builder::new().prefix("peerwarden-envoy-").tempdir()?;
        if std::env::var_os(KEEP).is_some() {
            directory.disable_cleanup(true);
        }
        let configuration = directory.path().join(launch.file_name());
        launch.write(&configuration, &directory.path().join("access.log"))?;
        let log = File::create(directory.path().join("envoy.log"))?;
        let child = Command::new(&envoy)
            .current_dir(directory.path())
            .arg("--config-path")
            .arg(&configuration)
            .args(["--config-yaml", ADMIN])
            .arg("--admin-address-path")
            .arg(directory.path().join("admin.address"))
            .args(["--concurrency", &launch.workers().to_string()])
            // Two concurrent Envoys must not share memory, or make each other restart.
            .arg("--disable-hot-restart")
            .args(["--file-flush-interval-msec", "20"])
            .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
            .args(["--log-format", "[%l][%n] %v"])
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .with_context(|| format!("starting {}", envoy.display()))?;
        Ok(Self { child, directory })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The administration's address, once it listens.
    pub(super) fn admin(&self) -> Result<Option<SocketAddr>> {
        match std::fs::read_to_string(self.directory.path().join("admin.address")) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn log(&self) -> String {
        let bytes = std::fs::read(self.directory.path().join("envoy.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn access_log(&self) -> PathBuf {
        self.directory.path().join("access.log")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error here means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A failed test shows this with its message.
        if std::thread::panicking() {
            eprintln!("Envoy's log:\n{}", self.log());
        }
    }
}
