//! What is rendered keeps every guarantee, and each edit that breaks one is told, by its name and no other.

mod cases;
mod configurations;
mod destination;
mod discovery;
mod edits;
mod enums;
mod filter_state;
mod forms;
mod headers;
mod mutations;
mod per_route;
mod origins;
mod rendered;
mod second_lock;
mod switched_off;
mod tunnel;
mod server_names;
mod tokens;
mod twice;
mod upstream;
