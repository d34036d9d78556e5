//! A line of an access log, in a detected format, or in a given one: the format, a line break, the line.

use crate::readers;

pub(super) fn run(bytes: &[u8]) {
    drop(readers::access_log(None, bytes));
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    if let Ok(format) = std::str::from_utf8(&bytes[..end]) {
        drop(readers::access_log(Some(format), &bytes[end + 1..]));
    }
}
