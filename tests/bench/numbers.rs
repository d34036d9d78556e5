//! Formats numbers for people.

pub(crate) use peerwarden_lab::numbers::grouped;

/// Microseconds: one decimal below a hundred.
pub(crate) fn micros(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else if value.abs() < 99.95 {
        format!("{value:.1}")
    } else {
        grouped(value.round().max(0.0) as u64)
    }
}

/// A ratio: two decimals below ten.
pub(crate) fn times(value: f64) -> String {
    if value.is_nan() || value.is_infinite() {
        "–".to_owned()
    } else if value < 10.0 {
        format!("{value:.2}")
    } else {
        grouped(value.round() as u64)
    }
}
