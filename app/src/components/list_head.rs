//! The line above the rows: their number, and the handling of arrivals.

use leptos::prelude::*;

use super::{
    icon::{ARROW_UP, FOLLOW, Icon, PAUSE, REPEAT, TRASH},
    link,
};
use crate::{
    format::{
        count::{counted, grouped},
        joined,
    },
    lists::Lists,
    route,
};

/// The handling of arrivals. A cheap-clone handle on signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrivals {
    /// The highest `seq` that is shown while newer ones are held back; `None` if none are.
    pub(crate) held: RwSignal<Option<i64>>,
    /// Whether each request is opened when it arrives.
    pub(crate) follows: RwSignal<bool>,
    /// The highest `seq` that the viewer has seen.
    seen: RwSignal<i64>,
}

impl Arrivals {
    /// Holds nothing back; the viewer has seen everything up to `seen`.
    pub(crate) fn new(seen: i64) -> Self {
        Self { held: RwSignal::new(None), follows: RwSignal::new(false), seen: RwSignal::new(seen) }
    }

    /// Records that the viewer has seen `seq`.
    pub(crate) fn saw(self, seq: i64) {
        if seq > self.seen.get_untracked() {
            self.seen.set(seq);
        }
    }

    /// Shows requests that were held back, up to `newest`.
    fn release(self, newest: i64) {
        if self.held.get_untracked().is_some() {
            self.held.set(Some(newest));
        }
        self.saw(newest);
    }
}

/// The number of rows, the number of new ones that the viewer has not seen, and switches to hold
/// new ones back or to open each.
#[component]
pub(crate) fn ListHead(
    lists: Lists,
    arrivals: Arrivals,
    /// The number of matches, and whether that is known to be all.
    found: Signal<Option<(u64, bool)>>,
    /// Whether the search is invalid: the list then still shows the results of the previous one.
    is_wrong: Signal<bool>,
    /// Deletes the requests that the search finds, of which the number is given.
    on_delete_found: Callback<u64>,
    /// Scrolls to the newest row.
    on_top: impl Fn() + 'static,
    /// Further actions on the list.
    children: Children,
) -> impl IntoView {
    let title = Memo::new(move |_| match (lists.found.read().is_some(), found.get()) {
        (false, _) => counted(lists.all.read().endpoint.requests, "request", "requests"),
        (true, _) if lists.read(|list| list.requests.is_empty() && list.next_before.is_none()) => {
            "Nothing found".to_owned()
        }
        (true, _) if is_wrong.get() => "Found before".to_owned(),
        (true, Some((total, is_all))) => {
            joined(&[&grouped(total), if is_all { " found" } else { " or more found" }])
        }
        (true, None) => "Searching…".to_owned(),
    });
    let unseen = Memo::new(move |_| {
        let seen = arrivals.seen.get();
        lists.read(|list| list.above(seen))
    });
    let deletable = Memo::new(move |_| {
        let is_any = lists.found.read().as_ref().is_some_and(|list| !list.requests.is_empty());
        let total = found.get().map(|(total, _)| total);
        total.filter(|total| is_any && *total > 0 && !is_wrong.get())
    });
    let is_paused = Memo::new(move |_| arrivals.held.read().is_some());
    let pause = move |_| {
        let held = if is_paused.get_untracked() { None } else { Some(untrack(|| lists.newest())) };
        arrivals.held.set(held);
    };
    let show_new = move |_| {
        arrivals.release(untrack(|| lists.newest()));
        on_top();
    };
    let q = link::query_value("q");
    let folded = Memo::new(move |_| folded(&q.read()));
    let is_folded = move || folded.read().0;
    let path = route::use_location().pathname;
    let fold = link::query_set("q", move || folded.get().1);
    let can_fold = Memo::new(move |_| {
        folded.read().0 || lists.read(|list| list.requests.iter().any(|row| row.attempt > Some(1)))
    });
    view! {
        <header class="list-head">
            <h2 class="list-head__title">{title}</h2>
            <button
                type="button"
                class="list-head__new"
                data-testid="new-rows"
                data-key="new"
                hidden=move || unseen.get() == 0
                on:click=show_new
            >
                <Icon glyph=ARROW_UP/>
                {move || joined(&[&unseen.get().to_string(), " new"])}
            </button>
            <a
                class="button"
                data-kind="quiet"
                data-testid="fold"
                data-noscroll
                hidden=move || !can_fold.get()
                href=move || path.get() + &fold.read()
                aria-current=move || is_folded().then_some("true")
                title="Tries of one delivery after its first"
            >
                <Icon glyph=REPEAT/>
                {move || if is_folded() { "Show retries" } else { "Hide retries" }}
            </a>
            <div class="list-head__acts" data-script>
                {move || deletable.get().map(|count| view! {
                    <button
                        type="button"
                        class="button"
                        data-kind="quiet"
                        data-testid="delete-found"
                        title=joined(&["Delete all ", &grouped(count), " that are found"])
                        on:click=move |_| on_delete_found.run(count)
                    >
                        <Icon glyph=TRASH/>
                        "Delete found"
                    </button>
                }.erased())}
                {children.shown()}
                <button
                    type="button"
                    class="button"
                    data-kind="quiet"
                    data-key="follow"
                    title="Open each request as it arrives"
                    aria-pressed=move || arrivals.follows.get().to_string()
                    on:click=move |_| arrivals.follows.update(|follows| *follows = !*follows)
                >
                    <Icon glyph=FOLLOW/>
                    "Follow"
                </button>
                <button
                    type="button"
                    class="button"
                    data-kind="quiet"
                    data-key="pause"
                    title="Hold new requests back until you look at them"
                    aria-pressed=move || is_paused.get().to_string()
                    on:click=pause
                >
                    <Icon glyph=PAUSE/>
                    "Pause"
                </button>
            </div>
        </header>
    }
    .erased()
}

