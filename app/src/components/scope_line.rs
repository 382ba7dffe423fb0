//! The scope: the time line across the top of an endpoint. It shows the number of requests over
//! time, and a selection on it narrows the page to that span.

mod brush;

use leptos::{html, prelude::*};
use web_sys::{KeyboardEvent, PointerEvent};

use self::brush::{Brush, Handles};
use super::{
    icon::{CROSS, Icon},
    link,
    when::moment,
};
use crate::{
    format::{count::counted, joined},
    histogram::{Fineness, HEIGHT, Histogram, KINDS, TICK_WIDTH, percent},
    route::use_location,
    time_window::{RECENT, TimeWindow},
    viewer::Viewer,
    windowing::px,
};

/// The time line with its caption and preset spans.
#[component]
pub(crate) fn ScopeLine(
    scope: RwSignal<Option<Histogram>>,
    span: Memo<TimeWindow>,
    /// Whether it counts only requests that a search finds.
    is_searched: Signal<bool>,
    /// Incremented by each visible arrival.
    pulse: Signal<u32>,
    /// Shows another span.
    #[prop(into)]
    on_span: Callback<TimeWindow>,
) -> impl IntoView {
    let viewer = Viewer::get();
    let alive = Memo::new(move |_| viewer.now().is_some());
    let graph = NodeRef::<html::Div>::new();
    let brush = Brush::new(scope);
    Effect::new(move |_| {
        if let Some(now) = viewer.now()
            && scope
                .with_untracked(|scope| scope.as_ref().is_some_and(|scope| scope.is_behind(now)))
        {
            scope.update(|scope| scope.iter_mut().for_each(|scope| scope.slide(now)));
        }
    });
    let paths = Memo::new(move |_| scope.read().as_ref().map(Histogram::paths).unwrap_or_default());
    // Most arrivals change no label.
    let labels = Memo::new(move |_| match &*scope.read() {
        Some(scope) => scope.labels(),
        None => (Vec::new(), Fineness::Minutes),
    });
    let parts = Memo::new(move |_| scope.read().as_ref().map_or(1, |scope| scope.ticks().len()));
    let view_box = move || {
        let width = parts.get() * TICK_WIDTH;
        joined(&["0 0 ", &width.to_string(), " ", &HEIGHT.to_string()])
    };
    let says = Memo::new(move |_| {
        scope.read().as_ref().map_or_else(String::new, |scope| {
            says(scope, span.get(), is_searched.get(), alive.get())
        })
    });
    let caption = Memo::new(move |_| brush.says(alive.get()).unwrap_or_else(|| says.get()));
    let apply = move || {
        if let Some(span) = brush.take() {
            on_span.run(span);
        }
    };
    let place = move |event: &PointerEvent| {
        let rect = graph.get_untracked()?.get_bounding_client_rect();
        let last = parts.get_untracked().checked_sub(1)?;
        let width = rect.width() / px(last + 1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let part = ((f64::from(event.client_x()) - rect.left()) / width) as usize;
        // Not `f64::clamp`, which can panic and thus pulls in the code to format fractions.
        let part = part.min(last);
        Some(part)
    };
    let on_down = move |event: PointerEvent| {
        if event.button() == 0
            && let (Some(part), Some(graph)) = (place(&event), graph.get_untracked())
        {
            // Cannot fail for a pointer that is down.
            let _ = graph.set_pointer_capture(event.pointer_id());
            // While drawing, Escape cancels the drawing.
            let _ = graph.focus();
            brush.begin(part);
        }
    };
    let on_move = move |event: PointerEvent| {
        if let Some(part) = place(&event) {
            brush.point(part);
        }
    };
    let on_up = move |_: PointerEvent| {
        if brush.end() {
            apply();
        }
    };
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => apply(),
        "Escape" if brush.is_drawn() => {
            event.stop_propagation();
            brush.clear();
        }
        "Escape" if matches!(span.get_untracked(), TimeWindow::Between(..)) => {
            event.stop_propagation();
            on_span.run(TimeWindow::All);
        }
        _ => {}
    };
    let tick = move |part: Option<usize>, wide: usize| {
        let (part, height) = (part? * TICK_WIDTH, HEIGHT.to_string());
        let wide = wide * TICK_WIDTH;
        Some(joined(&["M", &part.to_string(), " 0V", &height, "h", &wide.to_string(), "V0z"]))
    };
    let pulse_at = move || {
        scope
            .read()
            .as_ref()
            .and_then(|scope| scope.ticks().iter().rposition(|tick| tick.total() > 0))
    };
    view! {
        <section class="scope" aria-label="Requests over time" on:keydown=on_key>
            <p class="scope__says" data-testid="scope-says">{caption}</p>
            <Spans span alive/>
            <div
                class="scope__graph"
                data-testid="scope"
                tabindex="-1"
                node_ref=graph
                on:pointerdown=on_down
                on:pointermove=on_move
                on:pointerup=on_up
                on:pointercancel=move |_| brush.clear()
                on:pointerleave=move |_| brush.leave()
            >
                <svg class="scope__ticks" viewBox=view_box preserveAspectRatio="none" role="img" aria-label=says>
                    <path class="scope__pointed" d=move || tick(brush.pointed(), 1)/>
                    <path
                        class="scope__pulse"
                        d=move || tick(pulse_at(), 1)
                        data-state=move || match pulse.get() {
                            0 => None,
                            count if count % 2 == 0 => Some("even"),
                            _ => Some("odd"),
                        }
                    />
                    {KINDS.into_iter().enumerate().map(|(kind, (_, name))| view! {
                        <path class="scope__kind" data-state=name d=move || paths.read()[kind].clone()/>
                    }).each_erased()}
                    <path class="scope__kind" data-state="refused" d=move || paths.read()[KINDS.len()].clone()/>
                    <path class="scope__brush" d=move || brush.drawn().and_then(|(from, to)| tick(Some(from), to - from))/>
                </svg>
                <Handles brush parts alive/>
            </div>
            <svg class="scope__labels" aria-hidden="true">
                {move || {
                    let fineness = labels.read().1;
                    let alive = alive.get();
                    let label = move |(place, at)| {
                        view! { <text x=percent(place) y="11">{moment(alive, at, fineness)}</text> }
                    };
                    labels.read().0.iter().copied().map(label).each_erased()
                }}
            </svg>
        </section>
    }
    .erased()
}

