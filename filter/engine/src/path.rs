//! A place in a document, as the steps that lead there; its text is for people.

use std::fmt;
use std::ops::Deref;

/// A step from a value to one that is directly below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the field of this name.
    Key(String),
    /// To the entry of this index, from 0.
    Index(usize),
}

/// The steps from a document's root; none for the root itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The field below these names.
    pub fn keys<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(|name| Step::Key(name.to_owned())).collect())
    }

    /// The field `name` of the object here.
    #[must_use]
    pub fn key(mut self, name: &str) -> Self {
        self.0.push(Step::Key(name.to_owned()));
        self
    }

    /// The entry `index`, from 0, of the list here.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// What is at `path` from here.
    #[must_use]
    pub fn join(mut self, path: &[Step]) -> Self {
        self.0.extend_from_slice(path);
        self
    }
}

impl Deref for Path {
    type Target = [Step];

    fn deref(&self) -> &[Step] {
        &self.0
    }
}

impl From<&[Step]> for Path {
    fn from(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }
}

/// Writes `spec.rules[0].from`; a name that is not a plain word stands in brackets and quotes.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(name) if is_word(name) => {
                    if place > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(name)?;
                }
                Step::Key(name) => write!(f, "[{name:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::Path;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn is_written_as_people_write_it() {
        let rule = Path::keys(["spec", "rules"]).index(0);
        assert_eq!(Path::default().to_string(), "");
        assert_eq!(
            rule.clone().key("from").index(12).to_string(),
            "spec.rules[0].from[12]"
        );
        assert_eq!(Path::default().index(2).key("a").to_string(), "[2].a");
        for (name, written) in [
            ("app", "labels.app"),
            ("a_b-1", "labels.a_b-1"),
            ("a.b/c", "labels[\"a.b/c\"]"),
            ("", "labels[\"\"]"),
            ("a\tb", "labels[\"a\\tb\"]"),
            ("\"]", "labels[\"\\\"]\"]"),
            ("\\", "labels[\"\\\\\"]"),
            ("\u{200b}", "labels[\"\\u{200b}\"]"),
            ("ü", "labels[\"ü\"]"),
        ] {
            assert_eq!(Path::keys(["labels", name]).to_string(), written);
        }
        assert_eq!(Path::keys(["a b"]).key("c").to_string(), "[\"a b\"].c");
    }
}
