//! The browser half and the files of `public`, as embedded by the build script. Knows nothing of
//! the pages that load them.

use std::cmp::Reverse;

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hookglass_app::shell;

// `ASSETS` and `BROWSER_HALF`, written by server/build/embed.rs.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// For files with a content hash in their name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For files with a fixed name: browsers revalidate each time, and mostly get a 304.
const REVALIDATED: &str = "public, no-cache";

/// Crawlers may index the start page; endpoints and their requests are private.
const ROBOTS: &str = "User-agent: *\nAllow: /$\nDisallow: /\n";

/// The candidates for `/favicon.ico`, in order of preference: browsers go by the media type.
const ICONS: [&str; 2] = ["favicon.ico", "favicon.svg"];

/// An embedded file.
struct Asset {
    /// The name below `/assets/`.
    name: &'static str,
    /// The first digits of the file's SHA-256.
    hash: &'static str,
    content_type: &'static str,
    identity: &'static [u8],
    /// `None` if it is not smaller than the file itself; `gzip` likewise.
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The file names of the browser half below `/assets/`.
struct BrowserHalf {
    script: &'static str,
    wasm: &'static str,
    style: &'static str,
}

/// The content codings of embedded assets, best first (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AssetCoding {
    Brotli,
    Gzip,
    Identity,
}

/// `/assets/…` and the two files that are expected at the root.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{*name}", get(asset))
        .route("/favicon.ico", get(favicon))
        .route("/robots.txt", get(robots))
}

/// The paths of the browser half; `None` if the server was built without it.
pub(crate) fn paths() -> Option<shell::Assets> {
    let path = |name| format!("/assets/{name}");
    BROWSER_HALF.as_ref().map(|half| shell::Assets {
        script: path(half.script),
        wasm: path(half.wasm),
        style: path(half.style),
    })
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match find(&name) {
        Some(asset) => answer(asset, &headers),
        None => not_found(),
    }
}

async fn favicon(headers: HeaderMap) -> Response {
    match ICONS.into_iter().find_map(find) {
        Some(icon) => answer(icon, &headers),
        None => not_found(),
    }
}

async fn robots() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], ROBOTS)
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Also the response to pages of an older version that load their browser half late.
fn not_found() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, headers, "There is no such file. Reload the page.\n").into_response()
}

/// Responds with the best form of the asset, or with 304.
fn answer(asset: &Asset, headers: &HeaderMap) -> Response {
    let vary = (header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let accepted = accepted(headers);
    let forms = [
        (AssetCoding::Brotli, asset.brotli),
        (AssetCoding::Gzip, asset.gzip),
        (AssetCoding::Identity, Some(asset.identity)),
    ];
    // Among equals, the first one is the smallest.
    let chosen = forms
        .into_iter()
        .filter_map(|(coding, bytes)| Some((coding, bytes?, weight(&accepted, coding))))
        .filter(|(_, _, weight)| *weight > 0)
        .min_by_key(|(_, _, weight)| Reverse(*weight));
    let Some((coding, bytes, _)) = chosen else {
        let detail = "Accept-Encoding refuses br, gzip and identity; allow one of them.\n";
        return (StatusCode::NOT_ACCEPTABLE, [vary], detail).into_response();
    };

    // Another coding is another sequence of bytes and needs another strong tag.
    let tag = match coding {
        AssetCoding::Brotli => format!("\"{}-br\"", asset.hash),
        AssetCoding::Gzip => format!("\"{}-gzip\"", asset.hash),
        AssetCoding::Identity => format!("\"{}\"", asset.hash),
    };
    let lasting = if asset.name.starts_with(asset.hash) { FOR_EVER } else { REVALIDATED };
    let common = [
        vary,
        (header::CACHE_CONTROL, HeaderValue::from_static(lasting)),
        value(header::ETAG, &tag),
    ];
    if has_already(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }

    let content = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        value(header::CONTENT_TYPE, asset.content_type),
        value(header::CONTENT_LENGTH, &bytes.len().to_string()),
    ];
    let mut response = (common, content, Body::from(bytes)).into_response();
    let encoding = match coding {
        AssetCoding::Brotli => "br",
        AssetCoding::Gzip => "gzip",
        AssetCoding::Identity => return response,
    };
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    response
}

