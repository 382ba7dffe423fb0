//! The security headers of pages and API. Those of capture URLs are in `respond::response`.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use hookglass_store::slug::Slug;

use super::origin::Origin;

const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Adds the security headers of the API, including a policy that allows nothing.
pub(crate) async fn api(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    bare(response.headers_mut());
    response
}

/// Adds the security headers of a response that loads nothing.
pub(crate) fn bare(headers: &mut HeaderMap) {
    common(headers);
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"));
}

/// Adds the security headers of a page. The policy does not allow a bare `'self'`, which would
/// include capture paths. The page of an endpoint may send to that endpoint only. Images also come
/// from the API, which serves only real images; an HTML preview, whose frame inherits the policy,
/// may have its own as `data:`.
pub(crate) fn page(headers: &mut HeaderMap, origin: &Origin, nonce: &str, own: Option<&Slug>) {
    common(headers);
    // Elsewhere browsers ignore it, with a warning on the console of each page.
    if origin.is_trustworthy() {
        headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    }
    let (api, assets) = (origin.csp_sources("/api/"), origin.csp_sources("/assets/"));
    let pages = origin.csp_sources("/inspect/");
    let own = own.map(|own| origin.csp_sources(&format!("/{own}"))).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; \
         script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         connect-src {api} {assets} {own}; img-src {api} {assets} data:; style-src {assets}; font-src {assets}; \
         form-action {api} {pages}"
    );
    // The host was validated when it was parsed, and the nonce is base64.
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Keeps search engines from indexing a page.
pub(crate) fn no_index(headers: &mut HeaderMap) {
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
}

fn common(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Hosts that senders name must not be resolved ahead of time.
    headers.insert(header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
}
