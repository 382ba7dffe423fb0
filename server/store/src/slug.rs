//! The names of endpoints in URLs. Independent of their storage.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// First path segments that no endpoint may have, so that later routes do not collide.
const RESERVED: [&str; 50] = [
    "inspect",
    "api",
    "assets",
    "healthz",
    "readyz",
    "metrics",
    "health",
    "livez",
    "ready",
    "version",
    "new",
    "smee",
    "token",
    "events",
    "replay",
    "session",
    "share",
    "claim",
    "wait",
    "relay",
    "mcp",
    "openapi",
    "docs",
    "help",
    "login",
    "logout",
    "settings",
    "admin",
    "account",
    "workspace",
    "status",
    "about",
    "terms",
    "privacy",
    "abuse",
    "static",
    "public",
    "app",
    "www",
    "bins",
    "socket",
    "hook",
    "hooks",
    "in",
    "sw",
    "favicon",
    "robots",
    "sitemap",
    "well-known",
    "socket.io",
];

/// Names that were reserved when endpoints already existed: endpoints that have one keep it.
const RESERVED_LATER: [&str; 1] = ["problems"];

/// The length of a UUID in its hyphenated form.
const UUID_BYTES: usize = 36;

/// The name of an endpoint in its URL: a UUID v4 in lower case, or a chosen slug.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

/// Why a text is not a name for an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// A character or the length is not allowed.
    #[error(
        "a slug has 3 to 63 characters of a-z, 0-9, - and _, and begins with a letter or a digit"
    )]
    Form,
    /// It is reserved for Hookglass's routes.
    #[error("this name is reserved; choose another")]
    Reserved,
    /// It looks like a name that Hookglass generates.
    #[error("a slug may not look like a UUID; leave it out to get a random one")]
    Uuid,
}

impl Slug {
    /// Generates a random name.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4().to_string())
    }

    /// Returns the name that the first segment of a request's path addresses, if it is valid. The
    /// segment is never percent-decoded; a UUID may be in any case.
    #[must_use]
    pub fn from_segment(segment: &str) -> Option<Self> {
        if let Some(uuid) = uuid(segment) {
            return (uuid.get_version_num() == 4).then(|| Self(uuid.to_string()));
        }
        if RESERVED_LATER.contains(&segment) {
            return Some(Self(segment.to_owned()));
        }
        segment.parse().ok()
    }

    /// Whether it looks like a name that Hookglass generates.
    #[must_use]
    pub fn is_uuid(&self) -> bool {
        uuid(&self.0).is_some()
    }

    /// Returns the name as it appears in URLs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    /// Parses a user-chosen slug.
    fn from_str(text: &str) -> Result<Self, SlugError> {
        if uuid(text).is_some() {
            return Err(SlugError::Uuid);
        }
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let goes_on =
            bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if RESERVED.contains(&text) || RESERVED_LATER.contains(&text) {
            return Err(SlugError::Reserved);
        }
        if !starts || !goes_on || !(3..=63).contains(&text.len()) {
            return Err(SlugError::Form);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses a hyphenated UUID in any case.
fn uuid(text: &str) -> Option<Uuid> {
    if text.len() != UUID_BYTES {
        return None;
    }
    Uuid::try_parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_in_any_case_addresses_the_lower_case_name() {
        let slug = Slug::from_segment("4F1C6C0E-8A43-4A0B-9C58-0D6E21B5B0AA").unwrap();
        assert_eq!(slug.as_str(), "4f1c6c0e-8a43-4a0b-9c58-0d6e21b5b0aa");
    }

    #[test]
    fn only_version_4_uuids_address_endpoints() {
        assert_eq!(Slug::from_segment("4f1c6c0e-8a43-1a0b-9c58-0d6e21b5b0aa"), None);
    }

    #[test]
    fn chosen_slugs_keep_to_the_form() {
        for good in ["abc", "0rders", "a-b_c", &"a".repeat(63)] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["ab", "", "-abc", "_abc", "Abc", "a.b.c", "a%20b", "äbc", &"a".repeat(64)] {
            assert_eq!(bad.parse::<Slug>(), Err(SlugError::Form), "{bad}");
        }
        assert_eq!("4f1c6c0e-8a43-4a0b-9c58-0d6e21b5b0aa".parse::<Slug>(), Err(SlugError::Uuid));
    }

    #[test]
    fn reserved_names_are_refused_and_never_addressed() {
        for reserved in RESERVED {
            assert_eq!(reserved.parse::<Slug>(), Err(SlugError::Reserved), "{reserved}");
            assert_eq!(Slug::from_segment(reserved), None);
        }
    }

    #[test]
    fn a_name_that_was_reserved_later_is_given_to_nobody_but_still_addressed() {
        assert_eq!("problems".parse::<Slug>(), Err(SlugError::Reserved));
        assert_eq!(Slug::from_segment("problems").unwrap().as_str(), "problems");
    }
}
