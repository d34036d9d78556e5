//! A list that is mostly of one.

use std::fmt;
use std::ops::Deref;

/// Values in order; of one, no memory is allocated.
#[derive(Clone)]
pub enum Few<T> {
    /// None or several.
    Many(Vec<T>),
    /// One.
    One(T),
}

impl<T> Few<T> {
    /// Whether it has no value. Cheaper than `is_empty`, which first makes a slice of the one: decisions ask this often.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Many(values) if values.is_empty())
    }

    /// Whether `such` is true of any value. Cheaper than `iter().any`, for the same reason.
    #[inline]
    pub(crate) fn any(&self, mut such: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::One(value) => such(value),
            Self::Many(values) => values.iter().any(such),
        }
    }

    /// Adds one at the end; `more` are still to come.
    #[inline(never)]
    pub(crate) fn push(&mut self, value: T, more: usize) {
        let before = std::mem::take(self);
        *self = match before {
            Self::Many(values) if values.capacity() == 0 && more == 0 => Self::One(value),
            Self::Many(mut values) => {
                if values.len() == values.capacity() {
                    values.reserve_exact(more.saturating_add(1));
                }
                values.push(value);
                Self::Many(values)
            }
            Self::One(first) => {
                let mut values = Vec::with_capacity(more.saturating_add(2));
                values.push(first);
                values.push(value);
                Self::Many(values)
            }
        };
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Many(values) => values,
            Self::One(value) => std::slice::from_ref(value),
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut values: Vec<T>) -> Self {
        match (values.len(), values.pop()) {
            (1, Some(value)) => Self::One(value),
            (_, last) => {
                values.extend(last);
                Self::Many(values)
            }
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut values = values.into_iter();
        let Some(first) = values.next() else {
            return Self::default();
        };
        match values.next() {
            None => Self::One(first),
            Some(second) => Self::Many([first, second].into_iter().chain(values).collect()),
        }
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
