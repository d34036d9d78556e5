use super::*;

/// Each set that tells characters beyond ASCII from others, and one that contains none.
const SETS: [CharSet; 14] = [
    CharSet::Any,
    CharSet::Line,
    CharSet::ValueEnd,
    CharSet::NameEnd,
    CharSet::Visible,
    CharSet::Ascii,
    CharSet::NotSlash,
    CharSet::NotQuery,
    CharSet::Segment,
    CharSet::Segments,
    CharSet::NotHex,
    CharSet::NotPercent,
    CharSet::Plain,
    CharSet::NotContinuationDigit,
];

#[test]
fn sets_treat_all_characters_beyond_ascii_alike() {
    for set in SETS {
        let of_first = set.contain(*BEYOND.start());
        assert!(
            BEYOND.into_iter().all(|ch| set.contain(ch) == of_first),
            "{set:?}"
        );
    }
}

#[test]
fn a_character_that_no_pattern_names_is_found_beyond_ascii() {
    let alike = ['a', *BEYOND.start(), '\n'];
    assert_eq!(unnamed(&alike, &[]), Some('a'));
    assert_eq!(unnamed(&alike, &['\n', 'a', '\u{e0}', '\u{e1}']), Some('\u{e2}'));
    assert_eq!(unnamed(&['a', '\n'], &['\n', 'a']), None);
}
