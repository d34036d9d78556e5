//! A problem in a configuration: where it is, what is wrong, and what to write instead.

use std::fmt;

use crate::at::At;
use crate::path::Path;

/// What sort of problem it is, as far as anything is decided by that: nothing is by a message's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// Something else stands where a text is expected.
    NotText,
    /// Any other.
    Other,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The document it is in, by kind, namespace and name; `None` for the configuration around the documents.
    pub document: Option<String>,
    /// Where, from the document's root (or the configuration's), such as `spec.rules[0].from[1].source.principals`.
    pub path: Path,
    /// What is wrong, with the input in backticks.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// True when the name at the end of `path` is what is wrong, not its value (an unknown field).
    pub on_key: bool,
}

impl Problem {
    /// Something that is wrong at this place.
    pub fn new(at: &At<'_>, message: impl Into<String>) -> Self {
        Self {
            document: None,
            path: at.path(),
            message: message.into(),
            help: None,
            kind: ProblemKind::Other,
            on_key: false,
        }
    }

    /// Says what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what sort it is.
    pub fn kind(mut self, kind: ProblemKind) -> Self {
        self.kind = kind;
        self
    }

    /// It is the name at the end of the path that is wrong.
    pub fn on_key(mut self) -> Self {
        self.on_key = true;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(document) = &self.document {
            write!(f, "{document}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// The largest number of problems that are reported for one configuration.
pub const MOST: usize = 1_000;

/// All that is wrong, in the order of the text: never empty when it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one, after those there are; beyond [`MOST`] nobody reads on, and each takes memory.
    pub fn push(&mut self, problem: Problem) {
        if self.0.len() < MOST {
            self.0.push(problem);
        }
    }

    /// Adds one after the first so many.
    pub(crate) fn insert(&mut self, after: usize, problem: Problem) {
        if self.0.len() < MOST {
            self.0.insert(after.min(self.0.len()), problem);
        }
    }

    /// Names the document that the problems found since `from` are in.
    pub(crate) fn within(&mut self, from: usize, document: impl Fn() -> String) {
        for problem in self.0.iter_mut().skip(from) {
            problem.document.get_or_insert_with(&document);
        }
    }

    /// What was read, if nothing was wrong with it.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(self),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each problem, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
