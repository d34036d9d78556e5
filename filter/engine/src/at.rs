//! The place in a document that is being read: names and indexes, up to the root.

use crate::path::Path;

/// A place in a document. Lives on the stack: its parent is borrowed, nothing is allocated until it is kept as a [`Path`].
#[derive(Clone, Copy)]
pub struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Place(&'a Path),
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
    /// A place that was kept before, such as `resources[3]`.
    pub fn place(place: &'a Path) -> At<'a> {
        At {
            parent: None,
            step: Step::Place(place),
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

    /// The same with steps of its own.
    pub fn path(&self) -> Path {
        let above = self.parent.map(At::path).unwrap_or_default();
        match self.step {
            Step::Root => above,
            Step::Place(place) => above.join(place),
            Step::Name(name) => above.key(name),
            Step::Index(index) => above.index(index),
        }
    }
}
