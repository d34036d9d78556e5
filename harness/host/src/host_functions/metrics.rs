//! Metrics.

use super::{CallResult, Host};

impl Host<'_> {
    pub(super) fn define_metric(&mut self, kind: u32, name: u32, size: u32, result: u32) -> CallResult {
        let name = self.text(name, size)?;
        match self.state().metrics.define(kind, &name) {
            Ok(id) => self.write_u32(result, id),
            Err(status) => self.refuse(status, format!("there is no kind {kind} of metrics")),
        }
    }

    pub(super) fn increment_metric(&mut self, metric: u32, by: i64) -> CallResult {
        let done = self.state().metrics.increment(metric, by);
        self.noted(metric, done)
    }

    pub(super) fn record_metric(&mut self, metric: u32, value: u64) -> CallResult {
        let done = self.state().metrics.record(metric, value);
        self.noted(metric, done)
    }

    pub(super) fn get_metric(&mut self, metric: u32, result: u32) -> CallResult {
        match self.state().metrics.get(metric) {
            Ok(value) => self.write_u64(result, value),
            Err(status) => self.noted(metric, Err(status)),
        }
    }

    fn noted(&mut self, metric: u32, done: Result<(), crate::status::Status>) -> CallResult {
        done.or_else(|status| self.refuse(status, format!("metric {metric} does not accept this")))
    }
}
