//! A configuration as JSON: first everything except its documents, then the documents, one at a time.

use super::RESOURCES;
use crate::document::{At, DEPTH, Malformed, Scanner, Tree, Value, decode, why};
use crate::limits;
use crate::problem::{Problem, Problems};

/// What a configuration says beside its documents, and where these are.
#[derive(Debug)]
pub(crate) struct Root {
    /// All but the documents, in whose place is an empty list.
    pub(crate) settings: Value,
    /// The place after the bracket of their list, if there is one.
    pub(crate) documents: Option<usize>,
}

impl Root {
    pub(crate) fn read(json: &[u8]) -> Result<Self, Problems> {
        if json.len() > limits::CONFIGURATION_BYTES {
            return Err(limits::too_large(json.len()).into());
        }
        let mut scanner = Scanner::new(json);
        let root = Self::scan(&mut scanner);
        root.map_err(|error| malformed(json, scanner.at(), error))
    }

    fn scan(scanner: &mut Scanner<'_>) -> Result<Self, Malformed> {
        let mut documents = None;
        if scanner.peek()? != b'{' {
            let settings = value(scanner)?;
            scanner.end()?;
            return Ok(Self { settings, documents });
        }
        scanner.next()?;
        let mut fields: Vec<(String, Value)> = Vec::new();
        while scanner.another(fields.is_empty(), b'}')? {
            let at = scanner.peek_at()?;
            let written = scanner.name()?;
            let mut name = String::new();
            decode(written.bytes, &mut name)?;
            // Each name is compared with those before it.
            if fields.len() >= limits::CONFIGURATION_FIELDS {
                return Err(Malformed::ManyKeys);
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Malformed::Twin(at.saturating_add(1)));
            }
            let value = if name == RESOURCES && scanner.peek()? == b'[' {
                documents = Some(scanner.at().saturating_add(1));
                scanner.skip(DEPTH.saturating_sub(1))?;
                Value::List(Vec::new())
            } else {
                value(scanner)?
            };
            fields.push((name, value));
        }
        scanner.end()?;
        Ok(Self {
            settings: Value::Object(fields),
            documents,
        })
    }
}

/// The next value.
fn value(scanner: &mut Scanner<'_>) -> Result<Value, Malformed> {
    let mut tree = Tree::default();
    tree.read(scanner, DEPTH.saturating_sub(1))?;
    tree.root().to_value().ok_or(Malformed::Syntax)
}

/// Each document of a list whose bracket is before this place: `each` reads it.
pub(crate) fn documents<'j>(
    json: &'j [u8],
    at: usize,
    mut each: impl FnMut(&mut Scanner<'j>) -> Result<(), Malformed>,
) -> Result<(), Problems> {
    let mut scanner = Scanner::from(json, at);
    let mut is_first = true;
    let mut read = || -> Result<(), Malformed> {
        while scanner.another(is_first, b']')? {
            each(&mut scanner)?;
            is_first = false;
        }
        Ok(())
    };
    let read = read();
    read.map_err(|error| malformed(json, scanner.at(), error))
}

/// That a configuration is not JSON, which shows at this place.
#[cold]
fn malformed(json: &[u8], at: usize, error: Malformed) -> Problems {
    let what = why(json, at, error);
    Problem::new(&At::ROOT, format!("the configuration is not valid JSON: {what}"))
        .help("write an object such as `{\"workload\": { … }, \"resources\": [ … ]}`")
        .into()
}
