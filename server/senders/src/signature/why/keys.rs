//! Keys derived from a secret by mistake.

use base64::Engine as _;

use super::super::{
    scheme::{KeyForm, Scheme},
    secret::{BASE64, VerifyingKey, unhex},
};

/// Returns keys that may be derived from the secret by mistake, with a hint for each.
pub(super) fn other_keys(scheme: &Scheme, secret: &str) -> Vec<(Vec<u8>, String)> {
    let mut keys = Vec::new();
    let mut add = |key: Option<Vec<u8>>, hint: &str| {
        keys.extend(key.map(|key| (key, hint.to_owned())));
    };
    let key_of = |text: &str| match VerifyingKey::of(scheme, text) {
        Ok(VerifyingKey::Shared(bytes)) => Some(bytes.to_vec()),
        _ => None,
    };
    let trimmed = secret.trim();
    if trimmed != secret {
        add(
            key_of(trimmed),
            "The secret set here has white space around it; without that the signature matches. \
             Delete it and paste it without.",
        );
    }
    let unquoted = trimmed.trim_matches(|c| matches!(c, '"' | '\'' | '`'));
    if unquoted != trimmed {
        add(
            key_of(unquoted),
            "The secret set here is in quotation marks; without them the signature matches. \
             Delete it and paste it without.",
        );
    }
    if trimmed == secret {
        add(
            key_of(&format!("{secret}\n")),
            "The sender's secret ends with a line break, as one read from a file does: let the \
             sender trim it.",
        );
    }
    for prefix in ["whsec_", "whsk_", "sk_"] {
        let without = trimmed.strip_prefix(prefix);
        match scheme.key {
            KeyForm::Text => {
                add(
                    without.map(|text| text.as_bytes().to_vec()),
                    &format!(
                        "The sender leaves `{prefix}` out of the key: let it sign with the whole \
                         secret."
                    ),
                );
                if without.is_none() {
                    add(
                        Some(format!("{prefix}{trimmed}").into_bytes()),
                        &format!(
                            "The secret set here lacks its `{prefix}`; with it the signature \
                             matches. Add it as its sender shows it."
                        ),
                    );
                }
            }
            KeyForm::Base64 { .. } => {
                add(
                    without.map(|text| text.as_bytes().to_vec()),
                    &format!(
                        "The sender signs with the text after `{prefix}` as it stands: let it \
                         decode that from base64 first."
                    ),
                );
            }
            _ => {}
        }
    }
    if scheme.key == KeyForm::Text {
        let bare = trimmed.strip_prefix("whsec_").unwrap_or(trimmed);
        add(
            BASE64.decode(bare).ok(),
            "The sender decodes the secret from base64: let it sign with the secret's text as it \
             stands.",
        );
        add(
            unhex(bare),
            "The sender decodes the secret from hex digits: let it sign with the secret's text as \
             it stands.",
        );
    } else {
        let how = if scheme.key == KeyForm::Hex { "hex digits" } else { "base64" };
        add(
            Some(trimmed.as_bytes().to_vec()),
            &format!(
                "The sender signs with the secret's text as it stands: let it decode the secret \
                 from {how} first."
            ),
        );
    }
    keys
}
