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
    /// Where their list is, if there is one.
    pub(crate) documents: Option<Documents>,
}

/// The list of documents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Documents {
    /// The place after its bracket.
    pub(crate) at: usize,
    /// The place after its last bracket.
    end: usize,
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
                let at = scanner.at().saturating_add(1);
                match end(scanner.json(), at) {
                    Some(end) => *scanner = Scanner::from(scanner.json(), end),
                    None => scanner.skip(DEPTH.saturating_sub(1))?,
                }
                let end = scanner.at();
                documents = Some(Documents { at, end });
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

/// The bytes at the end of a configuration in which the end of the documents is looked for.
const TAIL: usize = 64 * 1024;

/// The end of the documents that begin at this place, found from the end of the configuration.
///
/// What follows a bracket outside of strings is the rest of the fields only if the bracket ends a list of the outermost object, and the first one of
/// these after `at` ends the documents. It cannot be one inside a string of a text that is JSON: an odd number of quotes would follow. Whoever
/// reads the documents finds out whether this is their end.
fn end(json: &[u8], at: usize) -> Option<usize> {
    let from = json.len().saturating_sub(TAIL).max(at);
    let tail = json.get(from..)?;
    let mut ends = memchr::memchr_iter(b']', tail).map(|place| from.saturating_add(place).saturating_add(1));
    ends.find(|end| is_rest(&mut Scanner::from(json, *end)))
}

/// Whether fields follow, and nothing after these.
fn is_rest(scanner: &mut Scanner<'_>) -> bool {
    while scanner.another(false, b'}') == Ok(true) {
        if scanner.name().is_err() || scanner.skip(DEPTH).is_err() {
            return false;
        }
    }
    scanner.end().is_ok()
}

/// Each document of a list: `each` reads it.
pub(crate) fn documents<'j>(
    json: &'j [u8],
    Documents { at, end }: Documents,
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
    match read {
        Ok(()) if scanner.at() == end => Ok(()),
        Ok(()) => Err(far_behind()),
        Err(error) => Err(malformed(json, scanner.at(), error)),
    }
}

/// That the documents end before [`TAIL`] begins.
#[cold]
fn far_behind() -> Problems {
    let message = format!("more than {TAIL} bytes with lists follow the documents");
    Problem::new(&At::ROOT.name(RESOURCES), message)
        .help("write `resources` after all other fields")
        .into()
}

/// That a configuration is not JSON, which shows at this place.
#[cold]
fn malformed(json: &[u8], at: usize, error: Malformed) -> Problems {
    let what = why(json, at, error);
    Problem::new(&At::ROOT, format!("the configuration is not valid JSON: {what}"))
        .help("write an object such as `{\"workload\": { … }, \"resources\": [ … ]}`")
        .into()
}
