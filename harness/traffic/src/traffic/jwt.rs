//! The tokens of a request: `{payload: …}` for one that passes every check, `invalid` for one that does not, or a list of these.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The tokens of a request.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Jwt {
    /// One token.
    One(Token),
    /// Several tokens, each in its own place.
    Several(Vec<Token>),
}

/// A token.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub enum Token {
    /// A token with a wrong signature, or an expired one.
    #[serde(rename = "invalid")]
    Invalid,
    /// A token that its issuer signed.
    #[serde(untagged)]
    Signed(SignedToken),
}

/// A token that its issuer signed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedToken {
    /// Its claims.
    pub payload: Map<String, Value>,
}

impl Jwt {
    /// One token with these claims.
    pub fn signed(payload: Map<String, Value>) -> Self {
        Self::One(Token::Signed(SignedToken { payload }))
    }

    /// The tokens.
    pub fn tokens(&self) -> &[Token] {
        match self {
            Self::One(token) => std::slice::from_ref(token),
            Self::Several(tokens) => tokens,
        }
    }

    /// The claims that a filter ahead establishes if its settings are unknown: those of the first signed token.
    pub fn payload(&self) -> Option<&Map<String, Value>> {
        self.tokens().iter().find_map(|token| match token {
            Token::Signed(token) => Some(&token.payload),
            Token::Invalid => None,
        })
    }
}

impl<'de> Deserialize<'de> for Jwt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tokens;

        impl<'de> Visitor<'de> for Tokens {
            type Value = Jwt;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`{payload: {…}}`, `invalid`, or a list of tokens")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Jwt, E> {
                OneToken.visit_str(word).map(Jwt::One)
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Jwt, A::Error> {
                OneToken.visit_map(fields).map(Jwt::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Jwt, A::Error> {
                let mut tokens = Vec::new();
                while let Some(token) = items.next_element()? {
                    tokens.push(token);
                }
                Ok(Jwt::Several(tokens))
            }
        }

        deserializer.deserialize_any(Tokens)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneToken)
    }
}

struct OneToken;

impl<'de> Visitor<'de> for OneToken {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{payload: {…}}` or `invalid`")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Token, E> {
        match word {
            "invalid" => Ok(Token::Invalid),
            _ => Err(E::custom(format_args!(
                "expected `{{payload: {{…}}}}`, or `invalid` for a token that does not pass, found `{word}`"
            ))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Token, A::Error> {
        SignedToken::deserialize(MapAccessDeserializer::new(fields)).map(Token::Signed)
    }
}
