//! Where in a document: a chain of names and indexes up to the root.

use std::fmt;

/// A place in a document. Lives on the stack: its parent is borrowed, nothing is allocated until it is printed.
#[derive(Clone, Copy)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Place(&'a str),
    Name(&'a str),
    Index(usize),
}

impl At<'static> {
    /// The root of a document.
    pub const ROOT: At<'static> = At {
        parent: None,
        step: Step::Root,
    };
}

impl<'a> At<'a> {
    /// A place that was written down before, such as `resources[3]`.
    pub fn place(place: &'a str) -> At<'a> {
        At {
            parent: None,
            step: Step::Place(place),
        }
    }

    fn is_nowhere(&self) -> bool {
        match self.step {
            Step::Root => true,
            Step::Place(place) => place.is_empty(),
            Step::Name(_) | Step::Index(_) => false,
        }
    }

    /// The field `name` of the object here.
    pub fn name(&'a self, name: &'a str) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Name(name),
        }
    }

    /// The entry `index`, from 0, of the list here.
    pub fn index(&'a self, index: usize) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

/// Writes `spec.rules[0].from`; a name that is not a plain word stands in brackets and quotes.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else {
            return match self.step {
                Step::Place(place) => f.write_str(place),
                Step::Root | Step::Name(_) | Step::Index(_) => Ok(()),
            };
        };
        parent.fmt(f)?;
        match self.step {
            Step::Root | Step::Place(_) => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Name(name) if is_word(name) => {
                if !parent.is_nowhere() {
                    f.write_str(".")?;
                }
                f.write_str(name)
            }
            Step::Name(name) => write!(f, "[{name:?}]"),
        }
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
