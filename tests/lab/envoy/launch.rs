//! What to start, and how.

use std::path::Path;

use anyhow::Result;

use crate::config::Bootstrap;

/// A configuration and the settings of the process.
#[derive(Debug, Clone)]
pub struct Launch {
    configuration: Configuration,
    concurrency: u32,
}

#[derive(Debug, Clone)]
enum Configuration {
    Bootstrap(Bootstrap),
    Yaml(String),
}

// === impl Launch ===

impl Launch {
    /// A configuration of ours.
    pub fn bootstrap(bootstrap: Bootstrap) -> Self {
        Self::new(Configuration::Bootstrap(bootstrap))
    }

    /// Any configuration, as a person would write it. Administration is added.
    pub fn yaml(text: impl Into<String>) -> Self {
        Self::new(Configuration::Yaml(text.into()))
    }

    fn new(configuration: Configuration) -> Self {
        Self {
            configuration,
            concurrency: 1,
        }
    }

    /// Sets the number of worker threads, each of which has a virtual machine of its own.
    pub fn concurrency(mut self, workers: u32) -> Self {
        self.concurrency = workers;
        self
    }

    pub(super) fn workers(&self) -> u32 {
        self.concurrency
    }

    pub(super) fn write(&self, path: &Path, access_log: &Path) -> Result<()> {
        let text = match &self.configuration {
            Configuration::Bootstrap(bootstrap) => format!("{:#}", bootstrap.render(access_log)),
            Configuration::Yaml(text) => text.clone(),
        };
        Ok(std::fs::write(path, text)?)
    }
}
