//! Documents that are like another one, and those that are not.

use super::common;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn counts_what_is_the_same() {
    let text: Vec<u8> = (0..100).collect();
    for length in 0..text.len() {
        for same in 0..=length {
            let mut other = text.clone();
            other[same] ^= 0x80;
            assert_eq!(
                common(&text[..length], &other),
                same.min(length),
                "{same} of {length}"
            );
            assert_eq!(
                common(&other, &text[..length]),
                same.min(length),
                "{same} of {length}"
            );
        }
        assert_eq!(common(&text[..length], &text), length);
    }
}
