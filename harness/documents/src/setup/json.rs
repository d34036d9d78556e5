//! A plugin configuration as JSON: for the module, and as the input of `eval`.

use std::borrow::Cow;
use std::io::{self, Write};

use peerwarden_render::trust::CA_CERTIFICATES;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::Protocol;
use crate::schema::Paths;

/// The decisions that the module reports.
pub(super) const REPORT: &str = "all";

/// The parts of a plugin configuration, as trees or as JSON texts.
#[derive(Debug, Clone, Copy)]
pub struct Parts<T, R> {
    /// `mesh`; Istio's defaults when absent.
    pub mesh: Option<T>,
    /// `workload`.
    pub workload: Option<T>,
    /// `extensionProviders`, a list.
    pub extension_providers: Option<T>,
    /// `paths`; all paths are established if absent.
    pub paths: Option<Paths>,
    /// `resources`, a list.
    pub resources: R,
}

/// The whole configuration, in the order in which it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetupJson<'p, T, R> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'p T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<&'p T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension_providers: Option<&'p T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<&'static str>,
    resources: &'p R,
    protocol: &'static str,
    report: &'static str,
}

impl<T: Serialize, R: Serialize> Parts<T, R> {
    /// The whole configuration.
    pub fn to_json(&self, protocol: Protocol) -> String {
        serde_json::to_string(&self.whole(protocol)).unwrap_or_default()
    }

    /// The length of the JSON in bytes.
    pub(super) fn len(&self, protocol: Protocol) -> usize {
        let mut count = Count(0);
        match serde_json::to_writer(&mut count, &self.whole(protocol)) {
            Ok(()) => count.0,
            Err(_) => 0,
        }
    }

    fn whole(&self, protocol: Protocol) -> SetupJson<'_, T, R> {
        SetupJson {
            mesh: self.mesh.as_ref(),
            workload: self.workload.as_ref(),
            extension_providers: self.extension_providers.as_ref(),
            paths: self.paths.map(Paths::as_str),
            resources: &self.resources,
            protocol: protocol.as_str(),
            report: REPORT,
        }
    }
}

/// Counts the bytes that are written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A mesh in JSON for the engine: without the settings that only a TLS handshake reads.
pub fn mesh_of_engine_in(mesh: &RawValue) -> Cow<'_, RawValue> {
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(mesh.get()) else {
        // The engine reports the error.
        return Cow::Borrowed(mesh);
    };
    let read = fields
        .remove(CA_CERTIFICATES)
        .and_then(|_| to_raw_value(&fields).ok());
    read.map_or(Cow::Borrowed(mesh), Cow::Owned)
}
