//! Every line of some logs, read on all cores.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::Diagnostic;

use super::Input;
use super::file::Block;

/// One line, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Line<'l> {
    /// Which of the logs, from 0.
    pub log: usize,
    /// Its number in it, from 1.
    pub number: u64,
    /// Its bytes, without the line's end.
    pub text: &'l [u8],
}

/// How far a scan has come, on a terminal.
pub struct Progress {
    shown: Option<Instant>,
    visible: bool,
}

/// How often that is shown.
const EVERY: Duration = Duration::from_millis(200);

impl Progress {
    /// For standard error, if that is a terminal that can take a line back.
    pub fn on_standard_error() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            shown: None,
            visible: !dumb && std::io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, lines: u64, input: &Input) {
        let now = Instant::now();
        if !self.visible || self.shown.is_some_and(|shown| now - shown < EVERY) {
            return;
        }
        self.shown = Some(now);
        let part = input
            .size
            .filter(|size| *size > 0)
            .map(|size| input.done().min(size) * 100 / size);
        let part = part
            .map(|part| format!(", {part}% of the file"))
            .unwrap_or_default();
        let _ = write!(std::io::stderr(), "\r\x1b[K{}{part}", counted(lines, "line"));
    }

    /// Takes it off the screen.
    fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Puts every line of `logs` to `each`, with what one worker has gathered so far; gives what each worker gathered.
///
/// # Errors
/// That a log cannot be read.
pub fn scan<T: Send>(
    logs: &[PathBuf],
    mut progress: Progress,
    gather: impl Fn() -> T + Sync,
    each: impl Fn(&mut T, Line<'_>) + Sync,
) -> Result<Vec<T>, Diagnostic> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    // A few blocks wait, so that nobody has to; no more, so that memory is bounded.
    let (send, receive) = sync_channel::<(usize, Block)>(2 * workers);
    let receive = Mutex::new(receive);
    std::thread::scope(|scope| {
        let work = || {
            let mut gathered = gather();
            while let Some((log, block)) = next(&receive) {
                for (number, text) in block.lines() {
                    each(&mut gathered, Line { log, number, text });
                }
            }
            gathered
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let read = read(logs, &mut progress, |log, block| {
            // Nobody listens any more only if a worker panicked, which joining it says.
            let _ = send.send((log, block));
        });
        drop(send);
        progress.clear();
        let join = |handle: std::thread::ScopedJoinHandle<'_, T>| match handle.join() {
            Ok(gathered) => gathered,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let gathered = handles.into_iter().map(join).collect();
        read.map(|()| gathered)
    })
}

fn next(receive: &Mutex<Receiver<(usize, Block)>>) -> Option<(usize, Block)> {
    receive.lock().ok()?.recv().ok()
}

fn read(
    logs: &[PathBuf],
    progress: &mut Progress,
    mut hand_on: impl FnMut(usize, Block),
) -> Result<(), Diagnostic> {
    let mut lines = 0;
    for (log, path) in logs.iter().enumerate() {
        let mut input = Input::open(path)?;
        let before = lines;
        loop {
            let block = input.block().map_err(|error| {
                Diagnostic::error(format!("`{}`: reading stopped here: {error}", path.display()))
            })?;
            let Some(block) = block else { break };
            lines = before + block.first;
            hand_on(log, block);
            progress.show(lines, &input);
        }
    }
    Ok(())
}
