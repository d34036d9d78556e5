//! Reads Envoy's properties. A property that cannot be read counts as a failure.

use std::net::SocketAddr;

use peerwarden_engine::Lookup;

use super::Attributes;
use crate::abi::{self, Bytes, HostError};

impl Attributes {
    /// How many questions Envoy did not answer correctly.
    pub(crate) fn failures(&self) -> u32 {
        self.failures.get()
    }

    pub(super) fn failed<T>(&self) -> Lookup<T> {
        self.failures.set(self.failures.get().saturating_add(1));
        Lookup::Unavailable
    }

    /// The answer of a call, parsed by `parse`; an answer that `parse` does not understand is unavailable.
    pub(super) fn answer<T>(
        &self,
        answer: Result<Option<Bytes>, HostError>,
        parse: impl FnOnce(Bytes) -> Option<T>,
    ) -> Lookup<T> {
        match answer {
            Ok(Some(bytes)) => parse(bytes).map_or_else(|| self.failed(), Lookup::Found),
            Ok(None) => Lookup::Missing,
            Err(HostError(_)) => self.failed(),
        }
    }

    pub(super) fn property<T>(&self, path: &str, parse: impl FnOnce(Bytes) -> Option<T>) -> Lookup<T> {
        self.answer(abi::property(path), parse)
    }

    pub(super) fn flag(&self, path: &str) -> Lookup<bool> {
        self.property(path, |bytes| bytes.first().map(|byte| *byte != 0))
    }

    pub(super) fn text(&self, path: &str) -> Lookup<Vec<u8>> {
        self.property(path, |bytes| Some(bytes.to_vec()))
    }

    pub(super) fn socket_address(&self, path: &str) -> Lookup<SocketAddr> {
        self.property(path, |bytes| std::str::from_utf8(&bytes).ok()?.parse().ok())
    }
}
