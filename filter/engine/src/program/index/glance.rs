//! A quick check of the path: with many candidates it rules most of them out, and nothing else of these is read. Rules
//! are scattered over the memory, but these checks are next to each other.

use super::required::required;
use crate::pattern::{PathPattern, TextPattern};
use crate::policy::{Clause, Rule};

/// The number of bytes that are compared.
const BYTES: usize = 16;

/// The number of candidates from which it is worth the cost.
pub(super) const SEVERAL: usize = 4;

/// A part of the path that a rule asks for. A path that has it need not match; one that lacks it does not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance {
    at: At,
    /// Bytes that count, of those in `bytes` the lowest.
    count: u32,
    bytes: [u64; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Any path will do.
    Nowhere,
    /// This many bytes from the start of the path; the first is the lowest byte.
    Start(u32),
    /// At the end of the path; the last is the lowest byte.
    End,
}

/// A path, and its end as numbers.
pub(super) struct Path<'p> {
    path: &'p [u8],
    end: u128,
}

impl<'p> Path<'p> {
    pub(super) fn of(path: &'p [u8]) -> Self {
        Self {
            path,
            end: last(path),
        }
    }
}

impl Glance {
    pub(super) const ANY: Self = Self {
        at: At::Nowhere,
        count: 0,
        bytes: [0; 2],
    };

    /// Of a rule that asks for one path.
    pub(super) fn of(rule: &Rule) -> Self {
        let mut paths = required(rule).filter_map(|clause| match clause {
            Clause::Path(set) => match &*set.any_of {
                [pattern] => Some(pattern),
                [] | [_, ..] => None,
            },
            Clause::Peer(_)
            | Clause::SourceIp(_)
            | Clause::RemoteIp(_)
            | Clause::DestinationIp(_)
            | Clause::DestinationPort(_)
            | Clause::Sni(_)
            | Clause::Host(_)
            | Clause::Method(_)
            | Clause::Header(..)
            | Clause::RequestPrincipal(_)
            | Clause::Claim(..)
            | Clause::Metadata { .. } => None,
        });
        match paths.next() {
            Some(PathPattern::Text(TextPattern::Exact(text) | TextPattern::Suffix(text))) => Self::end(text),
            Some(PathPattern::Text(TextPattern::Prefix(text))) => Self::start(text),
            Some(PathPattern::Template(template)) => match template.ends() {
                // Templates begin alike more often than they end alike.
                (_, Some(end)) if !end.is_empty() => Self::end(end),
                (start, _) => Self::start(start),
            },
            Some(PathPattern::Text(TextPattern::NonEmpty | TextPattern::Exists)) | None => Self::ANY,
        }
    }

    pub(super) fn is_any(&self) -> bool {
        self.at == At::Nowhere
    }

    fn start(text: &str) -> Self {
        let from = text.len().saturating_sub(BYTES);
        match u32::try_from(from) {
            Ok(at) => Self::new(At::Start(at), text.len(), first(text.as_bytes(), from)),
            Err(_) => Self::ANY,
        }
    }

    fn end(text: &str) -> Self {
        Self::new(At::End, text.len(), last(text.as_bytes()))
    }

    fn new(at: At, length: usize, bytes: u128) -> Self {
        let count = u32::try_from(length.min(BYTES)).unwrap_or(0);
        Self {
            at,
            count,
            bytes: halves(bytes & mask(count)),
        }
    }

    /// Whether a rule of which this is may match the path.
    pub(super) fn fits(&self, path: &Path<'_>) -> bool {
        let bytes = match self.at {
            At::Nowhere => return true,
            At::Start(at) => usize::try_from(at).map_or(0, |at| first(path.path, at)),
            At::End => path.end,
        };
        halves(bytes & mask(self.count)) == self.bytes
    }
}

/// The lowest so many bytes.
fn mask(count: u32) -> u128 {
    let bits = count.saturating_mul(8);
    1_u128
        .checked_shl(bits)
        .map_or(u128::MAX, |bit| bit.wrapping_sub(1))
}

fn halves(bytes: u128) -> [u64; 2] {
    let [low, high] = [bytes, bytes.wrapping_shr(64)].map(|half| u64::try_from(half & u128::from(u64::MAX)));
    [low.unwrap_or(0), high.unwrap_or(0)]
}

/// The bytes from a place on, the first the lowest; zeros where there are no more.
fn first(text: &[u8], from: usize) -> u128 {
    let rest = text.get(from..).unwrap_or_default();
    match rest.first_chunk() {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => rest
            .iter()
            .rev()
            .fold(0, |bytes, byte| bytes.wrapping_shl(8) | u128::from(*byte)),
    }
}

/// The bytes at the end, the last the lowest.
fn last(text: &[u8]) -> u128 {
    match text.last_chunk() {
        Some(bytes) => u128::from_be_bytes(*bytes),
        None => text
            .iter()
            .fold(0, |bytes, byte| bytes.wrapping_shl(8) | u128::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Glance, Path};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn start(pattern: &str, path: &str) -> bool {
        Glance::start(pattern).fits(&Path::of(path.as_bytes()))
    }

    fn end(pattern: &str, path: &str) -> bool {
        Glance::end(pattern).fits(&Path::of(path.as_bytes()))
    }

    #[test]
    fn never_leaves_out_what_matches() {
        let long = "/a/path/that/is/longer/than/what/is/looked/at";
        for length in 0..=long.len() {
            let (head, tail) = long.split_at(length);
            assert!(start(head, long), "{head}");
            assert!(end(tail, long), "{tail}");
            assert!(start(head, head) && end(tail, tail), "{length}");
        }
    }

    #[test]
    fn leaves_out_what_differs_in_the_bytes_that_are_looked_at() {
        assert!(!start("/orders/", "/order/1"));
        assert!(!start(
            "/a/much/longer/beginning/x/",
            "/a/much/longer/beginning/y/"
        ));
        assert!(!start("/a/much/longer/beginning/x/", "/a"), "too short");
        assert!(!end("/lines", "/orders/1/line"));
        assert!(!end("/a/much/longer/end/of/lines", "/of/line"));
        assert!(!end("/lines", ""));
    }
}
