//! The caller: its key, the workspace that the key opens, and whether a browser proves that one of
//! our own pages made the request.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
};
use headers::{Authorization, HeaderMapExt as _, authorization::Bearer};
use hookglass_limits::address::Address;
use hookglass_listener::Peer;
use hookglass_store::{Store, StoredEndpoint, WorkspaceId, key::Key};

use super::{AppState, error::Error, origin::Origin, responses::Payer};

/// How long a browser keeps the cookie: 400 days, the most that browsers allow.
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;
const COOKIE: &str = "hookglass";
/// The same under HTTPS, bound to the host by its prefix (RFC 6265bis §4.1.3.2).
const SECURE_COOKIE: &str = "__Host-hookglass";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH: [HeaderName; 4] = [
    SEC_FETCH_SITE,
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-user"),
];

/// The caller's credential.
#[derive(Debug, Clone)]
enum Credential {
    /// None that counts.
    None,
    /// A bearer token that opens no workspace.
    BadBearer,
    /// A bearer token.
    Bearer(WorkspaceId),
    /// A cookie with this key.
    Cookie(WorkspaceId, Key),
}

/// Where a call comes from, according to the headers that browsers add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestOrigin {
    /// No headers of a browser.
    Program,
    /// One of our own pages.
    SameOrigin,
    /// A person, by typing or a bookmark.
    Direct,
    /// A page of another origin, or that cannot be excluded.
    CrossOrigin,
}

/// The caller, and the origin it uses.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    credential: Credential,
    proof: RequestOrigin,
    pub(crate) origin: Origin,
    /// The client's address, if it stands for one client.
    pub(crate) client: Option<Address>,
}

impl Caller {
    /// The workspace that the caller may use.
    pub(crate) const fn workspace(&self) -> Option<WorkspaceId> {
        match self.credential {
            Credential::Bearer(workspace) | Credential::Cookie(workspace, _) => Some(workspace),
            Credential::None | Credential::BadBearer => None,
        }
    }

    /// Whether the key opens nothing: such a caller never gets a new workspace.
    pub(crate) const fn has_bad_key(&self) -> bool {
        matches!(self.credential, Credential::BadBearer)
    }

    /// The key in the caller's cookie.
    pub(crate) const fn cookie_key(&self) -> Option<&Key> {
        match &self.credential {
            Credential::Cookie(_, key) => Some(key),
            Credential::None | Credential::BadBearer | Credential::Bearer(_) => None,
        }
    }

    /// Whether a cookie may be set: only if one of our own pages asked.
    pub(crate) fn may_get_cookie(&self) -> bool {
        self.proof == RequestOrigin::SameOrigin
    }

    /// Whether the caller is a program, which stores its key itself.
    pub(crate) fn is_program(&self) -> bool {
        self.proof == RequestOrigin::Program
    }

    /// Returns the caller's endpoint with this name, even if it is gone.
    pub(crate) async fn endpoint(
        &self,
        store: &dyn Store,
        id: &str,
    ) -> Result<StoredEndpoint, Error> {
        let workspace = self.workspace().ok_or(Error::NotFound)?;
        let slug = hookglass_store::slug::Slug::from_segment(id).ok_or(Error::NotFound)?;
        let endpoint = store.endpoint(&slug).await?;
        endpoint.filter(|endpoint| endpoint.workspace == workspace).ok_or(Error::NotFound)
    }

    /// The same, but only if the endpoint is active.
    pub(crate) async fn active_endpoint(
        &self,
        store: &dyn Store,
        id: &str,
    ) -> Result<StoredEndpoint, Error> {
        let endpoint = self.endpoint(store, id).await?;
        match endpoint.gone {
            None => Ok(endpoint),
            Some(reason) => Err(Error::Gone(reason)),
        }
    }

    /// Returns the header that sets the cookie to `key`.
    pub(crate) fn cookie(&self, key: &Key) -> Option<HeaderValue> {
        self.set_cookie(key.reveal(), COOKIE_SECONDS)
    }

    /// Returns the header that removes the cookie.
    pub(crate) fn expired_cookie(&self) -> Option<HeaderValue> {
        self.set_cookie("", 0)
    }

