//! What the YAML crate says of a text, in our words.

use std::borrow::Cow;

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DefaultMessageFormatter, Error, Localizer, Location, MessageFormatter};

use crate::wording::{Said, expected_in_words};

/// What is wrong, and what to write instead.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most errors of the YAML crate say it well themselves"
)]
pub(super) fn of(error: &Error) -> Said {
    match error {
        Error::MultipleDocuments { .. } => Said::helped(
            "there are several documents, expected one",
            "put each into a separate file; `---` begins a new document",
        ),
        Error::Unexpected { expected, .. } => match expected_in_words(expected) {
            "a list" => Said::helped("expected a list", "write it as `[ … ]`"),
            expected => Said::plain(format!("expected {expected}")),
        },
        Error::InvalidScalar { ty, .. } => Said::plain(format!("expected {}", expected_in_words(ty))),
        Error::NonFiniteFloat { value, .. } => Said::helped(
            format!("`{value}` is not a number in JSON"),
            "put it in quotes if it is a string",
        ),
        Error::UnsupportedTag { tag, .. } => Said::helped(
            format!("the tag `{tag}` is not supported, and what it marks may be ignored"),
            "remove the tag, or remove what it marks",
        ),
        Error::DuplicateMappingKey { key: Some(key), .. } => Said::twice(key),
        Error::SerdeUnknownField { field, expected, .. } => Said::unknown_field(field, expected),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => Said::unknown_value(variant, expected),
        Error::SerdeInvalidType {
            unexpected, expected, ..
        }
        | Error::SerdeInvalidValue {
            unexpected, expected, ..
        } => Said::mismatch(unexpected, expected),
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayStackDepthExceeded { .. } => expands(),
        // What an alias stands for is wrong: that counts, not the alias.
        Error::AliasError { error, .. } => of(error),
        Error::Budget {
            breach: BudgetBreach::Depth { .. },
            ..
        } => Said::too_deep(),
        Error::Budget { .. } => expands(),
        _ => sentence(&error.render_with_formatter(&WithoutPlaces)),
    }
}

/// A sentence of the crate's own, or of one of our readers, for which there is no type: what follows its semicolon is the help.
fn sentence(text: &str) -> Said {
    let text = text.trim_end_matches('.');
    match text.split_once("; ") {
        Some((message, help)) => Said::helped(message, help),
        None => Said::plain(text),
    }
}

/// The crate's own words, without places: these are shown with the text.
struct WithoutPlaces;

impl MessageFormatter for WithoutPlaces {
    fn localizer(&self) -> &dyn Localizer {
        self
    }

    fn format_message<'a>(&self, error: &'a Error) -> Cow<'a, str> {
        DefaultMessageFormatter.format_message(error)
    }
}

impl Localizer for WithoutPlaces {
    fn attach_location<'a>(&self, message: Cow<'a, str>, _: Location) -> Cow<'a, str> {
        message
    }
}

/// Of a text whose aliases, or whose size, are beyond the budgets.
fn expands() -> Said {
    Said::helped(
        "the file is too large, or its aliases expand to too much text",
        "split the file, or write its aliases out",
    )
}
