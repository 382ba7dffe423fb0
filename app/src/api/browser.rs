//! The browser's half of the API: fetch, with the browser's cookie. It handles URLs and statuses,
//! and knows nothing of how its callers use the responses.

use std::{cell::Cell, rc::Rc};

use js_sys::{Reflect, encode_uri_component};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestCache, RequestCredentials, RequestInit, Response};

use super::{
    Ask, Counts, CountsAsk, Deleted, DeletedFound, Detail, Endpoint, Endpoints, Page, Problem,
    Reading, Session, Suggestions, Summary, Value, Window,
};
use crate::wire::json::{self, Readable, Unreadable};

/// The time limit of a call, after which the page says that there was no response: long enough for
/// 256 KiB over a bad mobile connection, short enough that nobody waits forever.
const TIMEOUT_MS: i32 = 30_000;

/// The headers of a request that has no body and needs no special headers.
const NO_HEADERS: &[(&str, &str)] = &[];

pub(super) use crate::browser::now;

pub(super) async fn endpoints() -> Result<Endpoints, Problem> {
    json("GET", "/api/endpoints".to_owned(), None).await
}

pub(super) async fn endpoint(id: &str) -> Result<Endpoint, Problem> {
    json("GET", endpoint_path(id), None).await
}

pub(super) async fn requests(id: &str, window: Window) -> Result<Page, Problem> {
    let mut path = Path::new(endpoint_path(id) + "/requests");
    path.push_number("before", window.before);
    path.push_number("after", window.after);
    path.push_number("limit", window.limit);
    path.push("q", window.q.as_deref());
    json("GET", path.text, None).await
}

pub(super) async fn counts(id: &str, ask: CountsAsk) -> Result<Counts, Problem> {
    let mut path = Path::new(endpoint_path(id) + "/requests/counts");
    path.push("from", ask.from.map(|at| at.to_string()).as_deref());
    path.push("to", ask.to.map(|at| at.to_string()).as_deref());
    path.push_number("buckets", ask.buckets);
    path.push("q", ask.q.as_deref());
    json("GET", path.text, None).await
}

pub(super) async fn suggestions(id: &str, q: &str, at: u32) -> Result<Suggestions, Problem> {
    let mut path = Path::new(endpoint_path(id) + "/requests/suggestions");
    path.push("q", Some(q));
    path.push_number("at", Some(at));
    json("GET", path.text, None).await
}

pub(super) async fn reading(id: &str, seq: i64, ask: Ask) -> Result<Reading, Problem> {
    let mut path = Path::new(request_path(id, seq) + "/reading");
    path.push("part", Some(ask.part.name()));
    path.push("form", ask.form.as_deref());
    path.push_number("from", ask.from);
    path.push_number("limit", ask.limit);
    path.push_number("depth", ask.depth);
    path.push("toggled", ask.toggled.as_deref());
    path.push("find", ask.find.as_deref());
    path.push("with", ask.with.as_deref());
    json("GET", path.text, None).await
}

pub(super) async fn value(id: &str, seq: i64, line: u64, form: &str) -> Result<Value, Problem> {
    let mut path = Path::new(request_path(id, seq) + "/value");
    path.push_number("line", Some(line));
    path.push("form", Some(form));
    json("GET", path.text, None).await
}

pub(super) async fn snippet(id: &str, seq: i64, tool: &str) -> Result<String, Problem> {
    let mut path = Path::new(request_path(id, seq) + "/snippet");
    path.push("tool", Some(tool));
    text("GET", path.text, None).await
}

pub(super) async fn annotate(id: &str, seq: i64, change: String) -> Result<Summary, Problem> {
    json("PATCH", request_path(id, seq), Some(change)).await
}

pub(super) async fn delete_found(id: &str, found: &DeletedFound) -> Result<Deleted, Problem> {
    json("DELETE", found_path(id, found), None).await
}

pub(super) fn delete_found_on_leave(id: &str, found: &DeletedFound) {
    delete_and_leave(&found_path(id, found));
}

pub(super) fn delete_on_leave(id: &str, seq: i64) {
    delete_and_leave(&request_path(id, seq));
}

pub(super) fn delete_endpoint_on_leave(id: &str) {
    delete_and_leave(&endpoint_path(id));
}

fn delete_and_leave(path: &str) {
    let Some(window) = web_sys::window() else { return };
    let init = RequestInit::new();
    init.set_method("DELETE");
    init.set_credentials(RequestCredentials::SameOrigin);
    // The browser's types do not include it yet. Setting a property of a plain object cannot fail.
    let _ = Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE);
    drop(window.fetch_with_str_and_init(path, &init));
}

pub(super) async fn request(id: &str, seq: i64) -> Result<Detail, Problem> {
    json("GET", request_path(id, seq), None).await
}

pub(super) async fn body_text(id: &str, seq: i64) -> Result<String, Problem> {
    text("GET", request_path(id, seq) + "/text", None).await
}

pub(super) async fn change(id: &str, change: String) -> Result<Endpoint, Problem> {
    json("PATCH", endpoint_path(id), Some(change)).await
}

pub(super) async fn delete_endpoint(id: &str) -> Result<(), Problem> {
    empty("DELETE", endpoint_path(id)).await
}

pub(super) async fn delete_request(id: &str, seq: i64) -> Result<(), Problem> {
    empty("DELETE", request_path(id, seq)).await
}

pub(super) async fn session() -> Result<Session, Problem> {
    json("GET", "/api/session".to_owned(), None).await
}

fn endpoint_path(id: &str) -> String {
    String::from("/api/endpoints/") + &String::from(encode_uri_component(id))
}

