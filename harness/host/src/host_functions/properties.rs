//! Attributes and filter state.

use super::{CallResult, Host};
use crate::property;
use crate::status::Status;

impl Host<'_> {
    /// A path is its segments joined by NUL; a trailing NUL is allowed.
    pub(super) fn get_property(&mut self, path: u32, path_size: u32, value: u32, size: u32) -> CallResult {
        let path = self.text(path, path_size)?;
        let path = path.strip_suffix('\0').unwrap_or(&path);
        let segments: Vec<&str> = path.split('\0').filter(|_| !path.is_empty()).collect();
        match property::read(self.state(), &segments) {
            Ok(bytes) => self.give(value, size, &bytes),
            Err(status) => Err(status.into()),
        }
    }

    /// Envoy stores it as filter state under the path with `wasm.` in front.
    pub(super) fn set_property(&mut self, path: u32, path_size: u32, value: u32, size: u32) -> CallResult {
        let path = self.text(path, path_size)?;
        let value = self.bytes(value, size)?;
        let path = path.strip_suffix('\0').unwrap_or(&path).replace('\0', ".");
        match self
            .state()
            .context_mut()
            .and_then(|context| context.stream_mut())
        {
            Some(stream) => {
                stream.filter_state.insert(format!("wasm.{path}"), value);
                Ok(())
            }
            None => self.refuse(
                Status::NotFound,
                "there is no stream whose filter state could be set",
            ),
        }
    }
}
