//! Format strings: texts with command operators in between.

use super::operator::{Operator, OperatorError};

/// A format string. `literals` are around the `operators`: there is one more of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) literals: Vec<Vec<u8>>,
    pub(super) operators: Vec<Operator>,
}

impl Text {
    /// Parses a format string; a trailing line break is ignored.
    ///
    /// # Errors
    ///
    /// If an operator is invalid, or two have nothing between them.
    pub(super) fn parse(format: &str) -> Result<Self, OperatorError> {
        let mut text = Self {
            literals: Vec::new(),
            operators: Vec::new(),
        };
        let mut literal = String::new();
        let mut rest = format.trim_end_matches(['\r', '\n']);
        while let Some((before, after)) = rest.split_once('%') {
            literal.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                literal.push('%');
                rest = after;
                continue;
            }
            let (operator, after) = Operator::read(after)?;
            if literal.is_empty() && !text.operators.is_empty() {
                let message = "two operators need a separator between them";
                return Err(OperatorError(message.to_owned()));
            }
            text.literals.push(std::mem::take(&mut literal).into_bytes());
            text.operators.push(operator);
            rest = after;
        }
        literal.push_str(rest);
        text.literals.push(literal.into_bytes());
        Ok(text)
    }

    /// Its operator, if it consists of only one and no other text.
    pub(super) fn sole(&self) -> Option<&Operator> {
        match (self.operators.as_slice(), self.literals.as_slice()) {
            ([operator], [before, after]) if before.is_empty() && after.is_empty() => Some(operator),
            _ => None,
        }
    }

    /// Whether it is of use to a policy.
    pub(super) fn tells_something(&self) -> bool {
        self.operators
            .iter()
            .any(|operator| operator.tells.is_something())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::operator::OperatorMeaning;

    #[test]
    fn texts_stand_around_operators() {
        let text = Text::parse("[%START_TIME%] 100%% \"%REQ(:METHOD)%\"\n").unwrap();
        let literals: Vec<&str> = text
            .literals
            .iter()
            .map(|literal| std::str::from_utf8(literal).unwrap())
            .collect();
        assert_eq!(literals, ["[", "] 100% \"", "\""]);
        assert_eq!(text.operators[1].tells, OperatorMeaning::Method);
        assert!(text.sole().is_none() && Text::parse("%DURATION%").unwrap().sole().is_some());
    }

    #[test]
    fn operators_side_by_side_are_refused() {
        let error = Text::parse("%REQ(A)%%REQ(B)%").unwrap_err();
        assert!(error.0.contains("need a separator between them"), "{error:?}");
    }
}