fn value(name: HeaderName, text: &str) -> (HeaderName, HeaderValue) {
    (name, HeaderValue::from_str(text).expect("hashes, numbers and media types are visible ASCII"))
}

/// `If-None-Match` by weak comparison (RFC 9110 §13.1.2). Our tags contain no comma.
fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    lists(headers, header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Returns the codings of `Accept-Encoding` with weights in thousandths (RFC 9110 §12.5.3). Entries
/// that do not parse are left out, and so not accepted.
fn accepted(headers: &HeaderMap) -> Vec<(&str, u16)> {
    lists(headers, header::ACCEPT_ENCODING)
        .filter_map(|item| match item.split_once(';') {
            None => Some((item, 1000)),
            Some((coding, parameter)) => {
                let (name, weight) = parameter.split_once('=')?;
                let is_weight = name.trim().eq_ignore_ascii_case("q");
                is_weight.then_some((coding.trim_end(), thousandths(weight.trim())?))
            }
        })
        .collect()
}

/// Returns the members of a list header, from all its lines; skips lines that are not ASCII.
fn lists(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|member| !member.is_empty())
}

/// Parses a weight such as `0.25`: at most one, at most three decimals.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    match whole {
        "0" => format!("{decimals:0<3}").parse().ok(),
        "1" if decimals.bytes().all(|digit| digit == b'0') => Some(1000),
        _ => None,
    }
}

