//! Shows the progress of a long run, on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use peerwarden_documents::terminal::is_quiet;

/// How long nothing is shown: most runs end before.
const QUIET: Duration = Duration::from_millis(400);

/// How often the line is updated.
const EACH: Duration = Duration::from_millis(100);

/// A line on a terminal that is removed in the end; absent if there is no terminal.
pub(crate) struct Progress<W: Write>(Option<Mutex<Line<W>>>);

struct Line<W> {
    terminal: W,
    /// The time of the next update.
    next: Instant,
    visible: bool,
}

impl Progress<std::io::Stderr> {
    /// On standard error, if that is a terminal that can remove a line, unless `--quiet` is given.
    pub(crate) fn on_standard_error() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let terminal = std::io::stderr();
        if dumb || is_quiet() || !terminal.is_terminal() {
            return Self(None);
        }
        Self::new(terminal, QUIET)
    }
}

impl<W: Write> Progress<W> {
    fn new(terminal: W, quiet: Duration) -> Self {
        Self(Some(Mutex::new(Line {
            terminal,
            next: Instant::now() + quiet,
            visible: false,
        })))
    }

    /// Shows the progress, if it is time. No thread waits for another.
    pub(crate) fn show(&self, text: impl FnOnce() -> String) {
        let Some(Ok(mut line)) = self.0.as_ref().map(Mutex::try_lock) else {
            return;
        };
        let now = Instant::now();
        if now >= line.next {
            line.next = now + EACH;
            line.visible = true;
            // If nobody can see it, nothing changes.
            let _ = write!(line.terminal, "\r{}\x1b[K", text()).and_then(|()| line.terminal.flush());
        }
    }

    /// Removes the line.
    pub(crate) fn clear(&self) {
        if let Some(Ok(mut line)) = self.0.as_ref().map(Mutex::try_lock)
            && line.visible
        {
            line.visible = false;
            let _ = write!(line.terminal, "\r\x1b[K").and_then(|()| line.terminal.flush());
        }
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_how_far_it_is_and_leaves_nothing() {
        let mut terminal = Vec::new();
        let progress = Progress::new(&mut terminal, Duration::ZERO);
        progress.show(|| "250 of 1000 cases, 25 %".to_owned());
        drop(progress);
        let text = String::from_utf8(terminal).unwrap();
        assert_eq!(text, "\r250 of 1000 cases, 25 %\x1b[K\r\x1b[K");
    }

    #[test]
    fn a_short_run_is_quiet() {
        let mut terminal = Vec::new();
        Progress::new(&mut terminal, QUIET).show(|| "1 of 1 cases".to_owned());
        assert_eq!(terminal, b"");
    }
}