/// Preset spans, as links: they work without script.
#[component]
fn Spans(span: Memo<TimeWindow>, alive: Memo<bool>) -> impl IntoView {
    let one = move |each: TimeWindow, name: &'static str| {
        let path = use_location().pathname;
        let query = link::query_set("span", move || each.word());
        view! {
            <a
                class="scope__span"
                href=move || path.get() + &query.read()
                aria-current=move || (span.get() == each).then_some("true")
                data-noscroll
            >
                {name}
            </a>
        }
    };
    let recent = RECENT.into_iter().enumerate();
    view! {
        <nav class="scope__spans" aria-label="Span of time">
            {recent.map(|(index, (_, name, ..))| one(TimeWindow::Recent(index), name)).each_erased()}
            {one(TimeWindow::All, "All")}
            {move || match span.get() {
                TimeWindow::Between(from, to) => {
                    let [from, to] = [from, to].map(|at| moment(alive.get(), at, Fineness::Seconds));
                    let query = link::query_set("span", || None);
                    let path = use_location().pathname;
                    Some(view! {
                        <a
                            class="scope__span"
                            data-kind="drawn"
                            href=move || path.get() + &query.read()
                            aria-current="true"
                            title="Show all again"
                            data-noscroll
                        >
                            {joined(&[&from, "–", &to])}
                            <Icon glyph=CROSS/>
                            <span class="unseen">"clear the span"</span>
                        </a>
                    })
                }
                _ => None,
            }}
        </nav>
    }
}

/// `128 requests in the last hour, most at 12:03`.
fn says(scope: &Histogram, span: TimeWindow, is_searched: bool, alive: bool) -> String {
    let total = scope.total();
    let when = match span {
        TimeWindow::All => "",
        TimeWindow::Recent(index) => RECENT.get(index).map_or("", |(_, _, when, _)| when),
        TimeWindow::Between(..) => "in this span",
    };
    let what = match (total, is_searched) {
        (0, true) => "Nothing found".to_owned(),
        (0, false) => "Quiet: no requests".to_owned(),
        (_, true) => counted(total, "request found", "requests found"),
        (_, false) => counted(total, "request", "requests"),
    };
    let most = scope.busiest().filter(|_| total > 1).map(|part| {
        joined(&[
            ", most at ",
            &moment(alive, scope.time_of(part), scope.fineness()),
            if alive { "" } else { " UTC" },
        ])
    });
    joined(&[
        &what,
        if when.is_empty() { "" } else { " " },
        when,
        most.as_deref().unwrap_or_default(),
        if scope.is_partial { " (so far as counted)" } else { "" },
    ])
}
