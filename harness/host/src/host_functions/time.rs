//! The virtual clock.

use std::time::Duration;

use super::{CallResult, Host};
use crate::status::Status;

impl Host<'_> {
    pub(super) fn time(&mut self, result: u32) -> CallResult {
        let now = self.state().nanoseconds();
        self.write_u64(result, now)
    }

    /// Sets the timer of the root context; 0 stops it.
    pub(super) fn tick_period(&mut self, milliseconds: u32) -> CallResult {
        let period = Duration::from_millis(milliseconds.into());
        let next = self.state().now + period;
        match self.state().plugin_mut() {
            Some(plugin) => {
                plugin.tick = (milliseconds > 0).then_some((period, next));
                Ok(())
            }
            None => self.refuse(Status::NotFound, "there is no root context to call"),
        }
    }
}
