//! Streams in reusable slots: short-lived streams need no memory of their own.

use std::rc::Rc;

use super::stream::Stream;

/// Held streams, or allowed ones.
#[derive(Default)]
pub(super) struct Streams {
    places: Vec<Option<Rc<Stream>>>,
    free: Vec<usize>,
}

impl Streams {
    pub(super) fn is_empty(&self) -> bool {
        self.places.len() == self.free.len()
    }

    /// Adds a stream, unless it is present.
    pub(super) fn add(&mut self, stream: &Rc<Stream>) {
        if self.has(stream) {
            return;
        }
        let place = self.free.pop().unwrap_or(self.places.len());
        stream.is_at(place);
        match self.places.get_mut(place) {
            Some(free) => *free = Some(Rc::clone(stream)),
            None => self.places.push(Some(Rc::clone(stream))),
        }
    }

    pub(super) fn remove(&mut self, stream: &Stream) {
        let here = self.has(stream);
        if let Some(place) = self.places.get_mut(stream.place()).filter(|_| here) {
            *place = None;
            self.free.push(stream.place());
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rc<Stream>> {
        self.places.iter().flatten()
    }

    /// All streams, beginning at this position.
    pub(super) fn iter_from(&self, place: usize) -> impl Iterator<Item = &Rc<Stream>> {
        let behind = self.places.get(place..).unwrap_or_default();
        let before = self.places.get(..place).unwrap_or(&self.places);
        behind.iter().chain(before).flatten()
    }

    fn has(&self, stream: &Stream) -> bool {
        let at = self.places.get(stream.place()).and_then(Option::as_ref);
        at.is_some_and(|at| std::ptr::eq(Rc::as_ptr(at), stream))
    }
}
