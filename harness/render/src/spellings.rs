//! Header names that an application may confuse. Many applications read `X_Role` as `X-Role`, as CGI and WSGI turn both
//! into `HTTP_X_ROLE`, while to Envoy and to policies they are two headers.

/// The most separators in a name whose spellings are listed one by one.
const SEPARATORS: usize = 6;

/// The spellings of a header in which a client can send it, in lower case: with hyphens, and with underscores in place
/// of any of them if Envoy lets those through. `None` if there are too many.
pub fn of(name: &str, underscores: bool) -> Option<Vec<String>> {
    let name = name.to_ascii_lowercase();
    let mut spellings = vec![String::new()];
    if underscores && name.matches(['-', '_']).count() > SEPARATORS {
        return None;
    }
    for letter in name.chars() {
        let is_separator = matches!(letter, '-' | '_');
        if is_separator && underscores {
            let with = spellings.clone().into_iter().map(|spelling| spelling + "_");
            let with: Vec<String> = with.collect();
            spellings.iter_mut().for_each(|spelling| spelling.push('-'));
            spellings.extend(with);
        } else {
            let letter = if is_separator { '-' } else { letter };
            spellings.iter_mut().for_each(|spelling| spelling.push(letter));
        }
    }
    Some(spellings)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn every_spelling_that_a_client_can_send() {
        assert_eq!(of("X-Role", false).unwrap(), ["x-role"]);
        assert_eq!(of("x_role", false).unwrap(), ["x-role"]);
        assert_eq!(of("X-Role", true).unwrap(), ["x-role", "x_role"]);
        assert_eq!(of("x-a_b", true).unwrap(), ["x-a-b", "x_a-b", "x-a_b", "x_a_b"]);
        assert_eq!(of("role", true).unwrap(), ["role"]);
        assert_eq!(of("a-b-c-d-e-f-g", true).unwrap().len(), 64);
        assert_eq!(of("a-b-c-d-e-f-g-h", true), None);
        assert_eq!(of("a-b-c-d-e-f-g-h", false).unwrap().len(), 1);
    }
}
