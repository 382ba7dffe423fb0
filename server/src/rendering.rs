//! Renders the parts of a captured request as rows of marked text and named fields. Untrusted
//! payloads are parsed here and nowhere else; every parser is bounded and tolerates any input.

mod answer;
mod attempts;
mod body;
mod cache;
mod compare;
mod content;
mod fields;
mod find;
pub(crate) mod form;
mod headers;
mod hex;
mod image;
mod json;
mod lines;
mod markup;
pub(crate) mod multipart;
mod pieces;
mod preview;
pub(crate) mod qr;
mod row_source;
pub(crate) mod signature;
pub(crate) mod snippet;
mod tokens;
mod wire;

use std::{collections::HashSet, sync::Arc};

use hookglass_message::head;
use hookglass_store::{EndpointId, Store, StoreError, StoredRequest};
use hookglass_wire::{Ask, Note, Part, Reading, TEXT_BYTES, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::{cache::ContentCache, content::BodyContent, find::Highlighter, json::Folds};

/// The largest part of a body that is rendered; a download has all of it.
const MOST_BODY_BYTES: u64 = 64 * 1024 * 1024;
/// Memory for all rendering at one time, in MiB; work that needs more waits.
const MOST_MEBIBYTES: u32 = 192;
/// The longest note, in bytes.
const MOST_NOTE_BYTES: usize = 1024;
/// Memory for decoding one body, in MiB.
const DECODED_MEBIBYTES: u32 = 24;
/// The default number of rows or fields.
const LIMIT: u32 = 500;
const TEXT_TOO_LONG: &str =
    "The text is longer than 1 MiB, or decoded in part only: take the body itself, at `…/body`.";
/// The most rows or fields in one response.
const MAX_LIMIT: u32 = 2000;

/// Whether pages mask the value of a header, query or form field with this name.
pub(crate) fn hides_field(name: &str) -> bool {
    !headers::secrecy(name).is_empty()
}

/// Whether pages mask the value at this path of a JSON body.
pub(crate) fn hides_member(path: &str) -> bool {
    !tokens::secrecy(path).is_empty()
}

/// Why something cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The call is invalid; the text says what to send instead.
    #[error("{0}")]
    Invalid(String),
    /// No such line or part.
    #[error("not there")]
    NotThere,
    /// No such request to compare with.
    #[error("no request #{0} to compare with")]
    NoOther(i64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rendering panicked; the panic was logged.
    #[error("rendering failed")]
    Failed,
}

/// Renders parts of requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Renderer(Arc<RendererInner>);

struct RendererInner {
    cache: ContentCache,
    memory: Arc<Semaphore>,
}

impl Default for Renderer {
    fn default() -> Self {
        let permits = usize::try_from(MOST_MEBIBYTES).unwrap_or(1);
        let memory = Arc::new(Semaphore::new(permits));
        Self(Arc::new(RendererInner { cache: ContentCache::default(), memory }))
    }
}

/// A captured request and its endpoint.
pub(crate) struct RenderedRequest {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) endpoint: EndpointId,
    pub(crate) stored: StoredRequest,
}

impl Renderer {
    /// Renders a part.
    pub(crate) async fn read(
        &self,
        subject: RenderedRequest,
        ask: Ask,
    ) -> Result<Reading, RenderError> {
        let mut reading = self.read_part(subject, ask).await?;
        // Some notes quote what the sender sent.
        for note in &mut reading.notes {
            shorten(&mut note.text);
        }
        if let Some(decoded) = &mut reading.decoded {
            shorten(&mut decoded.coding);
        }
        Ok(reading)
    }