/// The weight of a coding, 0 if it is not accepted.
fn weight(accepted: &[(&str, u16)], coding: AssetCoding) -> u16 {
    let names: &[&str] = match coding {
        AssetCoding::Brotli => &["br"],
        AssetCoding::Gzip => &["gzip", "x-gzip"],
        AssetCoding::Identity => &["identity"],
    };
    let of = |name: &str| {
        accepted
            .iter()
            .find(|(named, _)| named.eq_ignore_ascii_case(name))
            .map(|(_, weight)| *weight)
    };
    names.iter().find_map(|name| of(name)).or_else(|| of("*")).unwrap_or(match coding {
        // Acceptable unless excluded, but anything listed is better.
        AssetCoding::Identity => 1,
        AssetCoding::Brotli | AssetCoding::Gzip => 0,
    })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    const ASSET: Asset = Asset {
        name: "0123456789abcdef.js",
        hash: "0123456789abcdef",
        content_type: "text/javascript; charset=utf-8",
        identity: b"identity",
        brotli: Some(b"br"),
        gzip: Some(b"gzip"),
    };

    fn ask(asset: &Asset, fields: &[(HeaderName, &str)]) -> Response {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value.parse().unwrap());
        }
        answer(asset, &headers)
    }

    fn field(response: &Response, name: HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// The coding of the response, or its status.
    fn coding(accept: &str) -> String {
        let response = ask(&ASSET, &[(header::ACCEPT_ENCODING, accept)]);
        match response.status() {
            StatusCode::OK => {
                field(&response, header::CONTENT_ENCODING).unwrap_or("identity").to_owned()
            }
            status => status.as_str().to_owned(),
        }
    }

    #[test]
    fn the_best_accepted_coding_is_served() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate", "gzip"),
            ("X-GZIP", "gzip"),
            ("BR", "br"),
            ("deflate", "identity"),
            ("", "identity"),
            ("*", "br"),
            ("br;q=0, *", "gzip"),
            ("br;q=0.2, gzip ; Q=0.8", "gzip"),
            ("br;q=0.001, identity;q=0.5", "identity"),
            ("br;q=0.001", "br"),
            ("br;q=0, gzip;q=0.000", "identity"),
            ("br;q=1.0, gzip;q=1.000", "br"),
            ("br;q=2, gzip;q=0.1234", "identity"),
            ("br;level=4", "identity"),
            ("identity;q=0, deflate", "406"),
            ("*;q=0", "406"),
            ("*;q=0, gzip", "gzip"),
            ("*;q=0, identity", "identity"),
        ] {
            assert_eq!(coding(accept), expected, "Accept-Encoding: {accept}");
        }
    }

    #[test]
    fn several_lines_of_a_list_count_as_one() {
        let lines = [(header::ACCEPT_ENCODING, "deflate"), (header::ACCEPT_ENCODING, "gzip")];
        assert_eq!(field(&ask(&ASSET, &lines), header::CONTENT_ENCODING), Some("gzip"));
    }

    #[test]
    fn a_form_that_does_not_exist_is_not_chosen() {
        let incompressible = Asset { brotli: None, gzip: None, ..ASSET };
        let response = ask(&incompressible, &[(header::ACCEPT_ENCODING, "br, gzip")]);
        assert_eq!(field(&response, header::CONTENT_ENCODING), None);
        assert_eq!(field(&response, header::CONTENT_LENGTH), Some("8"));
    }

    #[test]
    fn a_hashed_name_is_cached_for_ever_and_another_is_asked_for() {
        assert_eq!(field(&ask(&ASSET, &[]), header::CACHE_CONTROL), Some(FOR_EVER));
        let named = Asset { name: "favicon.svg", ..ASSET };
        assert_eq!(field(&ask(&named, &[]), header::CACHE_CONTROL), Some(REVALIDATED));
    }

    #[test]
    fn each_form_has_its_own_tag_and_a_known_one_is_not_sent_again() {
        let fresh = ask(&ASSET, &[(header::ACCEPT_ENCODING, "br")]);
        assert_eq!(field(&fresh, header::ETAG), Some("\"0123456789abcdef-br\""));
        assert_eq!(field(&fresh, header::CONTENT_TYPE), Some(ASSET.content_type));
        assert_eq!(field(&fresh, header::CONTENT_LENGTH), Some("2"));

        for (known, status) in [
            ("\"0123456789abcdef-br\"", StatusCode::NOT_MODIFIED),
            ("\"other\", W/\"0123456789abcdef-br\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"0123456789abcdef\"", StatusCode::OK),
        ] {
            let fields = [(header::ACCEPT_ENCODING, "br"), (header::IF_NONE_MATCH, known)];
            let response = ask(&ASSET, &fields);
            assert_eq!(response.status(), status, "If-None-Match: {known}");
            assert_eq!(field(&response, header::VARY), Some("Accept-Encoding"));
            assert_eq!(field(&response, header::ETAG), Some("\"0123456789abcdef-br\""));
        }
    }

    async fn status(method: &str, path: &str) -> StatusCode {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        routes::<()>().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn what_is_embedded_is_served_and_nothing_else() {
        assert_eq!(status("GET", "/robots.txt").await, StatusCode::OK);
        assert_eq!(status("GET", "/assets/0000000000000000.js").await, StatusCode::NOT_FOUND);
        assert_eq!(status("GET", "/assets/../Cargo.toml").await, StatusCode::NOT_FOUND);
        for asset in ASSETS {
            let path = format!("/assets/{}", asset.name);
            assert_eq!(status("GET", &path).await, StatusCode::OK);
            assert_eq!(status("HEAD", &path).await, StatusCode::OK);
            assert_eq!(status("POST", &path).await, StatusCode::METHOD_NOT_ALLOWED);
        }
    }

    #[test]
    fn the_browser_half_is_embedded_unless_it_was_turned_off() {
        let paths = paths();
        assert_eq!(paths.is_some(), cfg!(feature = "ui"));
        for path in paths.into_iter().flat_map(|paths| [paths.script, paths.wasm, paths.style]) {
            let asset = path.strip_prefix("/assets/").and_then(find).unwrap();
            assert!(asset.brotli.is_some(), "{path} is compressed");
            let text = String::from_utf8_lossy(asset.identity);
            assert!(!text.contains("import.meta.url"), "{path} finds the WebAssembly on its own");
        }
    }
}
