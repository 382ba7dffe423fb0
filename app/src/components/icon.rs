//! The one set of icons: Lucide's shapes (`public/icons/LICENSE`), drawn in the text's colour.

use leptos::prelude::*;

/// The shape of an icon, as one SVG path on a grid of 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glyph(&'static str);

pub(crate) const ALERT: Glyph = Glyph(
    "M21.73 18l-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3M12 9v4M12 17h.01",
);
pub(crate) const ARROW_LEFT: Glyph = Glyph("M12 19l-7-7 7-7M19 12H5");
pub(crate) const ARROW_DOWN: Glyph = Glyph("M12 5v14M19 12l-7 7-7-7");
pub(crate) const ARROW_UP: Glyph = Glyph("M5 12l7-7 7 7M12 19V5");
pub(crate) const BAN: Glyph =
    Glyph("M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM4.929 4.929L19.07 19.071");
pub(crate) const BELL: Glyph =
    Glyph("M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9M10.3 21a1.94 1.94 0 0 0 3.4 0");
pub(crate) const CHECK: Glyph = Glyph("M20 6L9 17l-5-5");
pub(crate) const CHEVRON_DOWN: Glyph = Glyph("M6 9l6 6 6-6");
pub(crate) const COPY: Glyph = Glyph(
    "M10 8h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2V10a2 2 0 0 1 2-2z\
     M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2",
);
pub(crate) const COMPARE: Glyph = Glyph("M8 3L4 7l4 4M4 7h16M16 21l4-4-4-4M20 17H4");
pub(crate) const CROSS: Glyph = Glyph("M18 6L6 18M6 6l12 12");
pub(crate) const DOWNLOAD: Glyph =
    Glyph("M12 15V3M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4M7 10l5 5 5-5");
pub(crate) const ELLIPSIS: Glyph = Glyph(
    "M12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2zM19 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2z\
     M5 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
);
pub(crate) const EYE: Glyph = Glyph(
    "M2.06 12.35a1 1 0 0 1 0-.7 10.75 10.75 0 0 1 19.88 0 1 1 0 0 1 0 .7 10.75 10.75 0 0 1-19.88 0\
     M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
);
pub(crate) const EYE_OFF: Glyph = Glyph(
    "M10.73 5.08a10.74 10.74 0 0 1 11.21 6.57 1 1 0 0 1 0 .7 10.75 10.75 0 0 1-1.44 2.49\
     M14.08 14.16a3 3 0 0 1-4.24-4.24\
     M17.48 17.5a10.75 10.75 0 0 1-15.42-5.15 1 1 0 0 1 0-.7 10.75 10.75 0 0 1 4.45-5.14M2 2l20 20",
);
pub(crate) const FOLLOW: Glyph =
    Glyph("M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7z");
pub(crate) const GLOBE: Glyph = Glyph(
    "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM12 2a14.5 14.5 0 0 0 0 20 14.5 14.5 0 0 0 0-20\
     M2 12h20",
);
pub(crate) const INFO: Glyph = Glyph("M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM12 16v-4M12 8h.01");
pub(crate) const KEY: Glyph = Glyph(
    "M2.586 17.414A2 2 0 0 0 2 18.828V21a1 1 0 0 0 1 1h3a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h1\
     a1 1 0 0 0 1-1v-1a1 1 0 0 1 1-1h.172a2 2 0 0 0 1.414-.586l.814-.814a6.5 6.5 0 1 0-4-4z\
     M16.5 7.5h.01",
);
pub(crate) const KEYBOARD: Glyph = Glyph(
    "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM6 9h.01M10 9h.01M14 9h.01M18 9h.01M8 12h.01M12 12h.01M16 12h.01M7 16h10",
);
pub(crate) const MACHINE: Glyph =
    Glyph("M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8 21h8M12 17v4");
pub(crate) const MOON: Glyph = Glyph(
    "M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268\
     c.344-.215.825-.004.803.401",
);
pub(crate) const NETWORK: Glyph = Glyph(
    "M17 16h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z\
     M3 16h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1z\
     M10 2h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1z\
     M5 16v-3a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v3M12 12V8",
);
pub(crate) const PEN: Glyph = Glyph(
    "M21.17 6.81a1 1 0 0 0-3.99-3.99L3.84 16.17a2 2 0 0 0-.5.83l-1.32 4.35a.5.5 0 0 0 .62.62\
     l4.35-1.32a2 2 0 0 0 .83-.5zM15 5l4 4",
);
pub(crate) const NOTE: Glyph = Glyph("M4 4h16v12l-4 4H4zM16 20v-4h4M8 9h8M8 13h5");
pub(crate) const PAUSE: Glyph = Glyph("M9 5v14M15 5v14");
pub(crate) const PIN: Glyph = Glyph("M12 17v5M9 3h6M10 3v7l-4 4v2h12v-2l-4-4V3");
pub(crate) const PLUS: Glyph = Glyph("M5 12h14M12 5v14");
pub(crate) const REPEAT: Glyph = Glyph("M3 12a9 9 0 1 0 9-9 9.75 9.75 0 0 0-6.74 2.74L3 8M3 3v5h5");
pub(crate) const SCISSORS: Glyph = Glyph(
    "M6 3a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8.12 8.12L12 12M20 4L8.12 15.88\
     M6 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM14.8 14.8L20 20",
);
pub(crate) const SEARCH: Glyph = Glyph("M11 3a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM21 21l-4.35-4.35");
pub(crate) const TRASH: Glyph = Glyph(
    "M10 11v6M14 11v6M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6M3 6h18\
     M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2",
);

pub(crate) const UNDO: Glyph = Glyph("M9 14L4 9l5-5M4 9h10.5a5.5 5.5 0 0 1 0 11H11");

pub(crate) const WRAP: Glyph = Glyph("M3 6h18M3 12h15a3 3 0 1 1 0 6h-4M16 16l-2 2 2 2M3 18h7");

/// An icon next to text or a label of the same meaning.
#[component]
pub(crate) fn Icon(glyph: Glyph) -> impl IntoView {
    view! {
        <svg
            class="icon"
            viewBox="0 0 24 24"
            width="16"
            height="16"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d=glyph.0/>
        </svg>
    }
}
