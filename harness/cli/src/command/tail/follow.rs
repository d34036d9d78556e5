//! Follows files as they grow, across rotation, and reads standard input.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_logs::access_log::{Input, LINE};

use crate::error::Result;

/// The interval at which files are checked.
const EACH: Duration = Duration::from_millis(200);

/// The logs that are read or followed.
pub(super) enum Logs {
    /// Standard input, or files that are read once.
    Whole(Vec<PathBuf>),
    /// Files that grow.
    Growing(Vec<GrowingLog>),
}

/// A file that grows.
pub(super) struct GrowingLog {
    path: PathBuf,
    /// How far it has been read.
    position: u64,
    /// A line without its end, which is not written yet.
    rest: Vec<u8>,
}

impl Logs {
    /// Opens logs: `once` from their beginning to their end, otherwise from their end on.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub(super) fn open(paths: &[PathBuf], once: bool) -> Result<Self, Diagnostic> {
        let is_piped = |path: &PathBuf| path.as_os_str() == "-";
        if once || paths.iter().all(is_piped) {
            return Ok(Self::Whole(paths.to_vec()));
        }
        if paths.iter().any(is_piped) {
            let wrong = Diagnostic::error("standard input cannot be followed together with files");
            return Err(wrong.help("follow them in two terminals, or read the files with `--once`"));
        }
        let logs = paths.iter().map(|path| {
            let length = std::fs::metadata(path)
                .map_err(|error| unreadable(path, &error))?
                .len();
            Ok(GrowingLog {
                path: path.clone(),
                position: length,
                rest: Vec::new(),
            })
        });
        Ok(Self::Growing(logs.collect::<Result<_, Diagnostic>>()?))
    }

    /// The names of followed files, for people.
    pub(super) fn followed(&self) -> Option<String> {
        let Self::Growing(logs) = self else {
            return None;
        };
        let names: Vec<String> = logs.iter().map(|log| log.path.display().to_string()).collect();
        Some(names.join(", "))
    }

    /// Passes each line on; for followed files, for ever.
    ///
    /// # Errors
    ///
    /// If a log cannot be read, and those of `line`.
    pub(super) fn each(&mut self, mut line: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self {
            Self::Whole(paths) => {
                for path in paths {
                    let mut input = Input::open(path)?;
                    while let Some(block) = input.block().map_err(|error| unreadable(path, &error))? {
                        block.lines().try_for_each(|(_, text)| line(text))?;
                    }
                }
                Ok(())
            }
            Self::Growing(logs) => loop {
                for log in logs.iter_mut() {
                    log.read(&mut line)?;
                }
                std::thread::sleep(EACH);
            },
        }
    }
}

impl GrowingLog {
    /// Passes the new lines on. A file that is missing, or shorter than before, was rotated: the next one is read from
    /// its beginning.
    fn read(&mut self, line: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let Ok(mut file) = File::open(&self.path) else {
            self.position = 0;
            return Ok(());
        };
        let wrong = |error| unreadable(&self.path, &error);
        if file.metadata().map_err(wrong)?.len() < self.position {
            self.position = 0;
            self.rest.clear();
        }
        file.seek(SeekFrom::Start(self.position)).map_err(wrong)?;
        let read = file.read_to_end(&mut self.rest).map_err(wrong)?;
        self.position += read as u64;
        let end = self
            .rest
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..end).collect();
        if self.rest.len() > LINE {
            // No access log has such a line.
            self.rest.clear();
        }
        lines
            .split(|byte| *byte == b'\n')
            .filter(|text| !text.is_empty())
            .try_for_each(line)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::GrowingLog;

    #[test]
    fn a_log_is_followed_across_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        fs::write(&path, "old\n").unwrap();
        let mut log = GrowingLog {
            path: path.clone(),
            position: 4,
            rest: Vec::new(),
        };
        let mut read = |text: Option<&str>| {
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
            }
            let mut lines = Vec::new();
            let mut line = |text: &[u8]| {
                lines.push(String::from_utf8(text.to_vec()).unwrap());
                Ok(())
            };
            log.read(&mut line).unwrap();
            lines
        };
        assert_eq!(read(None), [""; 0]);
        assert_eq!(read(Some("old\none\ntwo\nhal")), ["one", "two"]);
        assert_eq!(read(Some("old\none\ntwo\nhalf\n")), ["half"]);
        assert_eq!(read(Some("new\n")), ["new"]);
    }
}
