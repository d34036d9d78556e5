//! Header maps.

use super::{Host, Outcome, Stop};
use crate::connection::Headers;
use crate::pairs;
use crate::state::State;
use crate::status::Status;

/// The map of a type, when it is there now.
fn map(state: &mut State, number: u32) -> Option<&mut Headers> {
    match number {
        4 | 6 => state.arrived.as_mut().map(|arrived| &mut arrived.headers),
        5 | 7 => state.arrived.as_mut().map(|arrived| &mut arrived.trailers),
        _ => {
            let http = state.context_mut()?.http_mut()?;
            match number {
                0 => Some(&mut http.request.headers),
                1 => Some(&mut http.request_trailers),
                2 => http.response_headers.as_mut(),
                3 => Some(&mut http.response_trailers),
                _ => None,
            }
        }
    }
}

impl Host<'_> {
    fn map(&mut self, number: u32) -> Result<&mut Headers, Stop> {
        if map(self.state(), number).is_none() {
            return self.refuse(Status::BadArgument, format!("header map {number} is not there now"));
        }
        map(self.state(), number).ok_or(Stop::Status(Status::BadArgument))
    }

    /// The first line of that name: the others are in the map only.
    pub(super) fn header(&mut self, map: u32, key: u32, key_size: u32, value: u32, size: u32) -> Outcome {
        let key = self.name(key, key_size)?;
        let lines = self.map(map)?;
        let first = lines.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
        self.give(value, size, &first.ok_or(Status::NotFound)?)
    }

    pub(super) fn add_header(&mut self, map: u32, key: u32, key_size: u32, value: u32, size: u32) -> Outcome {
        let (key, value) = (self.name(key, key_size)?, self.bytes(value, size)?);
        self.map(map)?.push((key, value));
        Ok(())
    }

    pub(super) fn replace_header(&mut self, map: u32, key: u32, key_size: u32, value: u32, size: u32) -> Outcome {
        let (key, value) = (self.name(key, key_size)?, self.bytes(value, size)?);
        let lines = self.map(map)?;
        lines.retain(|(name, _)| *name != key);
        lines.push((key, value));
        Ok(())
    }

    pub(super) fn remove_header(&mut self, map: u32, key: u32, key_size: u32) -> Outcome {
        let key = self.name(key, key_size)?;
        self.map(map)?.retain(|(name, _)| *name != key);
        Ok(())
    }

    pub(super) fn headers(&mut self, map: u32, value: u32, size: u32) -> Outcome {
        let bytes = pairs::encode(self.map(map)?);
        self.give(value, size, &bytes)
    }

    pub(super) fn set_headers(&mut self, map: u32, value: u32, size: u32) -> Outcome {
        let pairs = self.pairs(value, size)?;
        *self.map(map)? = pairs;
        Ok(())
    }

    pub(super) fn headers_size(&mut self, map: u32, result: u32) -> Outcome {
        let size: usize = self.map(map)?.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.write_u32(result, u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// A map that the module wrote.
    pub(super) fn pairs(&mut self, pointer: u32, size: u32) -> Result<Headers, Stop> {
        let bytes = self.bytes(pointer, size)?;
        match pairs::decode(&bytes) {
            Some(pairs) => Ok(pairs),
            None => self.refuse(Status::BadArgument, "the map is malformed, or larger than Envoy takes"),
        }
    }

    /// Envoy's names are in lower case.
    fn name(&mut self, pointer: u32, size: u32) -> Result<Vec<u8>, Stop> {
        self.bytes(pointer, size).map(|name| name.to_ascii_lowercase())
    }
}
