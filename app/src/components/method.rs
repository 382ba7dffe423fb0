//! The method of a request.

use leptos::prelude::*;

/// A method as sent, coloured if it is a common one.
#[component]
pub(crate) fn Method(#[prop(into)] method: String) -> impl IntoView {
    // Methods are case-sensitive (RFC 9110 §9.1): `post` is not POST and gets no colour.
    let kind = match method.as_str() {
        "GET" | "HEAD" | "OPTIONS" => "read",
        "POST" => "post",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "other",
    };
    view! {
        <span class="method" data-state=kind>
            {method}
        </span>
    }
}
