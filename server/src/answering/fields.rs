//! Which fields an owner may set on answers. Pages and captures share an origin: what would make a
//! browser remember or load something for it is never sent.

use hyper::header::{HeaderName, HeaderValue};

/// What is ours on every answer.
const OURS: [&str; 6] = [
    "cache-control",
    "content-security-policy",
    "content-security-policy-report-only",
    "hookglass-seq",
    "x-content-type-options",
    "x-robots-tag",
];
/// What only concerns the connection, or how the answer is framed (RFC 9110 §7.6.1, RFC 9112 §6).
const OF_CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// What browsers keep for a whole origin, or act on beyond the answer.
const OF_ORIGIN: [&str; 18] = [
    "accept-ch",
    "alt-svc",
    "clear-site-data",
    "critical-ch",
    "expect-ct",
    "nel",
    "public-key-pins",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "set-cookie",
    "set-cookie2",
    "set-login",
    "shared-storage-write",
    "speculation-rules",
    "strict-transport-security",
    "use-as-dictionary",
];

/// What proxies and caches in front act on.
const OF_PROXIES: [&str; 8] = [
    "cdn-cache-control",
    "edge-control",
    "surrogate-control",
    "x-lighttpd-send-file",
    "x-litespeed-location",
    "x-reproxy-url",
    "x-sendfile",
    "x-sendfile2",
];

/// Why an answer may not have a field, in words that follow its name.
pub(super) fn refused(name: &HeaderName) -> Option<&'static str> {
    let name = name.as_str();
    if name.starts_with("access-control-") {
        return Some("is set by Hookglass, which lets pages of any origin read answers");
    }
    if OURS.contains(&name) {
        return Some("is set by Hookglass on each answer");
    }
    if OF_CONNECTION.contains(&name) {
        return Some("belongs to the connection, and Hookglass sets it where it is due");
    }
    if name.starts_with("x-accel-") || OF_PROXIES.contains(&name) {
        return Some("would be followed by a proxy in front of Hookglass");
    }
    let is_of_origin = OF_ORIGIN.contains(&name)
        // Sessions that a browser binds to its device.
        || name.starts_with("secure-session-")
        || name.starts_with("sec-session-");
    is_of_origin.then_some("would make browsers remember or load something for all of Hookglass")
}

/// A name as it may stand in a head.
pub(super) fn name(text: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(text.as_bytes()).ok()
}

/// A value as it may stand in a head: no controls but tabs (RFC 9110 §5.5).
pub(super) fn value(bytes: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(bytes.trim_ascii()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_design_forbids_is_refused_whatever_its_case() {
        for forbidden in [
            "Set-Cookie",
            "Clear-Site-Data",
            "Strict-Transport-Security",
            "Service-Worker-Allowed",
            "NEL",
            "Report-To",
            "Reporting-Endpoints",
            "Alt-Svc",
            "Set-Login",
            "Accept-CH",
            "Critical-CH",
            "Speculation-Rules",
            "Refresh",
            "X-Accel-Redirect",
            "X-Accel-Buffering",
            "X-Sendfile",
            "CDN-Cache-Control",
            "X-Reproxy-URL",
            "Use-As-Dictionary",
            "Connection",
            "Keep-Alive",
            "Transfer-Encoding",
            "Content-Length",
            "Upgrade",
            "Trailer",
            "TE",
            "Content-Security-Policy",
            "Content-Security-Policy-Report-Only",
            "Access-Control-Allow-Credentials",
            "Access-Control-Allow-Origin",
        ] {
            assert!(refused(&name(forbidden).unwrap()).is_some(), "{forbidden}");
        }
        for allowed in
            ["Content-Type", "Location", "WWW-Authenticate", "Content-Disposition", "Retry-After"]
        {
            assert_eq!(refused(&name(allowed).unwrap()), None, "{allowed}");
        }
    }

    #[test]
    fn values_break_no_line() {
        assert!(value(b"a\r\nset-cookie: b").is_none());
        assert!(value(b"a\0").is_none());
        assert_eq!(value(" \u{e4} ".as_bytes()).unwrap().as_bytes(), "\u{e4}".as_bytes());
    }
}
