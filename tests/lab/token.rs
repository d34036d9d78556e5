//! Tokens: an issuer that signs with ES256 and publishes its key as a JWKS, created on the spot.

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The key id in the header of a token.
const KEY_ID: &str = "lab";

/// An issuer of tokens (RFC 7519), with its own ECDSA key (RFC 7518, ES256).
pub struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

// === impl Issuer ===

impl Issuer {
    /// An issuer with a new key.
    pub fn new() -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let failed = |_| anyhow!("making a key for tokens");
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(failed)?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .map_err(|error| anyhow!("{error}"))?;
        Ok(Self { key, random })
    }

    /// What verifiers need: a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> Value {
        // An uncompressed point: 4, then both coordinates.
        let point = self.key.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = point.split_at(point.len() / 2);
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }]})
    }

    /// A token with these claims, signed.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": KEY_ID});
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .map_err(|_| anyhow!("signing a token"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// A token with these claims that says it needs no signature, and has none.
    pub fn unsigned(claims: &Value) -> String {
        format!(
            "{}.{}.",
            encode(&json!({"alg": "none", "typ": "JWT"})),
            encode(claims)
        )
    }
}

/// The token with other claims under its old signature.
pub fn tampered(token: &str, claims: &Value) -> Result<String> {
    let mut parts: Vec<&str> = token.split('.').collect();
    let payload = encode(claims);
    *parts
        .get_mut(1)
        .ok_or_else(|| anyhow!("`{token}` is not a token"))? = &payload;
    Ok(parts.join("."))
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
