//! Options of every command: colours, and the amount of output.

use std::ffi::OsString;

use anstream::ColorChoice;
use clap::ValueEnum;
use peerwarden_documents::terminal;
use terminal_size::Width;

/// The appearance of the output.
#[derive(Debug, clap::Args)]
pub(super) struct Appearance {
    /// When to use colours. `auto`: on a terminal, unless `NO_COLOR` is set; `FORCE_COLOR` or `CLICOLOR_FORCE` also elsewhere.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, help_heading = HEADING)]
    color: Color,
    /// Print results only, without notes, counts and progress.
    #[arg(long, short, global = true, help_heading = HEADING)]
    quiet: bool,
}

/// The heading above these options.
const HEADING: &str = "Output";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Appearance {
    /// Applies it to the whole run.
    pub(super) fn apply(&self) {
        let variable = |name| std::env::var_os(name);
        choice(self.color, variable("NO_COLOR"), variable("FORCE_COLOR")).write_global();
        terminal::set_quiet(self.quiet);
        if let Some((Width(columns), _)) = terminal_size::terminal_size_of(std::io::stdout()) {
            terminal::set_columns(columns.into());
        }
    }
}

/// The option takes precedence, then <https://no-color.org>, then <https://force-color.org>; `anstream` handles the
/// rest, such as <https://bixense.com/clicolors/>.
fn choice(color: Color, no_color: Option<OsString>, force_color: Option<OsString>) -> ColorChoice {
    let is_set = |value: Option<OsString>| value.is_some_and(|value| !value.is_empty());
    let forces = is_set(force_color.filter(|value| value != "0" && value != "false"));
    match color {
        Color::Always => ColorChoice::AlwaysAnsi,
        Color::Never => ColorChoice::Never,
        Color::Auto if is_set(no_color) => ColorChoice::Never,
        Color::Auto if forces => ColorChoice::AlwaysAnsi,
        Color::Auto => ColorChoice::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::{Color, choice};
    use anstream::ColorChoice;

    #[test]
    fn the_option_goes_before_the_environment() {
        let set = |value: &str| Some(value.into());
        let cases = [
            (Color::Always, set("1"), None, ColorChoice::AlwaysAnsi),
            (Color::Never, None, set("1"), ColorChoice::Never),
            (Color::Auto, set("1"), set("1"), ColorChoice::Never),
            (Color::Auto, set(""), set("1"), ColorChoice::AlwaysAnsi),
            (Color::Auto, None, set("3"), ColorChoice::AlwaysAnsi),
            (Color::Auto, None, set("0"), ColorChoice::Auto),
            (Color::Auto, None, set(""), ColorChoice::Auto),
            (Color::Auto, None, None, ColorChoice::Auto),
        ];
        for (color, no_color, force_color, expected) in cases {
            let said = format!("{color:?} {no_color:?} {force_color:?}");
            assert_eq!(choice(color, no_color, force_color), expected, "{said}");
        }
    }
}
