//! What real repositories have and what is no mistake: nothing is said of it, or once, as a note.

mod left_out;
mod meant;
mod names;
mod rules;
mod workloads;