    async fn read_part(&self, subject: RenderedRequest, ask: Ask) -> Result<Reading, RenderError> {
        let part = rows_asked(&ask)?;
        let folds = folds(&ask)?;
        match ask.part {
            Part::Body => {
                let form = ask.form;
                self.with_content(subject, move |stored, content| {
                    let path = path(stored);
                    let form = form.as_deref();
                    let mut reading = body::read(content, &path, form, &folds, &part);
                    about_cut(stored, &mut reading);
                    reading
                })
                .await
            }
            Part::Wire => {
                self.with_content(subject, move |stored, content| {
                    let (rows, notes) = wire::sheet(stored, content);
                    let bytes = stored.head.len() + content.raw.len() + stored.trailers.len();
                    let mut reading =
                        Reading { notes, bytes: row_source::number(bytes), ..Reading::default() };
                    row_source::fill(&mut reading, &rows, &part);
                    reading
                })
                .await
            }
            Part::Headers => {
                let (fields, notes) = headers::fields(&subject.stored);
                let bytes = subject.stored.head.len() + subject.stored.trailers.len();
                let mut reading =
                    Reading { notes, bytes: row_source::number(bytes), ..Reading::default() };
                fields::fill(&mut reading, fields, &part);
                Ok(reading)
            }
            Part::Query => {
                let target = head::target_of(&subject.stored.head);
                let query = target.iter().position(|&byte| byte == b'?');
                let query = query.map(|at| &target[at + 1..]);
                let (fields, mut notes) = form::fields(query.unwrap_or_default());
                match query {
                    None => notes.push(note("info", "The target has no query.")),
                    Some([]) => notes.push(note("info", "The target ends in an empty query.")),
                    Some(_) => {}
                }
                let bytes = row_source::number(query.map_or(0, <[u8]>::len));
                let mut reading = Reading { notes, bytes, ..Reading::default() };
                fields::fill(&mut reading, fields, &part);
                Ok(reading)
            }
            Part::Reply => {
                let (rows, fields, notes) = answer::sheet(&subject.stored).await;
                let mut reading = Reading { notes, fields, ..Reading::default() };
                row_source::fill(&mut reading, &rows, &part);
                Ok(reading)
            }
            Part::Attempts => {
                let summary = &subject.stored.summary;
                let delivery = subject.store.delivery(subject.endpoint, summary.seq).await?;
                let (rows, fields, notes) = attempts::sheet(summary, delivery.as_ref());
                let mut reading = Reading { notes, fields, ..Reading::default() };
                row_source::fill(&mut reading, &rows, &part);
                Ok(reading)
            }
            // This needs the endpoint's secrets, see `signature::reading`.
            Part::Signature => Ok(Reading::default()),
            Part::Compare => self.compare(subject, &ask).await,
        }
    }

    /// Returns the path and value of a line of a JSON body, or of the JSON in its payload if that
    /// is the requested or best form.
    pub(crate) async fn value(
        &self,
        subject: RenderedRequest,
        line: u64,
        form: Option<String>,
    ) -> Result<Value, RenderError> {
        let line = usize::try_from(line).map_err(|_| RenderError::NotThere)?;
        let value = self.with_content(subject, move |_, content| {
            match body::payload(content, form.as_deref()) {
                Some(payload) => json::value(&payload.text, &payload.json, line),
                None => json::value(content.text()?, content.json(), line),
            }
        });
        value.await?.ok_or(RenderError::NotThere)
    }

    /// Returns the bytes of one part of a multipart body, and its file name, if any.
    pub(crate) async fn part(
        &self,
        subject: RenderedRequest,
        number: usize,
    ) -> Result<(Vec<u8>, Option<String>), RenderError> {
        let part = self.with_content(subject, move |_, content| {
            if !content.media.is_multipart() {
                return None;
            }
            let (bytes, file) = content.parts().part(content.bytes(), number)?;
            Some((bytes.to_vec(), file))
        });
        part.await?.ok_or(RenderError::NotThere)
    }

    /// Returns the decoded body as UTF-8 text, at most [`TEXT_BYTES`].
    pub(crate) async fn text(&self, subject: RenderedRequest) -> Result<Vec<u8>, RenderError> {
        let text = self.with_content(subject, |_, content| {
            let is_whole = content.decoded.as_ref().is_none_or(|decoded| decoded.stop.is_none());
            let text = if content.is_opaque() { None } else { content.text() };
            let text = text.ok_or(RenderError::NotThere)?;
            if is_whole && text.len() as u64 <= TEXT_BYTES {
                Ok(text.to_vec())
            } else {
                Err(RenderError::Invalid(TEXT_TOO_LONG.to_owned()))
            }
        });
        text.await?
    }

    /// Returns the body and its media type if it is an image format that cannot run scripts.
    pub(crate) async fn image(
        &self,
        subject: RenderedRequest,
    ) -> Result<(Vec<u8>, &'static str), RenderError> {
        let image = self.with_content(subject, move |_, content| {
            let image = image::image(&content.media, content.bytes())?;
            Some((content.bytes().to_vec(), image.media_type))
        });
        image.await?.ok_or(RenderError::NotThere)
    }

