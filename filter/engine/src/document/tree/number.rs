//! Numbers.

/// The number that a text of JSON stands for, exactly if it is whole and has at most 15 digits; `None` if it is out of range.
pub(super) fn number(text: &[u8]) -> Option<f64> {
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut value = 0.0_f64;
    let mut exponent = 0_i32;
    let mut is_fraction = false;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'0'..=b'9' => {
                value = value * 10.0 + f64::from(byte.wrapping_sub(b'0'));
                exponent = exponent.saturating_sub(i32::from(is_fraction));
            }
            b'.' => is_fraction = true,
            _ => {
                exponent = exponent.saturating_add(written_exponent(after));
                break;
            }
        }
    }
    // Beyond these, nothing is left of any number that is written in less than a configuration's bytes.
    for _ in 0..exponent.unsigned_abs().min(9_000_000) {
        if value == 0.0 || value.is_infinite() {
            break;
        }
        value = if exponent < 0 { value / 10.0 } else { value * 10.0 };
    }
    let value = if is_negative { -value } else { value };
    value.is_finite().then_some(value)
}

fn written_exponent(text: &[u8]) -> i32 {
    let is_negative = text.first() == Some(&b'-');
    let digits = text.iter().filter(|byte| byte.is_ascii_digit());
    let exponent = digits.fold(0_i32, |exponent, digit| {
        exponent
            .saturating_mul(10)
            .saturating_add(i32::from(digit.wrapping_sub(b'0')))
    });
    if is_negative {
        exponent.saturating_neg()
    } else {
        exponent
    }
}

#[cfg(test)]
mod tests {
    use super::number;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn is_what_is_written() {
        for (text, value) in [
            ("0", Some(0.0)),
            ("8080", Some(8080.0)),
            ("-17", Some(-17.0)),
            ("80.0", Some(80.0)),
            ("8e1", Some(80.0)),
            ("0.5", Some(0.5)),
            ("150e-1", Some(15.0)),
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("1e999", None),
            ("1e-999", Some(0.0)),
            ("0e999", Some(0.0)),
            ("1e99999999999999999999", None),
        ] {
            assert_eq!(number(text.as_bytes()), value, "{text}");
        }
    }
}