/// The search term that excludes all but the first attempt of each delivery.
const FIRST_TRIES: &str = "attempt:1";

/// Returns whether a search excludes retries, and the same search with that toggled.
fn folded(q: &Option<String>) -> (bool, Option<String>) {
    let q = q.as_deref().unwrap_or_default().trim();
    match q.strip_suffix(FIRST_TRIES).map(|kept| (kept, unbracketed(kept.trim_end()))) {
        Some(("", _)) => (true, None),
        // In the form in which it was added.
        Some((_, Some(kept))) => (true, Some(kept.to_owned())),
        _ if q.is_empty() => (false, Some(FIRST_TRIES.to_owned())),
        // `OR` binds less tightly than adjacent terms.
        _ => (false, Some(joined(&["(", q, ") ", FIRST_TRIES]))),
    }
}

/// Returns the content of the one pair of brackets that encloses all of `q`.
fn unbracketed(q: &str) -> Option<&str> {
    let within = q.strip_prefix('(')?.strip_suffix(')')?;
    let (mut depth, mut is_quoted, mut is_escaped) = (0_u32, false, false);
    for byte in within.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth += 1,
            b')' if !is_quoted => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    (depth == 0 && !is_quoted).then_some(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_turns_a_search_there_and_back() {
        for q in ["", "method:POST", "a OR b", r#"(a) OR ("b\")" c)"#, "NOT attempt:1"] {
            let before = (!q.is_empty()).then(|| q.to_owned());
            let (is_folded, folding) = folded(&before);
            assert!(!is_folded);
            assert_eq!(folded(&folding), (true, before));
        }
        for q in [
            "myattempt:1",
            "NOT attempt:1",
            "(label:push) (sender:GitHub) attempt:1",
            "a attempt:1",
        ] {
            assert_eq!(
                folded(&Some(q.to_owned())),
                (false, Some(format!("({q}) attempt:1"))),
                "{q}"
            );
        }
    }
}