    fn set_cookie(&self, value: &str, seconds: u32) -> Option<HeaderValue> {
        let (name, secure) =
            if self.origin.is_https() { (SECURE_COOKIE, "; Secure") } else { (COOKIE, "") };
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    /// Rejects calls with an invalid host, changes that are not proven to come from one of our
    /// pages, and reads by cookie on behalf of other origins' pages.
    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Error> {
        let headers = &parts.headers;
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let forwarded_https = peer.and_then(|peer| app.client_address.https(peer, headers));
        let client = peer.and_then(|peer| app.client_address.counted(peer, headers));
        let public = app.config.public_url.as_ref();
        let origin = Origin::of(&parts.uri, headers, forwarded_https, public).ok_or_else(|| {
            Error::Invalid("The Host header is missing or invalid; send the host's name.".into())
        })?;
        let proof = proof(headers, &origin);
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if !reads && !matches!(proof, RequestOrigin::Program | RequestOrigin::SameOrigin) {
            return Err(Error::CrossOrigin);
        }
        // Some old browsers send neither `Origin` nor `Sec-Fetch-*` with a form.
        if parts.method == Method::POST
            && proof == RequestOrigin::Program
            && needs_no_preflight(headers)
            && has_foreign_referer(headers, &origin)
        {
            return Err(Error::CrossOrigin);
        }
        let credential = credential(headers, &origin, app).await?;
        let is_api = parts.uri.path().starts_with("/api/");
        let by_cookie = matches!(credential, Credential::Cookie(..));
        if is_api && by_cookie && proof == RequestOrigin::CrossOrigin {
            return Err(Error::CrossOrigin);
        }
        let caller = Self { credential, proof, origin, client };
        if let (Some(payer), Some(workspace)) =
            (parts.extensions.get::<Payer>(), caller.workspace())
        {
            payer.set(workspace);
        }
        Ok(caller)
    }
}

fn proof(headers: &HeaderMap, origin: &Origin) -> RequestOrigin {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return match site.as_bytes() {
            b"same-origin" => RequestOrigin::SameOrigin,
            b"none" => RequestOrigin::Direct,
            _ => RequestOrigin::CrossOrigin,
        };
    }
    match headers.get(header::ORIGIN) {
        Some(sent) if sent.to_str().is_ok_and(|sent| origin.is(sent)) => RequestOrigin::SameOrigin,
        Some(_) => RequestOrigin::CrossOrigin,
        None if SEC_FETCH.iter().any(|name| headers.contains_key(name)) => {
            RequestOrigin::CrossOrigin
        }
        None => RequestOrigin::Program,
    }
}

/// Whether a page could have sent a `POST` with these headers without a preflight (WHATWG Fetch
/// §2.2.2).
fn needs_no_preflight(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = content_type.to_str().ok().and_then(|value| value.split(';').next());
    essence.is_none_or(|essence| {
        let simple = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
        simple.iter().any(|simple| essence.trim().eq_ignore_ascii_case(simple))
    })
}

/// Whether `Referer` names a page of another origin.
fn has_foreign_referer(headers: &HeaderMap, origin: &Origin) -> bool {
    headers.get_all(header::REFERER).iter().any(|referer| {
        let sent = referer.to_str().unwrap_or_default();
        let host = sent.find("://").map_or(0, |scheme| scheme + 3);
        let end = sent[host..].find(['/', '?', '#']).map_or(sent.len(), |end| host + end);
        !origin.is(&sent[..end])
    })
}

async fn credential(
    headers: &HeaderMap,
    origin: &Origin,
    app: &AppState,
) -> Result<Credential, Error> {
    if let Some(Authorization(bearer)) = headers.typed_get::<Authorization<Bearer>>() {
        let Ok(key) = bearer.token().parse::<Key>() else { return Ok(Credential::BadBearer) };
        let workspace = app.store.workspace(&key.hash()).await?;
        return Ok(workspace.map_or(Credential::BadBearer, Credential::Bearer));
    }
    for key in cookie_keys(headers, origin) {
        if let Some(workspace) = app.store.workspace(&key.hash()).await? {
            return Ok(Credential::Cookie(workspace, key));
        }
    }
    Ok(Credential::None)
}

/// Returns the keys in our cookie; several if the browser has it for more than one path.
fn cookie_keys(headers: &HeaderMap, origin: &Origin) -> Vec<Key> {
    let name = if origin.is_https() { SECURE_COOKIE } else { COOKIE };
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(sent, _)| *sent == name)
        .filter_map(|(_, value)| value.parse().ok())
        .take(4)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof_of(fields: &[(&'static str, &'static str)]) -> RequestOrigin {
        let host = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("a.test"))]);
        let origin = Origin::of(&"/".parse().unwrap(), &host, None, None).unwrap();
        let headers = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        proof(&headers, &origin)
    }

    #[test]
    fn sec_fetch_site_decides_where_it_is_there() {
        let ours = ("origin", "http://a.test");
        assert_eq!(proof_of(&[("sec-fetch-site", "same-origin")]), RequestOrigin::SameOrigin);
        assert_eq!(proof_of(&[("sec-fetch-site", "none")]), RequestOrigin::Direct);
        for foreign in ["same-site", "cross-site", "", "x"] {
            assert_eq!(proof_of(&[("sec-fetch-site", foreign), ours]), RequestOrigin::CrossOrigin);
        }
    }

    #[test]
    fn origin_decides_where_sec_fetch_site_is_absent() {
        assert_eq!(proof_of(&[("origin", "http://a.test")]), RequestOrigin::SameOrigin);
        for foreign in ["null", "http://a.test:81", "https://a.test", "http://b.test"] {
            assert_eq!(proof_of(&[("origin", foreign)]), RequestOrigin::CrossOrigin);
        }
    }

    #[test]
    fn other_marks_of_a_browser_prove_nothing() {
        assert_eq!(proof_of(&[("sec-fetch-mode", "navigate")]), RequestOrigin::CrossOrigin);
        assert_eq!(proof_of(&[]), RequestOrigin::Program);
    }
}
