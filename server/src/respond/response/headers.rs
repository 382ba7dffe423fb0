//! Which headers an owner may set on responses. Pages and captures share an origin: headers that
//! make a browser store or load something for that origin are never sent.

use hookglass_wire as wire;
use hyper::header::{HeaderName, HeaderValue};

/// The names of one kind. An asterisk stands for any start or end of a name: proxies and browsers
/// learn new names faster than a list could follow.
struct HeaderKind {
    names: &'static [&'static str],
    /// Why responses may not have them, as a phrase after the name.
    why: &'static str,
}

const KINDS: [HeaderKind; 5] = [
    HeaderKind {
        names: &["access-control-*"],
        why: "is set by Hookglass, which lets pages of any origin read answers",
    },
    HeaderKind {
        names: &[
            "cache-control",
            "content-security-policy*",
            "hookglass-*",
            "x-content-security-policy*",
            "x-content-type-options",
            "x-robots-tag",
            "x-webkit-csp*",
        ],
        why: "is set by Hookglass on each answer",
    },
    // RFC 9110 §7.6.1, RFC 9112 §6.
    HeaderKind {
        names: &[
            "connection",
            "content-length",
            "http2-settings",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ],
        why: "belongs to the connection, and Hookglass sets it where it is due",
    },
    // Headers that proxies and caches act on: they store a response, serve a file in its place, or
    // mark the server as failing.
    HeaderKind {
        names: &[
            "*-cache-control",
            "*-cache-tag",
            "*-cache-tags",
            "cache-tag",
            "cache-tags",
            "edge-control",
            "surrogate-*",
            "x-accel-*",
            "x-archive-files",
            "x-envoy-*",
            "x-lighttpd-*",
            "x-litespeed-*",
            "x-lscache*",
            "x-reproxy-*",
            "x-sendfile*",
            "xkey",
        ],
        why: "would be followed by a proxy in front of Hookglass",
    },
    // Headers that browsers store for a whole origin, or act on beyond the response.
    HeaderKind {
        names: &[
            "accept-ch*",
            "activate-storage-access",
            "ad-auction-*",
            "alt-svc",
            "attribution-reporting-*",
            "clear-site-data",
            "critical-*",
            "expect-ct",
            "idp-*",
            "nel",
            "observe-browsing-topics",
            "origin-agent-cluster",
            "origin-trial",
            "public-key-pins*",
            "refresh",
            "report-to",
            "reporting-endpoints",
            "sec-*",
            "secure-session-*",
            "service-worker-*",
            "set-cookie*",
            "set-login",
            "shared-storage-*",
            "speculation-rules",
            "strict-transport-security",
            "supports-loading-mode",
            "use-as-dictionary",
            "x-allow-fledge",
        ],
        why: "would make browsers remember or load something for all of Hookglass",
    },
];

/// Why a response may not have a header, as a phrase after its name.
pub(crate) fn refused(name: &HeaderName) -> Option<&'static str> {
    let fits = |pattern: &str| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.as_str().ends_with(end),
        (None, Some(start)) => name.as_str().starts_with(start),
        (None, None) => name.as_str() == pattern,
    };
    let kind = KINDS.iter().find(|kind| kind.names.iter().any(|pattern| fits(pattern)))?;
    Some(kind.why)
}

/// Removes headers that an earlier version allowed.
pub(crate) fn take_out_refused(set: &mut wire::Answering) {
    let steps = set.programme.iter_mut().flat_map(|programme| &mut programme.steps);
    let replies = set.rules.iter_mut().map(|rule| &mut rule.reply);
    for reply in replies.chain(steps.map(|step| &mut step.reply)).chain([&mut set.reply]) {
        reply
            .headers
            .retain(|(text, _)| name(text.trim()).is_none_or(|name| refused(&name).is_none()));
    }
}

/// Parses a header name.
pub(crate) fn name(text: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(text.as_bytes()).ok()
}

