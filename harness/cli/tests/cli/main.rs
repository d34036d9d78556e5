//! The command as its users run it: arguments, files and standard input in; output and exit code out.

mod certs;
mod check;
mod custom;
mod eval;
mod explain;
mod fix;
mod fixture;
mod fmt;
mod formats;
mod guarantees;
mod ingress;
mod lints;
mod mistakes;
mod output;
mod pages;
mod probe;
mod readme;
mod render;
mod schema;
mod settings;
mod shadow;
mod shells;
mod test;
