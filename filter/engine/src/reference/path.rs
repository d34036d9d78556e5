//! Paths that an application may read as others.

/// Why an application may read a path, before any query or fragment, as another one: an escape of what ASCII shows as a character, an
/// escape in small letters, or a segment that is one dot or two when what follows a `;` in it is left out.
pub(super) fn read_otherwise(path: &[u8]) -> Option<&'static str> {
    let path = path.iter().copied();
    let path: Vec<u8> = path.take_while(|byte| !matches!(byte, b'?' | b'#')).collect();
    let escape = |three: &[u8]| {
        let digits = std::str::from_utf8(three).ok()?.strip_prefix('%')?.to_owned();
        // `+5` is a number to the parser, and not an escape.
        let byte = u8::from_str_radix(&digits, 16)
            .ok()
            .filter(|_| !digits.starts_with('+'))?;
        Some((byte, digits))
    };
    let shows = |three: &[u8]| escape(three).is_some_and(|(byte, _)| byte.is_ascii_graphic());
    let is_small = |three: &[u8]| escape(three).is_some_and(|(_, digits)| digits != digits.to_uppercase());
    let is_dots = |segment: &[u8]| {
        let name = segment.iter().copied().take_while(|byte| *byte != b';');
        [".", ".."].iter().any(|dots| name.clone().eq(dots.bytes()))
    };
    if path.windows(3).any(shows) {
        Some("with an escape that an application may decode")
    } else if path.windows(3).any(is_small) {
        Some("with an escape in lower case")
    } else if path.split(|byte| *byte == b'/').any(is_dots) {
        Some("with a segment of dots that an application may resolve")
    } else {
        None
    }
}
