//! A document as it was written: a tree of values, which is read strictly.
//!
//! JSON and YAML both become a [`Value`]. [`Fields`] reads an object field by field and reports unknown fields, with
//! the closest known name, so that a misspelt field is never ignored.

mod fields;
mod malformed;
mod nearest;
mod node_fields;
mod scanner;
mod tree;
mod value;
mod words;

pub use crate::at::At;
pub use crate::path::{Path, Step};
pub use fields::{Fields, quoted, text, wrong_type};
pub(crate) use malformed::why;
pub use nearest::nearest;
pub(crate) use node_fields::{NodeFields, entries, list, text_map, unknown};
pub(crate) use node_fields::{text as node_text, wrong_type as wrong_node};
pub(crate) use scanner::{DEPTH, Malformed, Scanner};
pub(crate) use tree::{Items, Node, Tree, decode};
pub use value::{BorrowedValue, Value};
pub(crate) use words::{duration, one_of, seconds};
