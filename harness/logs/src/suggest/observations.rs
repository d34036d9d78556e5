//! The traffic in a log: who requested what.

use std::collections::{BTreeMap, BTreeSet};

use super::admission::{Admission, AdmissionError, Request};
use super::paths::Paths;
use crate::access_log::{Entry, Line, Outcome};

/// The largest number of callers; a log of one workload has far fewer.
const CALLERS: usize = 2000;

/// The largest number of lines that are listed if no policy can be made for them.
const NAMED: usize = 5;

/// The observations of one worker, or of all.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// Callers by their principals.
    pub callers: BTreeMap<String, Caller>,
    /// The number of lines to allow.
    pub lines: u64,
    /// The number of these lines without the outcome.
    pub silent: u64,
    /// The number of lines that were denied.
    pub denied: u64,
    /// Lines for which no policy can be made: their number, and the first of them.
    pub unsuitable: BTreeMap<AdmissionError, (u64, Vec<(usize, u64)>)>,
    /// Lines that cannot be read: their number, and the first of them with the reason.
    pub malformed: (u64, Vec<(usize, u64, String)>),
}

/// The requests of one caller, by port; `None` if the log does not show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The ports of TCP connections.
    pub tcp: BTreeSet<Option<u16>>,
    /// The paths of requests, by port and method.
    pub http: BTreeMap<Option<u16>, BTreeMap<String, Paths>>,
}

/// Too many values for a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excess {
    /// Too many callers.
    Callers,
    /// Too many paths of one caller.
    Paths(String),
}

impl Observations {
    /// Adds a line that was read.
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
                // Entries beyond the limits are refused in the end, and need not be kept.
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

    /// Adds a line that cannot be read.
    pub fn malformed(&mut self, line: Line<'_>, why: String) {
        self.malformed.0 += 1;
        self.malformed.1.push((line.log, line.number, why));
        keep(&mut self.malformed.1);
    }

    /// Merges two observations.
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

    /// The limit that is exceeded, if one is.
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
