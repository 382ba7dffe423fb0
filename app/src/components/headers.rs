//! The header fields of a request as they came.

use leptos::prelude::*;

use crate::{
    erased::Erase as _,
    wire::{Header, Text},
};

/// Header and trailer fields in wire order, and in a sentence how exact they are.
#[component]
pub(crate) fn HeadersView(
    headers: Vec<Header>,
    trailers: Vec<Header>,
    exactness: String,
) -> impl IntoView {
    view! {
        <div class="headers" data-testid="headers-view">
            <p class="headers__note">{exactness}</p>
            <Fields caption="Header fields in the order they came" fields=headers/>
            {(!trailers.is_empty()).then(|| view! {
                <h3 class="headers__title">"Trailers, sent behind the body"</h3>
                <Fields caption="Trailer fields in the order they came" fields=trailers/>
            })}
        </div>
    }
}

#[component]
fn Fields(caption: &'static str, fields: Vec<Header>) -> impl IntoView {
    if fields.is_empty() {
        return view! { <p class="headers__none">"None came."</p> }.erased();
    }
    let rows = fields
        .into_iter()
        .map(|(name, value)| {
            view! {
                <tr>
                    <th scope="row">
                        <Field text=name/>
                    </th>
                    <td>
                        <Field text=value/>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="headers__fields">
            <caption class="unseen">{caption}</caption>
            <tbody>{rows}</tbody>
        </table>
    }
    .erased()
}

/// A name or value; bytes that are not UTF-8 say so and stand as base64.
#[component]
fn Field(text: Text) -> impl IntoView {
    match text {
        Text::Utf8(text) => view! { <span>{text}</span> }.erased(),
        Text::Base64(encoded) => view! {
            <span class="headers__note">"not UTF-8, base64"</span>
            " "
            <span>{encoded}</span>
        }
        .erased(),
    }
}
