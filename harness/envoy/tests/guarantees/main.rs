//! Everything that is rendered keeps every guarantee, and each edit that breaks one is reported under its name and no other.

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
mod origins;
mod overlooked;
mod per_route;
mod rendered;
mod request_authentication;
mod second_lock;
mod server_names;
mod settings;
mod switched_off;
mod tokens;
mod tunnel;
mod twice;
mod undecided;
mod unseen;
mod upstream;
