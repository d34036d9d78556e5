//! Reads every line of some logs, on several threads.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use peerwarden_documents::diagnostic::Diagnostic;

use super::Input;
use super::file::Block;

/// One line and its place.
#[derive(Debug, Clone, Copy)]
pub struct Line<'l> {
    /// The index of the log, from 0.
    pub log: usize,
    /// Its number in the log, from 1.
    pub number: u64,
    /// Its bytes, without the line's end.
    pub text: &'l [u8],
}

/// Passes every line of `logs` to `each`, with the thread's state so far; returns the state of each thread.
///
/// `threads` runs its argument on as many threads as it likes, all of it on each, and waits for them. `progress` gets
/// the number of lines read, and the percentage of the current file if known.
///
/// # Errors
///
/// If a log cannot be read.
pub fn scan<T: Send>(
    logs: &[PathBuf],
    threads: impl Fn(&(dyn Fn() + Sync)),
    progress: impl Fn(u64, Option<u64>) + Send,
    gather: impl Fn() -> T + Sync,
    each: impl Fn(&mut T, Line<'_>) + Sync,
) -> Result<Vec<T>, Diagnostic> {
    let blocks = Mutex::new(Ok(Blocks::new(logs, progress)));
    let next = || {
        // It is poisoned only if a thread panicked: then the others end too.
        let mut blocks = blocks.lock().ok()?;
        let block = blocks.as_mut().ok()?.next();
        block.unwrap_or_else(|wrong| {
            *blocks = Err(wrong);
            None
        })
    };
    let all = Mutex::new(Vec::new());
    threads(&|| {
        let mut gathered = gather();
        while let Some((log, block)) = next() {
            for (number, text) in block.lines() {
                each(&mut gathered, Line { log, number, text });
            }
        }
        all.lock().unwrap_or_else(PoisonError::into_inner).push(gathered);
    });
    let read = blocks.into_inner().unwrap_or_else(PoisonError::into_inner);
    read.map(|_| all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The blocks of some logs, in order: only one thread reads at a time.
struct Blocks<'l, P> {
    logs: std::iter::Enumerate<std::slice::Iter<'l, PathBuf>>,
    open: Option<OpenLog<'l>>,
    /// The number of lines read so far.
    lines: u64,
    progress: P,
}

/// The log that is being read.
struct OpenLog<'l> {
    number: usize,
    path: &'l Path,
    input: Input,
    /// The number of lines in earlier logs.
    before: u64,
}

impl<'l, P: Fn(u64, Option<u64>)> Blocks<'l, P> {
    fn new(logs: &'l [PathBuf], progress: P) -> Self {
        Self {
            logs: logs.iter().enumerate(),
            open: None,
            lines: 0,
            progress,
        }
    }

    /// The next block, with the index of its log; `None` at the end.
    fn next(&mut self) -> Result<Option<(usize, Block)>, Diagnostic> {
        loop {
            if let Some(log) = &mut self.open {
                let block = log.input.block().map_err(|error| {
                    let path = log.path.display();
                    Diagnostic::error(format!("`{path}`: reading stopped here: {error}"))
                })?;
                if let Some(block) = block {
                    self.lines = log.before + block.first;
                    (self.progress)(self.lines, log.input.percent());
                    return Ok(Some((log.number, block)));
                }
            }
            let Some((number, path)) = self.logs.next() else {
                return Ok(None);
            };
            self.open = Some(OpenLog {
                number,
                path,
                input: Input::open(path)?,
                before: self.lines,
            });
        }
    }
}
