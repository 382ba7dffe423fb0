//! The filters of templates.

use std::borrow::Cow;

use hookglass_senders::signature::{Encoding, Hash, SigningSecret, hmac};

use super::TemplateValue;

/// A filter that is applied to a value.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    /// Converts to JSON: text to a string literal, JSON as sent, missing values to `null`.
    Json,
    /// The value's HMAC.
    Default(Box<str>),
    /// The value's HMAC.
    Hmac { hash: Hash, secret: SigningSecret, encoding: Encoding },
}

impl Filter {
    /// Returns the filter with this name and arguments; `Err` says what it takes.
    pub(super) fn of(name: &str, arguments: Vec<String>) -> Result<Self, &'static str> {
        const HMAC: &str = "Write `hmac(\"sha256\", \"the secret\", \"hex\")`: sha1, sha256 or \
                            sha512, and hex or base64.";
        match (name, <[String; 3]>::try_from(arguments)) {
            ("json", Err(none)) if none.is_empty() => Ok(Self::Json),
            ("json", _) => Err("`json` takes nothing in parentheses."),
            ("default", Err(one)) if one.len() == 1 => {
                Ok(Self::Default(one.concat().into_boxed_str()))
            }
            ("default", _) => Err("Write `default(\"the text instead\")`."),
            ("hmac", Ok([hash, secret, form])) => {
                let hash = match hash.as_str() {
                    "sha1" => Hash::Sha1,
                    "sha256" => Hash::Sha256,
                    "sha512" => Hash::Sha512,
                    _ => return Err(HMAC),
                };
                let encoding = match form.as_str() {
                    "hex" => Encoding::Hex,
                    "base64" => Encoding::Base64,
                    _ => return Err(HMAC),
                };
                Ok(Self::Hmac { hash, secret: SigningSecret::new(secret), encoding })
            }
            ("hmac", Err(_)) => Err(HMAC),
            _ => Err("The filters are `json`, `default` and `hmac`."),
        }
    }

    /// Applies the filter to a value.
    pub(super) fn apply<'v>(&'v self, value: TemplateValue<'v>) -> TemplateValue<'v> {
        match self {
            Self::Json => TemplateValue::Json(match value {
                TemplateValue::Missing => Cow::Borrowed("null"),
                TemplateValue::Json(json) => json,
                TemplateValue::Text(bytes) => {
                    Cow::Owned(serde_json::Value::from(String::from_utf8_lossy(&bytes)).to_string())
                }
            }),
            Self::Default(text) => match value {
                TemplateValue::Missing => TemplateValue::Text(Cow::Borrowed(text.as_bytes())),
                TemplateValue::Text(bytes) if bytes.is_empty() => {
                    TemplateValue::Text(Cow::Borrowed(text.as_bytes()))
                }
                TemplateValue::Json(json) if json == "null" => {
                    TemplateValue::Text(Cow::Borrowed(text.as_bytes()))
                }
                value => value,
            },
            Self::Hmac { hash, secret, encoding } => {
                let made = hmac(*hash, *encoding, secret.reveal().as_bytes(), value.bytes());
                TemplateValue::Text(Cow::Owned(made.into_bytes()))
            }
        }
    }
}
