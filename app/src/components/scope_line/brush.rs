//! The brush of the scope: the part of the time line that is being selected, by pointer or by keys.

use leptos::prelude::*;

use crate::{
    components::when::moment,
    format::{
        count::{counted, grouped},
        joined,
    },
    histogram::Histogram,
    time_window::TimeWindow,
};

/// The selection in progress, in parts of the line. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brush {
    scope: RwSignal<Option<Histogram>>,
    /// The first part and the one after the last.
    drawn: RwSignal<Option<(usize, usize)>>,
    /// The part below the pointer.
    pointed: RwSignal<Option<usize>>,
    /// Where the pointer went down; `None` while it is up.
    origin: StoredValue<Option<usize>>,
}

impl Brush {
    pub(super) fn new(scope: RwSignal<Option<Histogram>>) -> Self {
        Self {
            scope,
            drawn: RwSignal::new(None),
            pointed: RwSignal::new(None),
            origin: StoredValue::new(None),
        }
    }

    /// Returns the selection; tracks it.
    pub(super) fn drawn(self) -> Option<(usize, usize)> {
        self.drawn.get()
    }

    /// Returns the part below the pointer; tracks it.
    pub(super) fn pointed(self) -> Option<usize> {
        self.pointed.get()
    }

    /// Returns whether anything is selected.
    pub(super) fn is_drawn(self) -> bool {
        self.drawn.get_untracked().is_some()
    }

    /// Handles a pointer that goes down.
    pub(super) fn begin(self, part: usize) {
        self.origin.set_value(Some(part));
        self.drawn.set(None);
    }

    /// Handles a pointer that moves, down or not.
    pub(super) fn point(self, part: usize) {
        if self.pointed.get_untracked() != Some(part) {
            self.pointed.set(Some(part));
        }
        if let Some(origin) = self.origin.get_value()
            && (origin != part || self.is_drawn())
        {
            self.drawn.set(Some((origin.min(part), origin.max(part) + 1)));
        }
    }

    /// Handles a pointer that goes up; returns true if it has drawn a selection, or was on a part
    /// that has requests, which is then selected.
    pub(super) fn end(self) -> bool {
        let Some(part) = self.origin.try_update_value(Option::take).flatten() else { return false };
        let scope = self.scope.read_untracked();
        let has_any = scope.as_ref().is_some_and(|scope| scope.count(part, part + 1).total() > 0);
        if has_any && !self.is_drawn() {
            self.drawn.set(Some((part, part + 1)));
        }
        self.is_drawn()
    }

    /// Handles a pointer that leaves.
    pub(super) fn leave(self) {
        self.pointed.set(None);
    }

    /// Clears the selection.
    pub(super) fn clear(self) {
        self.origin.set_value(None);
        self.drawn.set(None);
    }

    /// Returns the selected span, and clears the selection.
    pub(super) fn take(self) -> Option<TimeWindow> {
        let (from, to) = self.drawn.get_untracked()?;
        self.clear();
        let scope = self.scope.read_untracked();
        let scope = scope.as_ref()?;
        Some(TimeWindow::Between(scope.time_of(from), scope.time_of(to)))
    }

    /// Returns the selection or the part below the pointer in words:
    /// `12:03:00–12:04:30: 14 requests`.
    pub(super) fn says(self, alive: bool) -> Option<String> {
        let drawn = self.drawn.get();
        let (from, to) = drawn.or(self.pointed.get().map(|part| (part, part + 1)))?;
        let scope = self.scope.read();
        let scope = scope.as_ref()?;
        let tick = scope.count(from, to);
        let [from, to] = [from, to].map(|at| moment(alive, scope.time_of(at), scope.fineness()));
        let refused = joined(&[", ", &grouped(tick.refused), " refused"]);
        Some(joined(&[
            &from,
            "–",
            &to,
            ": ",
            &counted(tick.total(), "request", "requests"),
            if tick.refused > 0 { &refused } else { "" },
            if drawn.is_some() { ". Enter narrows to it" } else { "" },
        ]))
    }

    /// Extends the selection to the new position of a handle; it never becomes empty.
    fn pull(self, is_end: bool, to: usize, parts: usize) {
        let (first, last) = self.drawn.get_untracked().unwrap_or((0, parts));
        self.drawn.set(Some(if is_end {
            (first.min(to.saturating_sub(1)), to.max(1))
        } else {
            (to.min(parts.saturating_sub(1)), last.max(to + 1).min(parts))
        }));
    }
}

/// The two ends of the brush for keyboard users: sliders that become visible when focused.
#[component]
pub(super) fn Handles(brush: Brush, parts: Memo<usize>, alive: Memo<bool>) -> impl IntoView {
    let handle = move |is_end: bool, label: &'static str| {
        let at = Memo::new(move |_| match (brush.drawn.get(), is_end) {
            (Some((first, _)), false) => first,
            (Some((_, last)), true) => last,
            (None, false) => 0,
            (None, true) => parts.get(),
        });
        let time = move || {
            let scope = brush.scope.read();
            scope
                .as_ref()
                .map(|scope| moment(alive.get(), scope.time_of(at.get()), scope.fineness()))
        };
        view! {
            <input
                type="range"
                class="scope__handle"
                aria-label=label
                min="0"
                max=move || parts.get().to_string()
                prop:value=move || at.get().to_string()
                aria-valuetext=time
                data-script
                on:input=move |event| {
                    if let Ok(to) = event_target_value(&event).parse() {
                        brush.pull(is_end, to, parts.get_untracked());
                    }
                }
            />
        }
    };
    view! {
        {handle(false, "From, Enter narrows to the span")}
        {handle(true, "To, Enter narrows to the span")}
    }
}
