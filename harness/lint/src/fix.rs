//! Applies fixes: computes the edits of the text, and proves that they let nothing in.
//!
//! The edited text is parsed again, and is written only if it is exactly the intended document, and if it allows
//! nothing that was denied, which is proved for all traffic (`meaning`).

mod apply;
mod edit;
mod meaning;
mod write;

pub use apply::{FixedText, apply};
pub use write::{diff, write};
