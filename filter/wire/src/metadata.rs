//! Dynamic metadata, from the protobuf message that Envoy serialises.
//!
//! Reading it by property path would lose the types: a number and a text of eight bytes look the same there. The whole
//! `envoy.config.core.v3.Metadata` keeps them: `filter_metadata` (1) maps a filter's name to a
//! `google.protobuf.Struct`.

use peerwarden_engine::document::Value;
use peerwarden_engine::limits::METADATA_DEPTH;

use crate::protobuf::{Fields, Wire, map_entry, object};

/// The metadata of each filter, each an object.
pub type FilterMetadata = Vec<(String, Value)>;

/// Decodes a `Metadata` message; `None` if it is malformed or nested too deeply.
pub fn decode(bytes: &[u8]) -> Option<FilterMetadata> {
    let mut filters = FilterMetadata::new();
    for field in Fields(bytes) {
        if let (1, Wire::Bytes(entry)) = field? {
            let (name, fields) = map_entry(entry)?;
            filters.push((name, object(fields, METADATA_DEPTH)?));
        }
    }
    Some(filters)
}
