//! Paths that an application may read differently.

/// Why an application may read a path, before any query or fragment, as another one: an escape of what ASCII shows as a character, an
/// escape in lower case, a percent sign without two digits, escapes that are not UTF-8, or a segment that is one dot or two when
/// what follows a `;` in it is left out.
pub(super) fn read_otherwise(path: &[u8]) -> Option<&'static str> {
    let path = path.iter().copied();
    let path: Vec<u8> = path.take_while(|byte| !matches!(byte, b'?' | b'#')).collect();
    let is_dots = |segment: &[u8]| {
        let name = segment.iter().copied().take_while(|byte| *byte != b';');
        [".", ".."].iter().any(|dots| name.clone().eq(dots.bytes()))
    };
    let why = why_escapes(&path);
    why.or_else(|| {
        let dots = path.split(|byte| *byte == b'/').any(is_dots);
        dots.then_some("with a segment of dots that an application may resolve")
    })
}

fn why_escapes(path: &[u8]) -> Option<&'static str> {
    // The bytes of escapes that follow one another; what is not escaped parts them.
    let mut runs = vec![Vec::new()];
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            runs.push(Vec::new());
            continue;
        }
        let digits: String = rest.by_ref().take(2).copied().map(char::from).collect();
        // `+5` is a number to the parser, and not an escape.
        let is_escape = digits.len() == 2 && !digits.starts_with('+');
        let Some(byte) = u8::from_str_radix(&digits, 16).ok().filter(|_| is_escape) else {
            return Some("with a `%` that begins no escape");
        };
        if byte.is_ascii_graphic() {
            return Some("with an escape that an application may decode");
        }
        if digits != digits.to_uppercase() {
            return Some("with an escape in lower case");
        }
        runs.last_mut()?.push(byte);
    }
    let is_text = |run: &Vec<u8>| String::from_utf8(run.clone()).is_ok();
    (!runs.iter().all(is_text)).then_some("with escapes that are not UTF-8")
}
