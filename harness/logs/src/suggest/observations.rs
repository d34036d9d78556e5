//! Who asked for what.

use std::collections::{BTreeMap, BTreeSet};

use super::admission::{Admission, AdmissionError, Request};
use super::paths::Paths;
use crate::access_log::{Entry, Line, Outcome};

/// Callers that are told apart; a log of one workload has far fewer.
const CALLERS: usize = 2000;

/// Lines that are named of those for which no policy can be made.
const NAMED: usize = 5;

/// What one worker has seen, or all together.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// By principals.
    pub callers: BTreeMap<String, Caller>,
    /// Lines that are to be admitted.
    pub lines: u64,
    /// Of these, lines that do not say what became of them.
    pub silent: u64,
    /// Lines that were denied.
    pub denied: u64,
    /// Lines for which no policy can be made: how many, and the first of them.
    pub unsuitable: BTreeMap<AdmissionError, (u64, Vec<(usize, u64)>)>,
    /// Lines that cannot be read: how many, and the first of them with why.
    pub malformed: (u64, Vec<(usize, u64, String)>),
}

/// What one caller asked for, by ports; `None` where the log does not say which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The ports of TCP connections.
    pub tcp: BTreeSet<Option<u16>>,
    /// The paths of requests, by port and method.
    pub http: BTreeMap<Option<u16>, BTreeMap<String, Paths>>,
}

/// What there is too much of for a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excess {
    /// Callers.
    Callers,
    /// Paths of one caller.
    Paths(String),
}

impl Observations {
    /// Takes in a line that was read.
    pub fn add(&mut self, line: Line<'_>, entry: &Entry, threshold: usize) {
        match Admission::of(entry) {
            Ok(None) => self.denied += 1,
            Err(unsuitable) => {
                let (lines, named) = self.unsuitable.entry(unsuitable).or_default();
                *lines += 1;
                named.push((line.log, line.number));
                keep(named);
            }
            Ok(Some(wanted)) => {
                self.lines += 1;
                self.silent += u64::from(entry.happened != Some(Outcome::Allowed));
                // What is beyond the bounds is refused in the end, and need not be kept.
                if self.callers.len() <= CALLERS || self.callers.contains_key(&wanted.principal) {
                    self.callers.entry(wanted.principal).or_default().add(
                        wanted.port,
                        wanted.request,
                        threshold,
                    );
                }
            }
        }
    }

    /// Takes in a line that cannot be read.
    pub fn malformed(&mut self, line: Line<'_>, why: String) {
        self.malformed.0 += 1;
        self.malformed.1.push((line.log, line.number, why));
        keep(&mut self.malformed.1);
    }

    /// Both together.
    pub fn merge(&mut self, other: Self, threshold: usize) {
        self.lines += other.lines;
        self.silent += other.silent;
        self.denied += other.denied;
        self.malformed.0 += other.malformed.0;
        self.malformed.1.extend(other.malformed.1);
        keep(&mut self.malformed.1);
        for (unsuitable, (more, places)) in other.unsuitable {
            let (lines, named) = self.unsuitable.entry(unsuitable).or_default();
            *lines += more;
            named.extend(places);
            keep(named);
        }
        for (principal, caller) in other.callers {
            self.callers
                .entry(principal)
                .or_default()
                .merge(caller, threshold);
        }
    }

    /// What there is too much of.
    pub fn too_many(&self) -> Option<Excess> {
        if self.callers.len() > CALLERS {
            return Some(Excess::Callers);
        }
        let many = |caller: &&Caller| {
            let methods = caller.http.values().flat_map(BTreeMap::values);
            methods.into_iter().any(Paths::too_many)
        };
        let found = self.callers.iter().find(|(_, caller)| many(caller));
        found.map(|(principal, _)| Excess::Paths(principal.clone()))
    }
}

fn keep<T: Ord>(named: &mut Vec<T>) {
    named.sort();
    named.truncate(NAMED);
}

impl Caller {
    fn add(&mut self, port: Option<u16>, request: Option<Request>, threshold: usize) {
        match request {
            None => {
                self.tcp.insert(port);
            }
            Some(request) => {
                let methods = self.http.entry(port).or_default();
                let paths = methods.entry(request.method).or_default();
                if !paths.too_many() {
                    paths.add(&request.path, threshold);
                }
            }
        }
    }

    fn merge(&mut self, other: Self, threshold: usize) {
        self.tcp.extend(other.tcp);
        for (port, methods) in other.http {
            let own = self.http.entry(port).or_default();
            for (method, paths) in methods {
                own.entry(method).or_default().merge(paths, threshold);
            }
        }
    }
}
