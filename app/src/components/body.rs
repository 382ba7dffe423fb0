//! The body of a request: as JSON set out for reading, as text, as bytes.

use std::str::FromStr;

use leptos::prelude::*;

use super::{
    copy::CopyButton,
    icon::ALERT,
    link::{ViewLink, query_value},
    notice::{Notice, Tone},
};
use crate::{
    erased::Erase as _,
    format::{self, hex, json, kind},
};

/// How many bytes a hex dump shows: 1,024 rows.
pub(crate) const HEX_BYTES: u32 = 16 * 1024;

/// How long JSON may become when it is set out; beyond it stands as it came.
const PRETTY_BYTES: usize = 1024 * 1024;

/// How long JSON may be to be coloured: each piece is an element of the page.
const COLOURED_BYTES: usize = 64 * 1024;

/// What is known of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// The whole of it, where it is text and short enough.
    pub(crate) text: Option<String>,
    /// Its first bytes, at most `HEX_BYTES`.
    pub(crate) start: Vec<u8>,
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// Whether it was kept: of a refused request usually only the head is.
    pub(crate) is_kept: bool,
    /// What its sender says it is.
    pub(crate) content_type: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Json,
    Text,
    Hex,
}

impl FromStr for View {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "hex" => Ok(Self::Hex),
            _ => Err(()),
        }
    }
}

/// A body in the view that suits it, or in the one that the query asks for.
#[component]
pub(crate) fn BodyView(content: Content) -> impl IntoView {
    let Content { text, start, bytes, is_kept, content_type } = content;
    if bytes == 0 {
        let why = if is_kept {
            "This request has no body."
        } else {
            "Of a refused request only the head is kept."
        };
        return view! {
            <div class="body" data-testid="body-view" data-state="empty">
                <p class="body__none">{why}</p>
            </div>
        }
        .erased();
    }
    let sample = text.as_deref().map_or(start.as_slice(), str::as_bytes);
    let suits = match kind::detect(content_type.as_deref(), sample) {
        kind::BodyKind::Json => View::Json,
        kind::BodyKind::Text | kind::BodyKind::Empty => View::Text,
        kind::BodyKind::Binary => View::Hex,
    };
    let pretty = text.as_deref().map(|text| json::pretty(text, PRETTY_BYTES));
    let broken = match (&pretty, suits) {
        (Some(Err(error)), View::Json) => Some(error.to_string()),
        _ => None,
    };
    let pretty = pretty.and_then(Result::ok);
    let has_text = text.is_some();
    let has_json = pretty.is_some();
    let asked = query_value("view");
    let view = Memo::new(move |_| {
        let asked = asked.read().as_deref().and_then(|name| name.parse().ok());
        // What cannot be had falls back to the next plainer view.
        match asked.unwrap_or(suits) {
            View::Json if has_json => View::Json,
            View::Json | View::Text if has_text => View::Text,
            _ => View::Hex,
        }
    });
    let is = move |this: View| Signal::derive(move || view.get() == this);
    let copied = text.clone();
    let shown = move || match (view.get(), &text, &pretty) {
        (View::Json, _, Some(pretty)) => view! { <Json pretty=pretty.clone()/> }.erased(),
        (View::Text, Some(text), _) => view! {
            <pre class="body__text" tabindex="0" aria-label="Body as text">{text.clone()}</pre>
        }
        .erased(),
        (_, text, _) => {
            let start = text.as_deref().map_or(start.as_slice(), str::as_bytes);
            view! { <Hex start=start.to_vec() bytes/> }.erased()
        }
    };
    view! {
        <div class="body" data-testid="body-view" data-state=move || match view.get() {
            View::Json => "json",
            View::Text => "text",
            View::Hex => "hex",
        }>
            <div class="body__tools">
                <nav class="segments" aria-label="Show the body as">
                    {has_json.then(|| view! { <ViewLink key="view" value="json" chosen=is(View::Json)>"JSON"</ViewLink> })}
                    {has_text.then(|| view! { <ViewLink key="view" value="text" chosen=is(View::Text)>"Text"</ViewLink> })}
                    <ViewLink key="view" value="hex" chosen=is(View::Hex)>"Hex"</ViewLink>
                </nav>
                <span class="body__type">{content_type.unwrap_or_else(|| "no content type".to_owned())}</span>
                {copied.map(|text| view! { <CopyButton text what="the body as it came"/> })}
            </div>
            {broken.map(|why| view! { <Notice tone=Tone::Warn glyph=ALERT>{why} "."</Notice> })}
            {shown}
        </div>
    }
    .erased()
}

/// JSON that has been set out, coloured unless it is long.
#[component]
fn Json(pretty: String) -> impl IntoView {
    let content = match json::pieces(&pretty, COLOURED_BYTES) {
        Ok(pieces) => pieces
            .into_iter()
            .map(|piece| match piece.kind {
                json::Kind::Punctuation => piece.text.erased(),
                kind => view! { <span data-kind=kind_name(kind)>{piece.text}</span> }.erased(),
            })
            .collect_view()
            .erased(),
        Err(_) => pretty.erased(),
    };
    view! {
        <pre class="body__text body__json" tabindex="0" aria-label="Body as JSON">{content}</pre>
    }
}

const fn kind_name(kind: json::Kind) -> &'static str {
    match kind {
        json::Kind::Key => "key",
        json::Kind::String => "string",
        json::Kind::Number => "number",
        json::Kind::Literal => "literal",
        json::Kind::Punctuation => "punctuation",
    }
}

/// The first bytes as a hex dump, and how many are left out.
#[component]
fn Hex(start: Vec<u8>, bytes: u64) -> impl IntoView {
    let shown = start.len().min(HEX_BYTES as usize);
    let rows = hex::rows(&start[..shown])
        .map(|row| {
            view! {
                <tr>
                    <th scope="row">{row.offset}</th>
                    <td>{row.hex}</td>
                    <td class="body__ascii">{row.ascii}</td>
                </tr>
            }
        })
        .collect_view();
    let is_partial = shown as u64 != bytes;
    view! {
        <div class="body__scroll" tabindex="0" role="region" aria-label="Body as bytes">
            <table class="body__hex">
                <caption class="unseen">"Offset, bytes and ASCII"</caption>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {is_partial.then(|| view! {
            <p class="body__rest">
                "The first " {format::bytes(shown as u64)} " of " {format::bytes(bytes)}
                ". The download has all of it."
            </p>
        })}
    }
}
