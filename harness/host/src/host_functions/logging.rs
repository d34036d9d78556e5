//! Logs.

use super::{CallResult, Host};
use crate::options::LogLevel;
use crate::status::Status;

impl Host<'_> {
    pub(super) fn log(&mut self, level: u32, message: u32, size: u32) -> CallResult {
        let Some(level) = LogLevel::from_number(level) else {
            return self.refuse(Status::BadArgument, format!("there is no log level {level}"));
        };
        let message = self.text(message, size)?;
        self.state().log(level, message);
        Ok(())
    }

    pub(super) fn log_level(&mut self, result: u32) -> CallResult {
        let level = self.state().options.log_level as u32;
        self.write_u32(result, level)
    }
}
