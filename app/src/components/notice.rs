//! A line about something unusual.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// The importance of a notice.
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

/// A notice with an icon; its children are the text.
#[component]
pub(crate) fn Notice(tone: Tone, glyph: Glyph, children: Children) -> impl IntoView {
    view! {
        <p class="notice" data-state=tone.name()>
            <Icon glyph/>
            <span>{children.shown()}</span>
        </p>
    }
}
