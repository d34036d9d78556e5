//! A real MariaDB server with a real client: a protocol in which the server sends first.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use tempfile::TempDir;

use crate::deadline::{self, until};

/// The server, with a database of its own, stopped when dropped.
#[derive(Debug)]
pub struct MariaDb {
    child: Child,
    directory: Arc<TempDir>,
    port: u16,
}

/// The output of a client, and whether it succeeded.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// Whether the query was answered.
    pub answered: bool,
    /// The rows, or the error.
    pub text: String,
}

/// How many ports are tried.
const ATTEMPTS: u32 = 5;

/// Access in the database itself, whatever the mesh allows.
const SETTING_UP: &str = "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, item TEXT); \
     INSERT INTO shop.orders VALUES (1, 'tea'); CREATE USER app@'%'; GRANT ALL ON shop.* TO app@'%';\n";

impl MariaDb {
    /// Starts it, on loopback and a free port.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub async fn start() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("peerwarden-mariadb-").tempdir()?;
        let directory = Arc::new(directory);
        let data = directory.path().join("data");
        install(&data)?;
        let script = directory.path().join("begin.sql");
        std::fs::write(&script, SETTING_UP.replace("; ", ";\n"))?;
        // It does not bind to a port in use, so another process may be faster.
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let child = spawn(directory.path(), &script, port)?;
            let mut server = Self {
                child,
                directory: Arc::clone(&directory),
                port,
            };
            if server.is_up().await? {
                return Ok(server);
            }
        }
        bail!("MariaDB found no free port")
    }

    /// Waits for its first answer; false if another process has its port.
    async fn is_up(&mut self) -> Result<bool> {
        until(deadline::START, "MariaDB's first answer", async || {
            if let Some(status) = self.child.try_wait()? {
                let log = self.log();
                if log.contains("Address already in use") {
                    return Ok(Some(false));
                }
                return Err(anyhow!("MariaDB ended with {status}: {log}"));
            }
            let answer = self.query("SELECT item FROM orders").await?;
            Ok(answer.answered.then_some(true))
        })
        .await
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Queries it directly, past any Envoy.
    ///
    /// # Errors
    /// If the client could not be run.
    pub async fn query(&self, sql: &str) -> Result<QueryResult> {
        query(self.port, Duration::from_secs(10), sql).await
    }

    /// How many connections it has received, with or without a query; this query counts too.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn connections(&self) -> Result<u64> {
        let answer = self.query("SHOW GLOBAL STATUS LIKE 'Connections'").await?;
        let count = answer
            .text
            .split_whitespace()
            .last()
            .and_then(|word| word.parse().ok());
        count.with_context(|| format!("how many connections: {}", answer.text))
    }

    /// Whether a text is in the log of all queries.
    ///
    /// # Errors
    /// If there is no such log.
    pub fn was_asked(&self, text: &str) -> Result<bool> {
        let log = std::fs::read(self.directory.path().join("queries.log"))?;
        Ok(String::from_utf8_lossy(&log).contains(text))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // An error here means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Queries with `mariadb`, the client, on a port of loopback; it gives up if there is no greeting after `patience`, in whole
/// seconds.
///
/// # Errors
/// If the client could not be run.
pub async fn query(port: u16, patience: Duration, sql: &str) -> Result<QueryResult> {
    let mut command = tokio::process::Command::new(program("mariadb")?);
    command
        .args([
            "--no-defaults",
            "--protocol=TCP",
            "--host=127.0.0.1",
            "--user=app",
            "--skip-ssl",
        ])
        .args(["--batch", "--skip-column-names", "--database=shop"])
        .arg(format!("--port={port}"))
        .arg(format!("--connect-timeout={}", patience.as_secs()))
        .args(["--execute", sql])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(patience + deadline::EXCHANGE, command.output())
        .await
        .context("mariadb, the client, does not end")??;
    let printed = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    Ok(QueryResult {
        answered: output.status.success(),
        text: String::from_utf8_lossy(printed).trim().to_owned(),
    })
}

fn spawn(directory: &Path, script: &Path, port: u16) -> Result<Child> {
    let log = File::create(directory.join("server.log"))?;
    Command::new(program("mariadbd")?)
        .arg("--no-defaults")
        .args(user())
        .arg(of("--datadir=", &directory.join("data")))
        .arg(of("--socket=", &directory.join("socket")))
        .arg(of("--pid-file=", &directory.join("pid")))
        .arg(of("--init-file=", script))
        .arg(of("--general-log-file=", &directory.join("queries.log")))
        .arg("--general-log")
        .arg(format!("--port={port}"))
        .args([
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--skip-log-bin",
        ])
        .args(["--innodb-buffer-pool-size=16M", "--performance-schema=OFF"])
        .stdin(Stdio::null())
        .stdout(Stdio::from(log.try_clone()?))
        .stderr(Stdio::from(log))
        .spawn()
        .context("starting mariadbd")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Creates the files of an empty server.
fn install(data: &Path) -> Result<()> {
    let output = Command::new(program("mariadb-install-db")?)
        .arg("--no-defaults")
        .args(user())
        .arg(of("--datadir=", data))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "mariadb-install-db: {said}");
    Ok(())
}

/// As root, the server runs only if it is told to.
fn user() -> Option<&'static str> {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    root.then_some("--user=root")
}

fn of(option: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(option);
    argument.push(path);
    argument
}

/// Debian installs the server where not every user's path looks.
fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .with_context(|| format!("`{name}` is not installed: apt-get install mariadb-server mariadb-client"))
}
