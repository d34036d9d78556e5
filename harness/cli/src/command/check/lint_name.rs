//! The code or the name of a lint as an argument: shells complete it, and the command itself reports errors.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use peerwarden_lint::LINTS;

/// Accepts any text, and offers the codes and names for completion.
#[derive(Debug, Clone, Copy)]
pub(super) struct LintNameParser;

impl TypedValueParser for LintNameParser {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let codes = LINTS
            .iter()
            .map(|lint| PossibleValue::new(lint.code).help(lint.name));
        let names = LINTS
            .iter()
            .map(|lint| PossibleValue::new(lint.name).help(lint.code));
        Some(Box::new(codes.chain(names)))
    }
}
