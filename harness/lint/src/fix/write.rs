//! Shows or writes fixed texts.

use std::io::{Error, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::apply::FixedText;

/// The changes, as a unified diff that `patch` accepts.
pub fn diff(mended: &FixedText) -> String {
    let name = &mended.before.name;
    let mut text = format!("--- {name}\n+++ {name}\n");
    let diff = TextDiff::from_lines(&mended.before.text, &mended.after);
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let (mark, style) = match change.tag() {
                ChangeTag::Delete => ('-', AnsiColor::Red.on_default()),
                ChangeTag::Insert => ('+', AnsiColor::Green.on_default()),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let line = change.value();
            text.push_str(&format!(
                "{style}{mark}{}{style:#}\n",
                line.trim_end_matches(['\n', '\r'])
            ));
            if !line.ends_with('\n') {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// Writes the text to its file, completely or not at all: a new file replaces the old one and keeps its permissions.
///
/// # Errors
///
/// If it cannot be written; the old file is then unchanged.
pub fn write(mended: &FixedText) -> Result<(), Error> {
    let file = std::fs::canonicalize(&mended.before.name)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let permissions = std::fs::metadata(&file)?.permissions();
    let written = std::fs::File::create_new(&beside).and_then(|mut new| {
        new.write_all(mended.after.as_bytes())?;
        new.set_permissions(permissions)?;
        new.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&beside, &file));
    if moved.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    moved
}
