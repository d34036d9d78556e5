//! Reads a log in pieces, so that its size does not matter.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use peerwarden_documents::diagnostic::Diagnostic;

use super::LINE;

/// The size of a piece in bytes.
const PIECE: usize = 256 * 1024;

/// How a gzip file starts (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The byte order mark that some editors write at the start of UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Consecutive whole lines.
#[derive(Debug)]
pub struct Block {
    /// The number of the first line, from 1.
    pub first: u64,
    bytes: Vec<u8>,
}

impl Block {
    /// Each line without its line break, and its number. Empty lines are counted but left out.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let numbered = (self.first..).zip(self.bytes.split(|byte| *byte == b'\n'));
        let bare = numbered.map(|(number, line)| (number, line.strip_suffix(b"\r").unwrap_or(line)));
        bare.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
    }
}

/// An open log.
pub struct Input {
    reader: Box<dyn Read + Send>,
    /// The start of a line whose end has not been read yet.
    rest: Vec<u8>,
    next: u64,
    /// Whether the rest of a line is being dropped, because it is too long.
    dropping: bool,
    ended: bool,
    /// The number of bytes read from the file.
    read: Arc<AtomicU64>,
    /// The size of the file in bytes, if known.
    size: Option<u64>,
}

/// Counts the bytes read from a file, compressed or not.
struct ByteCounter<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for ByteCounter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Input {
    /// Opens a file, gzip or not, or standard input for `-`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Diagnostic> {
        let cannot =
            |error: std::io::Error| Diagnostic::error(format!("cannot read `{}`: {error}", path.display()));
        let (file, size): (Box<dyn Read + Send>, _) = if path.as_os_str() == "-" {
            (Box::new(std::io::stdin()), None)
        } else {
            let file = File::open(path).map_err(cannot)?;
            let about = file.metadata().map_err(cannot)?;
            if about.is_dir() {
                let wrong = Diagnostic::error(format!("`{}` is a folder", path.display()));
                return Err(wrong.help("name the log files in it"));
            }
            (Box::new(file), about.is_file().then_some(about.len()))
        };
        Self::of(file, size).map_err(cannot)
    }

    /// Reads a log, gzip or not.
    ///
    /// # Errors
    ///
    /// If its start cannot be read.
    pub fn of(mut file: Box<dyn Read + Send>, size: Option<u64>) -> std::io::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let mut start = Vec::new();
        file.as_mut().take(GZIP.len() as u64).read_to_end(&mut start)?;
        let compressed = start == GZIP;
        let whole = ByteCounter(std::io::Cursor::new(start).chain(file), Arc::clone(&read));
        let whole = BufReader::with_capacity(PIECE, whole);
        Ok(Self {
            reader: if compressed {
                Box::new(MultiGzDecoder::new(whole))
            } else {
                Box::new(whole)
            },
            rest: Vec::new(),
            next: 1,
            dropping: false,
            ended: false,
            read,
            size,
        })
    }

    /// The percentage of the file that has been read, if its size is known.
    pub(super) fn percent(&self) -> Option<u64> {
        let size = self.size.filter(|size| *size > 0)?;
        Some(self.read.load(Ordering::Relaxed).min(size) * 100 / size)
    }

    /// The next lines; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn block(&mut self) -> std::io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        while !self.ended {
            let before = bytes.len();
            bytes.resize(before + PIECE, 0);
            let read = self.reader.read(&mut bytes[before..])?;
            bytes.truncate(before + read);
            self.ended = read == 0;
            if self.dropping {
                // The kept part of a line that is too long ends at `before`.
                match bytes[before..].iter().position(|byte| *byte == b'\n') {
                    Some(end) => {
                        bytes.drain(before..before + end);
                        self.dropping = false;
                    }
                    None => bytes.truncate(before),
                }
            }
            if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
                self.rest = bytes.split_off(end + 1);
                break;
            }
            if bytes.len() > LINE {
                bytes.truncate(LINE + 1);
                self.dropping = true;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let first = self.next;
        if first == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        // The break after the last line begins no new one.
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        self.next += bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        Ok(Some(Block { first, bytes }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(u64, usize)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut input = Input::open(file.path()).unwrap();
        let mut lines = Vec::new();
        while let Some(block) = input.block().unwrap() {
            lines.extend(block.lines().map(|(number, line)| (number, line.len())));
        }
        lines
    }

    #[test]
    fn lines_have_their_numbers() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a"), [(1, 1)]);
        assert_eq!(lines(b"a\n\nbc\r\n  \nd"), [(1, 1), (3, 2), (5, 1)]);
        assert_eq!(lines(b"\xef\xbb\xbfa\nb\n"), [(1, 1), (2, 1)]);
    }

    #[test]
    fn of_a_line_that_is_too_long_the_start_is_kept() {
        for length in [LINE, LINE + 1, LINE + PIECE, 3 * LINE + 17] {
            let mut bytes = vec![b'x'; length];
            bytes.extend_from_slice(b"\nafter\n");
            let kept = length.min(LINE + 1);
            // A line that fits one piece is kept completely, which changes nothing.
            let lines = lines(&bytes);
            assert!(
                lines[0].1 >= kept && lines[0].1 <= LINE + PIECE,
                "{length}: {lines:?}"
            );
            assert_eq!(lines[1..], [(2, 5)], "{length}");
        }
    }

    #[test]
    fn many_lines_come_in_blocks() {
        let bytes = "a line of some length\n".repeat(50_000);
        let lines = lines(bytes.as_bytes());
        assert_eq!(lines.len(), 50_000);
        assert!(
            lines
                .iter()
                .zip(1..)
                .all(|((number, length), wanted)| *number == wanted && *length == 21)
        );
    }
}
