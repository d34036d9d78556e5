//! The totals over all lines: counts, and the first line of each group as an example.

use std::collections::{BTreeMap, HashMap};

use peerwarden_documents::shown::shown;
use peerwarden_traffic::Protocol;

use super::change::{Change, LineComparison};
use crate::access_log::{Entry, Fact, Line, PeerFact, Refusal};

/// The largest number of groups; further ones are counted together, so that no log can fill the memory.
const GROUPS: usize = 4096;

/// The largest number of unreadable lines with a reason.
pub const MALFORMED: usize = 10;

/// The largest number of characters in an example or a name.
const SHOWN: usize = 200;

/// The common properties of a group of lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The change.
    pub change: Change,
    /// The rule that decides now.
    pub rule: String,
    /// The missing values, if the verdict is unknown.
    pub lacks: Vec<String>,
    /// The caller.
    pub caller: String,
}

/// A number of lines, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The number of lines.
    pub lines: u64,
    /// The indexes of the log and of the line.
    pub first: (usize, u64),
    /// Its request.
    pub example: String,
}

/// The totals of one worker, or of all.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The number of lines.
    pub lines: u64,
    /// Lines with the same change.
    pub groups: HashMap<Key, Group>,
    /// Lines for which no policy was evaluated, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Lines that could not be read.
    pub malformed: u64,
    /// The first of these: the log, the line, and the reason.
    pub first_malformed: Vec<(usize, u64, String)>,
}

impl Tally {
    /// Adds an evaluated line.
    pub fn add(&mut self, line: Line<'_>, entry: &Entry, compared: LineComparison) {
        self.lines += 1;
        let key = Key {
            change: compared.change,
            rule: compared.rule,
            lacks: compared.lacks.iter().map(ToString::to_string).collect(),
            caller: caller(entry),
        };
        self.count(key, 1, (line.log, line.number), || asked(entry));
    }

    /// Adds a line for which no policy was evaluated.
    pub fn refused(&mut self, refusal: &Refusal) {
        *self.refused.entry(refusal.why.to_owned()).or_default() += 1;
    }

    /// Adds a line that cannot be read.
    pub fn malformed(&mut self, line: Line<'_>, why: String) {
        self.malformed += 1;
        self.first_malformed.push((line.log, line.number, why));
        if self.first_malformed.len() >= 2 * MALFORMED {
            self.keep_first_malformed();
        }
    }

    /// Merges two tallies.
    pub fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        for (why, lines) in other.refused {
            *self.refused.entry(why).or_default() += lines;
        }
        self.malformed += other.malformed;
        self.first_malformed.extend(other.first_malformed);
        self.keep_first_malformed();
        for (key, group) in other.groups {
            self.count(key, group.lines, group.first, || group.example);
        }
    }

    /// The number of lines with each change.
    pub fn of(&self, change: Change) -> u64 {
        let groups = self.groups.iter().filter(|(key, _)| key.change == change);
        groups.map(|(_, group)| group.lines).sum()
    }

    fn keep_first_malformed(&mut self) {
        self.first_malformed.sort();
        self.first_malformed.truncate(MALFORMED);
    }

    fn count(&mut self, mut key: Key, lines: u64, first: (usize, u64), example: impl FnOnce() -> String) {
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            key.caller = "others".to_owned();
        }
        match self.groups.get_mut(&key) {
            Some(group) => {
                group.lines += lines;
                if first < group.first {
                    (group.first, group.example) = (first, example());
                }
            }
            None => {
                let group = Group {
                    lines,
                    first,
                    example: example(),
                };
                self.groups.insert(key, group);
            }
        }
    }
}

/// The caller, as far as the line shows it.
pub fn caller(entry: &Entry) -> String {
    match &entry.peer {
        PeerFact::Uri(uri) => shown(uri.as_bytes(), SHOWN),
        PeerFact::Nobody if entry.tls == Some(false) => "plaintext".to_owned(),
        PeerFact::Nobody => "no certificate".to_owned(),
        PeerFact::NoUri => "no URI SAN".to_owned(),
        PeerFact::Unknown => "a caller that is not in the log".to_owned(),
    }
}

/// The request, as far as the line shows it.
pub fn asked(entry: &Entry) -> String {
    let text = |fact: &Fact<Vec<u8>>| match fact {
        Fact::Is(text) => shown(text, SHOWN),
        Fact::Missing | Fact::Dash => "-".to_owned(),
        Fact::Unknown => "?".to_owned(),
    };
    let what = match entry.protocol {
        Some(Protocol::Http) => format!("{} {}", text(&entry.method), text(&entry.path)),
        Some(Protocol::Tcp) => "a TCP connection".to_owned(),
        None => "a request or a connection".to_owned(),
    };
    let asked = match entry.destination_port {
        Some(port) => format!("{what} on port {port}"),
        None => what,
    };
    match &entry.unreached {
        Some(why) => format!("{asked}; {why}"),
        None => asked,
    }
}
