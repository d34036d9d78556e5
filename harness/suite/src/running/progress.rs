//! Shows the progress of a long run on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a run stays quiet: most have ended by then.
const QUIET: Duration = Duration::from_millis(400);

/// How often the line is updated.
const EACH: Duration = Duration::from_millis(100);

/// Number of cases that have been run.
#[derive(Debug, Default)]
pub struct Progress(AtomicUsize);

impl Progress {
    /// Counts cases that have been run.
    pub fn add(&self, cases: usize) {
        self.0.fetch_add(cases, Ordering::Relaxed);
    }

    /// Runs `work` and shows its progress on standard error, if that is a terminal that can clear a line.
    pub fn show<T>(&self, total: usize, work: impl FnOnce() -> T) -> T {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if dumb || !std::io::stderr().is_terminal() {
            return work();
        }
        std::thread::scope(|scope| {
            let (done, over) = channel();
            scope.spawn(move || self.tell(total, &over, [QUIET, EACH], &mut std::io::stderr()));
            let result = work();
            drop::<std::sync::mpsc::Sender<()>>(done);
            result
        })
    }

    /// Shows progress until the other end of `over` is dropped; then clears the line.
    fn tell(
        &self,
        total: usize,
        over: &Receiver<()>,
        [quiet, each]: [Duration; 2],
        terminal: &mut impl Write,
    ) {
        let mut wait = quiet;
        while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = each;
            // That nobody sees it changes nothing.
            let _ = write!(terminal, "\r{}\x1b[K", self.line(total)).and_then(|()| terminal.flush());
        }
        if wait == each {
            let _ = write!(terminal, "\r\x1b[K").and_then(|()| terminal.flush());
        }
    }

    fn line(&self, total: usize) -> String {
        let done = self.0.load(Ordering::Relaxed).min(total);
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        format!("{done} of {total} cases, {percent} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_far_it_is_and_leaves_nothing() {
        let progress = Progress::default();
        progress.add(250);
        let (done, over) = channel::<()>();
        let mut terminal = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                drop(done);
            });
            let times = [Duration::ZERO, Duration::from_millis(1)];
            progress.tell(1_000, &over, times, &mut terminal);
        });
        let text = String::from_utf8(terminal).unwrap();
        assert!(text.starts_with("\r250 of 1000 cases, 25 %\x1b[K"), "{text:?}");
        assert!(text.ends_with("\r\x1b[K"), "{text:?}");
    }

    #[test]
    fn a_short_run_is_quiet() {
        let (done, over) = channel::<()>();
        drop(done);
        let mut terminal = Vec::new();
        Progress::default().tell(1, &over, [QUIET, EACH], &mut terminal);
        assert_eq!(terminal, b"");
    }
}
