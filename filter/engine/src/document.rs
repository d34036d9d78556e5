//! A document as it was written: a tree of values, which is read strictly.
//!
//! JSON and YAML both become a [`Value`]. [`Fields`] reads an object field by field and reports unknown fields, with
//! the closest known name, so that a misspelt field is never ignored.

mod fields;
mod nearest;
mod value;
mod words;

pub use crate::at::At;
pub use crate::path::{Path, Step};
pub use fields::{Fields, quoted, text, wrong_type};
pub use nearest::nearest;
pub use value::{BorrowedValue, Value};
pub(crate) use words::{duration, one_of, seconds};
