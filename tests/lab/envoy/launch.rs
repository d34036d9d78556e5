//! The configuration and settings with which an Envoy is started.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::config::Bootstrap;
use crate::deadline;

/// A configuration and the settings of the process.
#[derive(Debug, Clone)]
pub struct Launch {
    configuration: EnvoyConfiguration,
    concurrency: u32,
    patience: Duration,
}

#[derive(Debug, Clone)]
enum EnvoyConfiguration {
    Bootstrap(Bootstrap),
    Yaml(String),
}

// === impl Launch ===

impl Launch {
    /// A bootstrap of the laboratory.
    pub fn bootstrap(bootstrap: Bootstrap) -> Self {
        Self::new(EnvoyConfiguration::Bootstrap(bootstrap))
    }

    /// Any configuration, as a person would write it. The administration is added.
    pub fn yaml(text: impl Into<String>) -> Self {
        Self::new(EnvoyConfiguration::Yaml(text.into()))
    }

    fn new(configuration: EnvoyConfiguration) -> Self {
        Self {
            configuration,
            concurrency: 1,
            patience: deadline::START,
        }
    }

    /// Sets the number of worker threads, each of which has its own virtual machine.
    pub fn concurrency(mut self, workers: u32) -> Self {
        self.concurrency = workers;
        self
    }

    /// Sets how long startup may take, if there is much to configure.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(super) fn patience_to_start(&self) -> Duration {
        self.patience
    }

    pub(super) fn workers(&self) -> u32 {
        self.concurrency
    }

    /// Envoy reads JSON many times faster than YAML, and chooses by the file name.
    pub(super) fn file_name(&self) -> &'static str {
        match self.configuration {
            EnvoyConfiguration::Bootstrap(_) => "envoy.json",
            EnvoyConfiguration::Yaml(_) => "envoy.yaml",
        }
    }

    pub(super) fn write(&self, path: &Path, access_log: &Path) -> Result<()> {
        let text = match &self.configuration {
            EnvoyConfiguration::Bootstrap(bootstrap) => format!("{:#}", bootstrap.render(access_log)),
            EnvoyConfiguration::Yaml(text) => text.clone(),
        };
        Ok(std::fs::write(path, text)?)
    }
}
