//! Makes fixes: works out the edits of the text, and proves that they let nothing in.
//!
//! The text that the edits make is read again, and unless it is exactly the document that was meant, nothing is written. Nor is
//! anything that lets in what was kept out, which is proved of all traffic (`meaning`).

mod apply;
mod edit;
mod meaning;
mod write;

pub use apply::{FixedText, apply};
pub use write::{diff, write};
