//! A line that says what is out of the ordinary.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Ok,
    Info,
    Warn,
    Bad,
}

impl Tone {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A notice with an icon; what it says stands in its children.
#[component]
pub(crate) fn Notice(tone: Tone, glyph: Glyph, children: Children) -> impl IntoView {
    view! {
        <p class="notice" data-state=tone.name()>
            <Icon glyph/>
            <span>{children.shown()}</span>
        </p>
    }
}