    /// Calls `read` with the body on a blocking thread.
    async fn with_content<T: Send + 'static>(
        &self,
        subject: RenderedRequest,
        read: impl FnOnce(&StoredRequest, &BodyContent) -> T + Send + 'static,
    ) -> Result<T, RenderError> {
        let RenderedRequest { store, endpoint, stored } = subject;
        let key = (endpoint, stored.summary.seq);
        let coding = head::values(&stored.head, "content-encoding");
        // Headers with the same name form one list (RFC 9110 §5.3).
        let coding = coding.join(b", ".as_slice());
        let bytes = stored.summary.body_bytes.min(MOST_BODY_BYTES);
        let needs = mebibytes(bytes, !coding.is_empty());
        let permit = self.permit(needs).await?;
        let kept = self.0.cache.get(key);
        let raw = match &kept {
            Some(_) => Vec::new(),
            None => store.body(endpoint, key.1, 0..bytes).await?,
        };
        let reader = self.clone();
        let work = move || {
            let content = kept.unwrap_or_else(|| {
                let content_type = head::value(&stored.head, "content-type").unwrap_or_default();
                Arc::new(BodyContent::new(raw, &content_type, &coding))
            });
            let made = read(&stored, &content);
            reader.0.cache.put(key, content);
            made
        };
        off_thread(permit, key.1, work).await
    }

    /// Waits for permission to use `mebibytes` of memory. A caller that holds a permit must not
    /// request another.
    async fn permit(&self, mebibytes: u32) -> Result<OwnedSemaphorePermit, RenderError> {
        let memory = self.0.memory.clone();
        memory.acquire_many_owned(mebibytes).await.map_err(|_| RenderError::Failed)
    }
}

/// Runs work on a request on a blocking thread. The permit is held until the work ends, even if the
/// caller is gone.
async fn off_thread<T: Send + 'static>(
    permit: OwnedSemaphorePermit,
    seq: i64,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RenderError> {
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, seq, "rendering a request failed");
        RenderError::Failed
    })
}

/// The request's path in the API.
fn path(stored: &StoredRequest) -> String {
    format!("/api/endpoints/{}/requests/{}", stored.summary.endpoint, stored.summary.seq)
}

/// Adds a note if the body is incomplete.
fn about_cut(stored: &StoredRequest, reading: &mut Reading) {
    if stored.summary.refused.is_some() && stored.summary.body_bytes == 0 {
        reading.notes.clear();
        reading.notes.push(note("warn", "The request was refused before its body was read."));
    } else if !stored.summary.complete {
        reading.notes.push(note("warn", "The body is not whole: this is what came of it."));
    }
    if stored.summary.body_bytes > MOST_BODY_BYTES {
        let text = "It is shown in part: the first 64 MiB. The download has all of it.";
        reading.notes.push(note("warn", text));
    }
}

/// Estimates the memory for rendering a body: the bytes, the text in UTF-8, and an index.
fn mebibytes(bytes: u64, is_coded: bool) -> u32 {
    let body = u32::try_from(bytes.div_ceil(1024 * 1024)).unwrap_or(MOST_MEBIBYTES);
    let decoded = if is_coded { DECODED_MEBIBYTES } else { 0 };
    (body.saturating_mul(4) + decoded).clamp(1, MOST_MEBIBYTES)
}

fn rows_asked(ask: &Ask) -> Result<row_source::RowRange, RenderError> {
    let limit = ask.limit.unwrap_or(LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(RenderError::Invalid(format!("`limit` takes 1 to {MAX_LIMIT}.")));
    }
    Ok(row_source::RowRange {
        from: usize::try_from(ask.from.unwrap_or_default()).unwrap_or(usize::MAX),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        needle: ask.find.as_deref().and_then(Highlighter::new),
    })
}

fn folds(ask: &Ask) -> Result<Folds, RenderError> {
    let toggled = ask.toggled.as_deref().unwrap_or_default();
    let lines = toggled.split(',').filter(|line| !line.is_empty()).map(str::parse);
    let toggled: HashSet<u64> = lines.collect::<Result<_, _>>().map_err(|_| {
        RenderError::Invalid("`toggled` takes comma-separated `line`s of rows.".to_owned())
    })?;
    Ok(Folds { depth: ask.depth, toggled })
}

/// The kind of a piece that links to another view.
fn link(href: &str) -> String {
    format!("link {href}")
}

/// Truncates a note to [`MOST_NOTE_BYTES`].
fn shorten(text: &mut String) {
    let end = pieces::char_boundary(text.as_bytes(), MOST_NOTE_BYTES);
    if end < text.len() {
        text.truncate(end);
        text.push('…');
    }
}

/// Builds a note.
fn note(tone: &str, text: &str) -> Note {
    Note { tone: tone.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_holds_the_memory_that_it_may_take() {
        let reader = Renderer::default();
        let memory = reader.0.memory.clone();
        let all = memory.available_permits();
        let permit = reader.permit(5).await.unwrap();
        let held = memory.clone();
        let left = off_thread(permit, 1, move || held.available_permits()).await.unwrap();
        assert_eq!((left, memory.available_permits()), (all - 5, all));
    }
}