fn found_path(id: &str, found: &DeletedFound) -> String {
    let mut path = Path::new(endpoint_path(id) + "/requests");
    path.push("q", Some(&found.q));
    path.push("through", found.through.map(|seq| seq.to_string()).as_deref());
    path.push("age_ms", Some(&found.age_ms.to_string()));
    path.text
}

fn request_path(id: &str, seq: i64) -> String {
    endpoint_path(id) + "/requests/" + &seq.to_string()
}

/// A path with a query under construction.
struct Path {
    text: String,
    sign: char,
}

impl Path {
    const fn new(text: String) -> Self {
        Self { text, sign: '?' }
    }

    fn push(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text.push(self.sign);
            self.sign = '&';
            self.text.push_str(name);
            self.text.push('=');
            self.text.push_str(&String::from(encode_uri_component(value)));
        }
    }

    fn push_number(&mut self, name: &str, value: Option<impl ToString>) {
        self.push(name, value.map(|value| value.to_string()).as_deref());
    }
}

/// Calls the API and reads the JSON of the response.
async fn json<T: Readable>(
    method: &'static str,
    path: String,
    body: Option<String>,
) -> Result<T, Problem> {
    let answer = text(method, path, body).await;
    let mut value = T::blank();
    understand(answer, &mut value).map(|()| value)
}

/// Reads the JSON of a response into `value`.
#[inline(never)]
fn understand(answer: Result<String, Problem>, value: &mut dyn Readable) -> Result<(), Problem> {
    json::read_into(value, &answer?).map_err(not_understood)
}

/// Calls the API and reads the text of the response.
async fn text(method: &'static str, path: String, body: Option<String>) -> Result<String, Problem> {
    SendWrapper::new(async move {
        let answer = Call::new()?.send(method, &path, body.as_deref(), NO_HEADERS).await?;
        answer.accepted().await?.text().await
    })
    .await
}

/// Calls the API and ignores the body of a successful response.
async fn empty(method: &'static str, path: String) -> Result<(), Problem> {
    SendWrapper::new(async move {
        let answer = Call::new()?.send(method, &path, None, NO_HEADERS).await?;
        answer.accepted().await.map(drop)
    })
    .await
}

/// A fetch that is aborted when it takes too long or when it is dropped.
struct Call {
    window: web_sys::Window,
    controller: AbortController,
    timed_out: Rc<Cell<bool>>,
    timer: i32,
    _on_timeout: Closure<dyn FnMut()>,
}

impl Call {
    fn new() -> Result<Self, Problem> {
        let window = web_sys::window().ok_or_else(|| Problem::unreachable("There is no page."))?;
        let controller = AbortController::new().map_err(no_answer)?;
        let timed_out = Rc::new(Cell::new(false));
        let on_timeout = Closure::<dyn FnMut()>::new({
            let (controller, timed_out) = (controller.clone(), Rc::clone(&timed_out));
            move || {
                timed_out.set(true);
                controller.abort();
            }
        });
        let timer = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(
                on_timeout.as_ref().unchecked_ref(),
                TIMEOUT_MS,
            )
            .map_err(no_answer)?;
        Ok(Self { window, controller, timed_out, timer, _on_timeout: on_timeout })
    }

    async fn send(
        self,
        method: &str,
        path: &str,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<OpenResponse, Problem> {
        let fields = Headers::new().map_err(no_answer)?;
        fields.set("Accept", "application/json").map_err(no_answer)?;
        for (name, value) in headers {
            fields.set(name, value).map_err(no_answer)?;
        }
        let init = RequestInit::new();
        if let Some(body) = body {
            fields.set("Content-Type", "application/json").map_err(no_answer)?;
            init.set_body(&JsValue::from_str(body));
        }
        init.set_method(method);
        init.set_headers(&fields);
        init.set_cache(RequestCache::NoStore);
        init.set_credentials(RequestCredentials::SameOrigin);
        init.set_signal(Some(&self.controller.signal()));
        let response = JsFuture::from(self.window.fetch_with_str_and_init(path, &init)).await;
        let response = response.map_err(|error| match self.timed_out.get() {
            true => Problem::unreachable("The server took too long to answer. Try again."),
            false => no_answer(error),
        })?;
        Ok(OpenResponse { response: response.unchecked_into(), _call: self })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.window.clear_timeout_with_handle(self.timer);
        // Has no effect on a completed fetch.
        self.controller.abort();
    }
}

/// A response whose body may still be in transit: it holds the call and thus its time limit.
struct OpenResponse {
    response: Response,
    _call: Call,
}

impl OpenResponse {
    /// Returns the response itself if it is successful, else the problem that it contains.
    async fn accepted(self) -> Result<Self, Problem> {
        if self.response.ok() {
            return Ok(self);
        }
        let status = self.response.status();
        let title = self.response.status_text();
        let problem = self.text().await.ok().and_then(|text| json::read(&text).ok());
        // An error without a problem comes from a proxy in between, not from Hookglass.
        Err(problem.unwrap_or_else(|| Problem {
            kind: "about:blank".to_owned(),
            title: if title.is_empty() { "The call failed".to_owned() } else { title },
            status,
            start: None,
            end: None,
            detail: String::from("Something between here and the server answered with status ")
                + &status.to_string()
                + ". Try again in a moment.",
        }))
    }

    async fn text(&self) -> Result<String, Problem> {
        let text = JsFuture::from(self.response.text().map_err(no_answer)?);
        Ok(text.await.map_err(no_answer)?.as_string().unwrap_or_default())
    }
}

// The browser's own message differs between browsers and contains nothing useful.
fn no_answer(_error: JsValue) -> Problem {
    Problem::unreachable("The server cannot be reached. Check the connection and try again.")
}

fn not_understood(_: Unreadable) -> Problem {
    Problem::unreachable(
        "The answer was not understood. Reload the page: it may be of an older version.",
    )
}
