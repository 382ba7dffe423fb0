//! Near misses of a scheme.

use super::super::scheme::{Encoding, Hash, Method, Scheme};

/// Returns the scheme with another hash or encoding.
pub(super) fn other_forms(scheme: &Scheme) -> Vec<(Scheme, String)> {
    let mut forms = Vec::new();
    let names = |encoding| match encoding {
        Encoding::Hex => "hex digits",
        Encoding::Base64 => "base64",
    };
    let hash_name = |hash| match hash {
        Hash::Sha1 => "SHA-1",
        Hash::Sha256 => "SHA-256",
        Hash::Sha512 => "SHA-512",
    };
    let own_hash = match scheme.method {
        Method::Hmac(hash) | Method::Digest(hash) => hash,
        _ => return forms,
    };
    for encoding in [Encoding::Hex, Encoding::Base64] {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
            let method = match scheme.method {
                Method::Digest(_) => Method::Digest(hash),
                _ => Method::Hmac(hash),
            };
            let mut wrong = Vec::new();
            if encoding != scheme.encoding {
                wrong.push(format!(
                    "written in {} instead of {}",
                    names(encoding),
                    names(scheme.encoding)
                ));
            }
            if hash != own_hash {
                wrong.push(format!(
                    "made with {} instead of {}",
                    hash_name(hash),
                    hash_name(own_hash)
                ));
            }
            if !wrong.is_empty() {
                let hint = format!(
                    "The signature is right but for one thing: it is {}. Let the sender change \
                     that.",
                    wrong.join(" and ")
                );
                forms.push((Scheme { method, encoding, ..*scheme }, hint));
            }
        }
    }
    forms
}

/// Returns the scheme with another signed content.
pub(super) fn other_templates(scheme: &Scheme) -> Vec<(Scheme, String)> {
    let mut templates = Vec::new();
    let others = [
        ("{body}", "the body alone"),
        ("{timestamp}.{body}", "timestamp, a dot and body"),
        ("{timestamp}{body}", "timestamp and body without anything between them"),
        ("{timestamp}:{body}", "timestamp, a colon and body"),
        ("{url}", "the URL alone"),
        ("{body}{url}", "body and URL, in that order"),
        ("{body}{timestamp}", "body and timestamp, in that order"),
    ];
    if scheme.signs_params() {
        let hint = "The sender signs the URL alone; the parameters of its form have to be signed \
                    with it, names and values, sorted.";
        templates.push((Scheme { signed: "{url}", ..*scheme }, hint.to_owned()));
    }
    let has = |part: &str| scheme.signed.contains(part);
    for (signed, what) in others {
        let fits = signed != scheme.signed
            && has("{body}")
            && (!signed.contains("{timestamp}") || has("{timestamp}"))
            && (!signed.contains("{url}") || has("{url}"));
        if fits {
            let hint = format!("The sender signs {what}; it must sign `{}`.", scheme.signed);
            templates.push((Scheme { signed, ..*scheme }, hint));
        }
    }
    templates
}