/// Parses a header value: no control characters except tabs (RFC 9110 §5.5).
pub(crate) fn value(bytes: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(bytes.trim_ascii()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each name and pattern of the filter, spelled out here: a header that is removed from the
    /// filter fails this test.
    #[test]
    fn what_others_act_on_is_refused_whatever_its_case() {
        let forbidden = "Access-Control-Allow-Credentials Access-Control-Allow-Origin \
            Access-Control-Anything-New Cache-Control Content-Security-Policy \
            Content-Security-Policy-Report-Only Content-Security-Policy-New Hookglass-Seq \
            Hookglass-Raw Hookglass-Anything X-Content-Security-Policy \
            X-Content-Security-Policy-Report-Only X-Content-Type-Options X-Robots-Tag \
            X-WebKit-CSP X-WebKit-CSP-Report-Only Connection Content-Length HTTP2-Settings \
            Keep-Alive Proxy-Authenticate Proxy-Authentication-Info Proxy-Connection TE \
            Trailer Transfer-Encoding Upgrade CDN-Cache-Control \
            Cloudflare-CDN-Cache-Control Netlify-CDN-Cache-Control \
            Vercel-CDN-Cache-Control Targeted-Cache-Control X-LiteSpeed-Cache-Control \
            Cache-Tag Cache-Tags Edge-Cache-Tag Netlify-Cache-Tag X-Cache-Tags \
            X-Drupal-Cache-Tags Edge-Control Surrogate-Control Surrogate-Key \
            Surrogate-Anything X-Accel-Redirect X-Accel-Buffering X-Accel-Anything \
            X-Archive-Files X-Envoy-Immediate-Health-Check-Fail X-Envoy-Anything \
            X-LIGHTTPD-send-file X-LIGHTTPD-send-tempfile X-LiteSpeed-Location \
            X-LiteSpeed-Purge X-LiteSpeed-Tag X-LSCache X-LSCACHE-Control X-Reproxy-URL \
            X-Reproxy-Anything X-Sendfile X-Sendfile2 X-Sendfile-Temporary xkey Accept-CH \
            Accept-CH-Lifetime Activate-Storage-Access Ad-Auction-Signals \
            Ad-Auction-Allowed Ad-Auction-Anything Alt-Svc \
            Attribution-Reporting-Register-Source Attribution-Reporting-Register-Trigger \
            Attribution-Reporting-Anything Clear-Site-Data Critical-CH \
            Critical-Origin-Trial Expect-CT IdP-SignIn-Status NEL Observe-Browsing-Topics \
            Origin-Agent-Cluster Origin-Trial Public-Key-Pins Public-Key-Pins-Report-Only \
            Refresh Report-To Reporting-Endpoints Sec-Session-Registration \
            Sec-Session-Challenge Sec-Private-State-Token Sec-Anything \
            Secure-Session-Registration Secure-Session-Challenge Secure-Session-Skipped \
            Secure-Session-Anything Service-Worker-Allowed Service-Worker-Anything \
            Set-Cookie Set-Cookie2 Set-Login Shared-Storage-Write Shared-Storage-Anything \
            Speculation-Rules Strict-Transport-Security Supports-Loading-Mode \
            Use-As-Dictionary X-Allow-FLEDGE";
        for forbidden in forbidden.split_ascii_whitespace() {
            let why = refused(&name(forbidden).unwrap());
            assert!(why.is_some(), "{forbidden}");
        }
        let allowed = "Content-Type Location WWW-Authenticate Content-Disposition Retry-After Link \
            Vary ETag Last-Modified Expires Age X-Cache X-Request-Id X-RateLimit-Limit \
            X-Hook-Secret WebHook-Allowed-Origin Server-Timing Warning Cache-Status \
            Proxy-Status Accept Allow Accept-Ranges Content-Encoding Content-Language \
            Deprecation Sunset DPoP-Nonce Settings Xkeys";
        for allowed in allowed.split_ascii_whitespace() {
            assert_eq!(refused(&name(allowed).unwrap()), None, "{allowed}");
        }
    }

    #[test]
    fn what_was_allowed_once_is_taken_out() {
        let fields = [("X-Fine", "1"), (" Edge-Cache-Tag ", "2"), ("no name", "3")];
        let headers = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let reply = wire::Reply { headers: headers.to_vec(), ..wire::Reply::default() };
        let step = wire::Step { reply: reply.clone(), ..wire::Step::default() };
        let mut set = wire::Answering {
            rules: vec![wire::Rule { reply: reply.clone(), ..wire::Rule::default() }],
            programme: Some(wire::Programme { steps: vec![step], ..wire::Programme::default() }),
            reply,
            ..wire::Answering::default()
        };
        take_out_refused(&mut set);
        let programme = set.programme.unwrap();
        for reply in [&set.reply, &set.rules[0].reply, &programme.steps[0].reply] {
            let names: Vec<_> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["X-Fine", "no name"]);
        }
    }

    #[test]
    fn values_break_no_line() {
        assert!(value(b"a\r\nset-cookie: b").is_none());
        assert!(value(b"a\0").is_none());
        assert_eq!(value(" \u{e4} ".as_bytes()).unwrap().as_bytes(), "\u{e4}".as_bytes());
    }
}
