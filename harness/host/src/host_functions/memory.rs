//! The module's memory: every read and write, checked.

use wasmtime::{Extern, Memory};

use super::{CallError, Host};
use crate::options::FaultEffect;
use crate::status::Status;

impl Host<'_> {
    fn memory(&mut self) -> Result<Memory, CallError> {
        match self.caller.get_export("memory") {
            Some(Extern::Memory(memory)) => Ok(memory),
            _ => self.refuse(Status::InvalidMemoryAccess, "the module exports no memory"),
        }
    }

    /// Reads bytes of the module.
    pub(super) fn bytes(&mut self, pointer: u32, size: u32) -> Result<Vec<u8>, CallError> {
        let memory = self.memory()?;
        let (start, length) = (pointer as usize, size as usize);
        let data = memory.data(&self.caller);
        let found = start
            .checked_add(length)
            .and_then(|end| data.get(start..end))
            .map(<[u8]>::to_vec);
        match found {
            Some(bytes) => {
                self.state().record.bytes_out += bytes.len();
                Ok(bytes)
            }
            None => self.refuse(
                Status::InvalidMemoryAccess,
                format!("{size} bytes at {pointer:#x} are outside of the module's memory"),
            ),
        }
    }

    /// Reads a text of the module. Envoy accepts any bytes as text; bytes that are not UTF-8 are recorded as a violation.
    pub(super) fn text(&mut self, pointer: u32, size: u32) -> Result<String, CallError> {
        let bytes = self.bytes(pointer, size)?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                self.violate("the text is not UTF-8");
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
        })
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), CallError> {
        let memory = self.memory()?;
        if memory.write(&mut self.caller, pointer as usize, bytes).is_err() {
            let size = bytes.len();
            return self.refuse(
                Status::InvalidMemoryAccess,
                format!("{size} bytes at {pointer:#x} cannot be written: outside of the module's memory"),
            );
        }
        self.state().record.bytes_in += bytes.len();
        Ok(())
    }

    pub(super) fn write_u32(&mut self, pointer: u32, number: u32) -> Result<(), CallError> {
        self.write(pointer, &number.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, pointer: u32, number: u64) -> Result<(), CallError> {
        self.write(pointer, &number.to_le_bytes())
    }

    pub(super) fn write_bytes(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), CallError> {
        self.write(pointer, bytes)
    }

    /// Returns bytes in memory that the module's own allocator provides; no bytes are a null pointer.
    pub(super) fn give(&mut self, value: u32, size: u32, bytes: &[u8]) -> Result<(), CallError> {
        let replaced = match &self.state().fault {
            Some(FaultEffect::Bytes(bytes)) => Some(bytes.clone()),
            _ => None,
        };
        let bytes = replaced.as_deref().unwrap_or(bytes);
        let length =
            u32::try_from(bytes.len()).map_err(|_| CallError::Status(Status::InvalidMemoryAccess))?;
        let pointer = if bytes.is_empty() {
            0
        } else {
            self.allocate(length)?
        };
        if !bytes.is_empty() {
            self.write(pointer, bytes)?;
        }
        self.write_u32(value, pointer)?;
        self.write_u32(size, length)
    }

    fn allocate(&mut self, length: u32) -> Result<u32, CallError> {
        if self.state().fault == Some(FaultEffect::NoMemory) {
            return Err(Status::InvalidMemoryAccess.into());
        }
        let mut exports = ["proxy_on_memory_allocate", "malloc"].into_iter();
        let allocator = exports.find_map(|name| self.caller.get_export(name)?.into_func());
        let Some(allocator) = allocator.and_then(|function| function.typed::<u32, u32>(&self.caller).ok())
        else {
            return self.refuse(Status::InvalidMemoryAccess, "the module exports no allocator");
        };
        match allocator
            .call(&mut self.caller, length)
            .map_err(CallError::Trap)?
        {
            0 => self.refuse(
                Status::InvalidMemoryAccess,
                format!("the module's allocator has no {length} bytes"),
            ),
            pointer => Ok(pointer),
        }
    }
}
