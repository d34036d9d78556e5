//! Translates the YAML crate's errors.

use std::borrow::Cow;

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DefaultMessageFormatter, Error, Localizer, Location, MessageFormatter};

use crate::wording::{Wording, expected_in_words};

/// The message and the help.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most errors of the YAML crate say it well themselves"
)]
pub(super) fn of(error: &Error) -> Wording {
    match error {
        Error::MultipleDocuments { .. } => Wording::helped(
            "there are several documents, expected one",
            "put each into a separate file; `---` begins a new document",
        ),
        Error::Unexpected { expected, .. } => match expected_in_words(expected) {
            "a list" => Wording::helped("expected a list", "write it as `[ … ]`"),
            expected => Wording::plain(format!("expected {expected}")),
        },
        Error::InvalidScalar { ty, .. } => Wording::plain(format!("expected {}", expected_in_words(ty))),
        Error::NonFiniteFloat { value, .. } => Wording::helped(
            format!("`{value}` is not a number in JSON"),
            "put it in quotes if it is a string",
        ),
        Error::UnsupportedTag { tag, .. } => Wording::helped(
            format!("the tag `{tag}` is not supported, and what it marks may be ignored"),
            "remove the tag, or remove what it marks",
        ),
        Error::DuplicateMappingKey { key: Some(key), .. } => Wording::twice(key),
        Error::SerdeUnknownField { field, expected, .. } => Wording::unknown_field(field, expected),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => Wording::unknown_value(variant, expected),
        Error::SerdeInvalidType {
            unexpected, expected, ..
        }
        | Error::SerdeInvalidValue {
            unexpected, expected, ..
        } => Wording::mismatch(unexpected, expected),
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayStackDepthExceeded { .. } => expands(),
        // The error is in the text of the anchor, not in the alias.
        Error::AliasError { error, .. } => of(error),
        Error::Budget {
            breach: BudgetBreach::Depth { .. },
            ..
        } => Wording::too_deep(),
        Error::Budget { .. } => expands(),
        _ => {
            let text = error.render_with_formatter(&WithoutPlaces);
            Wording::plain(text.trim_end_matches('.'))
        }
    }
}

/// The crate's own messages, without places: these are shown with the text.
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

/// The message for a text whose aliases or size exceed the limits.
fn expands() -> Wording {
    Wording::helped(
        "the file is too large, or its aliases expand to too much text",
        "split the file, or write its aliases out",
    )
}
