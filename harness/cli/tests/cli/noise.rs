//! Things that real repositories have and that are not mistakes: no finding, or one note.

mod evidence;
mod left_alone;
mod left_out;
mod meant;
mod names;
mod passed_over;
mod reach;
mod rules;
mod silent;
mod workloads;
