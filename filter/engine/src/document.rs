//! A document as it was written: a tree of values, and the way to read it strictly.
//!
//! JSON and YAML both become a [`Value`]. [`Fields`] reads an object field by field and reports what it was not
//! asked for, with the nearest name it knows, so that a typing error is never silence.

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
