//! Generated sections of documents, between two marks, `<!-- NAME: begin -->` and `<!-- NAME: end -->`.

use anyhow::{Context, Result};

/// The text of a section.
///
/// # Errors
/// If a mark is missing.
pub fn between<'d>(document: &'d str, name: &str) -> Result<&'d str> {
    let (start, end) = find(document, name)?;
    Ok(&document[start..end])
}

/// The document with another text in the section.
///
/// # Errors
/// If a mark is missing.
pub fn replace(document: &str, name: &str, text: &str) -> Result<String> {
    let (start, end) = find(document, name)?;
    Ok(format!("{}{text}{}", &document[..start], &document[end..]))
}

fn find(document: &str, name: &str) -> Result<(usize, usize)> {
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let start = document
        .find(&begin)
        .with_context(|| format!("there is no `{}`", begin.trim()))?
        + begin.len();
    let length = document[start..]
        .find(&end)
        .with_context(|| format!("there is no `{end}`"))?;
    Ok((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "a\n<!-- one: begin -->\nold\n<!-- one: end -->\nb\n";

    #[test]
    fn what_is_between_is_replaced_and_nothing_else() {
        assert_eq!(between(DOCUMENT, "one").unwrap(), "old\n");
        let new = replace(DOCUMENT, "one", "new\n").unwrap();
        assert_eq!(new, DOCUMENT.replace("old", "new"));
    }

    #[test]
    fn a_mark_that_is_missing_is_named() {
        let error = between(DOCUMENT, "two").unwrap_err().to_string();
        assert_eq!(error, "there is no `<!-- two: begin -->`");
    }
}
