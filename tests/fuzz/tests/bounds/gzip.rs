//! Access logs in gzip files: they may inflate to a thousand times their size, but only a bounded part is kept at a
//! time.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use peerwarden_fuzz::readers;

use crate::counting;
use crate::shapes::Shape;

/// All shapes.
pub(crate) const ALL: &[Shape] = &[
    Shape {
        name: "access_log_that_inflates_to_one_line",
        make: |n| inflating(b'x', n),
        read,
    },
    Shape {
        name: "access_log_that_inflates_to_empty_lines",
        make: |n| inflating(b'\n', n),
        read,
    },
    Shape {
        name: "access_log_of_many_gzip_members",
        make: |n| compressed(|_| {}).repeat(n / 20),
        read,
    },
];

/// Roughly the best ratio of deflate: 258 bytes of one length take two bits (RFC 1951, section 3.2.5).
const TIMES: usize = 1_000;

/// The bytes that reading may use at a time, beside the file itself: the longest line, some pieces, and the buffers of
/// inflating.
const AT_ONCE: u64 = 4 * 1024 * 1024;

fn read(bytes: &[u8]) {
    let file = bytes.to_vec();
    let before = counting::in_use();
    let read = readers::access_log_file(file);
    let most = counting::peak() - before;
    assert!(
        most <= AT_ONCE,
        "{most} bytes at once, of {}: {read:?}",
        bytes.len()
    );
}

fn inflating(byte: u8, bytes: usize) -> Vec<u8> {
    compressed(|encoder| {
        let piece = vec![byte; TIMES];
        for _ in 0..bytes {
            encoder.write_all(&piece).unwrap();
        }
    })
}

fn compressed(write: impl FnOnce(&mut GzEncoder<Vec<u8>>)) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    write(&mut encoder);
    encoder.finish().unwrap()
}
