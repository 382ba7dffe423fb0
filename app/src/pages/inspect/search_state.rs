//! The search and the span of the open endpoint: their results, the counts over time, and how both
//! follow arrivals. Only the server knows the syntax of searches.

mod arriving;

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{Opened, actions::PAGE_ROWS};
use crate::{
    api,
    components::search_box::SearchError,
    feed::FeedState,
    histogram::Histogram,
    lists::Lists,
    time_window::{PARTS, TimeWindow},
    wire::{
        Counts, CountsAsk, FeedEvent, Page, Problem, QueryError, Suggestions, Summary, Timestamp,
        Window,
    },
};

/// How long deletions are batched before all requests are counted again.
const RECOUNT: Duration = Duration::from_secs(2);

/// A page with fewer rows than this found little.
const FEW_ROWS: usize = 10;

/// After this many pages that found little, the viewer is asked whether to go on.
const POOR_PAGES: u32 = 3;

/// The state of the search and the span. A cheap-clone handle on signals; a response may come after
/// the page is gone, so they are written only if they still exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct SearchState {
    pub(super) lists: Lists,
    pub(super) q: Memo<Option<String>>,
    pub(super) span: Memo<TimeWindow>,
    /// The time line; `None` while it could not be read.
    pub(super) scope: RwSignal<Option<Histogram>>,
    /// Incremented by each visible arrival.
    pub(super) pulse: RwSignal<u32>,
    /// The number of results, and whether that is known to be all.
    pub(super) total: RwSignal<Option<(u64, bool)>>,
    /// The suggestions for the search.
    pub(super) suggestions: RwSignal<Suggestions>,
    /// The error in the search.
    pub(super) fault: RwSignal<Option<SearchError>>,
    /// Whether a page of results is being loaded.
    pub(super) is_loading: RwSignal<bool>,
    trouble: RwSignal<Option<Problem>>,
    asked: StoredValue<CallState>,
}

/// The state of calls to the server, so that late responses to old calls are dropped.
#[derive(Debug, Clone, Copy, Default)]
struct CallState {
    /// The number of the search, and of the text being typed.
    search: u32,
    typed: u32,
    /// The last arrival that the search has checked.
    through: i64,
    /// The time at which the visible results were correct.
    since: Timestamp,
    /// The number of the count, and of the arrivals that it may lack.
    counts: u32,
    ticks: u32,
    /// The last change whose arrival is in the time line.
    counted: i64,
    /// The number of consecutive pages with few results.
    poor: u32,
    /// Whether arrivals, and whether a new count, are being batched.
    gathers: bool,
    recounts: bool,
}

impl SearchState {
    /// Returns the state with which the page opens.
    pub(super) fn new(
        lists: Lists,
        q: Memo<Option<String>>,
        span: Memo<TimeWindow>,
        trouble: RwSignal<Option<Problem>>,
        opened: &mut Opened,
    ) -> Self {
        let finding = Self {
            lists,
            q,
            span,
            scope: RwSignal::new(None),
            pulse: RwSignal::new(0),
            total: RwSignal::new(None),
            suggestions: RwSignal::new(Suggestions::default()),
            fault: RwSignal::new(None),
            is_loading: RwSignal::new(false),
            trouble,
            asked: StoredValue::new(CallState::default()),
        };
        finding.asked.update_value(|asked| {
            asked.through = opened.endpoint.last_seq;
            asked.counted = opened.page.change;
            asked.since = api::now();
        });
        let span = TimeWindow::parse(opened.span.as_deref().unwrap_or_default());
        finding.count(span, opened.q.clone(), &opened.counts);
        if let Some(found) = opened.found.take() {
            // An invalid search finds nothing, instead of everything.
            finding.show(match found {
                Err(problem) if problem.start.is_some() => Ok(Page::default()),
                found => found,
            });
        }
        finding
    }

    /// Searches again because the search, the span or the stored requests changed.
    pub(super) fn load(self) {
        let number = self.ask(|asked| {
            asked.search += 1;
            asked.poor = 0;
            asked.since = api::now();
            asked.search
        });
        let (q, span) = (self.q.get_untracked(), self.span.get_untracked());
        let through = self.lists.all.read_untracked().endpoint.last_seq;
        self.recount();
        let Some(search) = span.search(q.as_deref()) else {
            self.fault.set(None);
            self.is_loading.set(false);
            if self.lists.found.read_untracked().is_some() {
                self.lists.found.set(None);
                self.lists.turn.update(|turn| *turn += 1);
            }
            return;
        };
        self.is_loading.set(true);
        let id = self.id();
        spawn_local(async move {
            let window = Window { q: Some(search), ..Window::default() };
            let answer = api::requests(&id, window).await;
            if self.asked.try_with_value(|asked| asked.search == number) == Some(true) {
                self.ask(|asked| asked.through = through);
                self.show(answer);
                self.is_loading.set(false);
            }
        });
    }

    /// Loads more, older results; `is_asked` if the viewer wants that despite few results.
    pub(super) fn more(self, is_asked: bool) {
        let before = self.lists.read_untracked(|list| list.next_before);
        let number = self.ask(|asked| {
            if is_asked {
                asked.poor = 0;
            }
            (asked.poor < POOR_PAGES).then_some(asked.search)
        });
        let (Some(_), Some(number)) = (before, number) else { return };
        let search = self.span.get_untracked().search(self.q.get_untracked().as_deref());
        if self.is_loading.get_untracked() || search.is_none() {
            return;
        }
        self.is_loading.set(true);
        let id = self.id();
        spawn_local(async move {
            let window = Window { before, limit: Some(PAGE_ROWS), q: search, ..Window::default() };
            let answer = api::requests(&id, window).await;
            if self.asked.try_with_value(|asked| asked.search == number) != Some(true) {
                return;
            }
            self.is_loading.set(false);
            match answer {
                Ok(page) => {
                    let found = page.requests.len();
                    self.ask(|asked| {
                        asked.poor = if found < FEW_ROWS { asked.poor + 1 } else { 0 }
                    });
                    self.lists.update(|list| list.append(page));
                    // New rows request more on their own if they do not fill the list.
                    if found == 0 {
                        self.more(false);
                    }
                }
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Applies an event that the endpoint's own list has applied.
    pub(super) fn hear(self, id: Option<i64>, event: &FeedEvent) {
        let is_found = self.lists.found.try_read_untracked().is_some_and(|found| found.is_some());
        match event {
            FeedEvent::Captured(_) if is_found => self.gather(),
            FeedEvent::Captured(summary) => {
                // Events may be repeated: each counts once.
                let is_new = id.is_some_and(|id| {
                    self.asked.try_with_value(|asked| id > asked.counted) == Some(true)
                });
                if is_new {
                    self.ask(|asked| asked.counted = id.unwrap_or_default());
                    self.tick(summary);
                }
            }
            FeedEvent::Updated(_) => self.change(id, event),
            FeedEvent::Deleted { .. } | FeedEvent::Dropped { .. } | FeedEvent::Cleared { .. } => {
                self.change(id, event);
                self.recount_later();
            }
            FeedEvent::Endpoint(_)
            | FeedEvent::Gone { .. }
            | FeedEvent::Gap { .. }
            | FeedEvent::Alive { .. } => {}
        }
    }

    /// Handles typing in the search: requests suggestions, and checks whether the search is valid.
    pub(super) fn typed(
        self,
        text: String,
        at: u32,
        is_done: bool,
        search: impl Fn(String) + 'static,
    ) {
        let number = self.ask(|asked| {
            asked.typed += 1;
            asked.typed
        });
        if is_done {
            // Even if nothing changes, a viewer who has finished typing gets to see the error.
            search(text);
            return;
        }
        let id = self.id();
        spawn_local(async move {
            let answer = api::suggestions(&id, &text, at).await;
            if self.asked.try_with_value(|asked| asked.typed == number) != Some(true) {
                return;
            }
            // Without suggestions the search itself reports the error.
            let Ok(mut suggestions) = answer else { return search(text) };
            let error = suggestions.error.take();
            // An incomplete search is not an error as long as there are suggestions.
            let is_wrong = error.is_some() && suggestions.suggestions.is_empty();
            self.suggestions.set(suggestions);
            match error {
                None => search(text),
                Some(error) if is_wrong => self.fault.set(Some((text, error))),
                Some(_) => {}
            }
        });
    }

    /// Counts the requests over time again.
    pub(super) fn recount(self) {
        let (q, span) = (self.q.get_untracked(), self.span.get_untracked());
        let before = self.ask(|asked| {
            asked.counts += 1;
            *asked
        });
        let id = self.id();
        spawn_local(async move {
            let answer = api::counts(&id, ask(q.clone(), span)).await;
            let Some(now) = self.asked.try_get_value() else { return };
            if (now.search, now.counts) == (before.search, before.counts) {
                self.count(span, q, &answer);
                // The count may or may not include arrivals in the meantime.
                if now.ticks != before.ticks {
                    self.recount_later();
                }
            }
        });
    }

    /// Returns the time at which the visible results were correct.
    pub(super) fn since(self) -> Timestamp {
        self.ask(|asked| asked.since)
    }

    /// Applies new counts, or an error in the search: of the two responses, this one is for exactly
    /// the field's text.
    fn count(self, span: TimeWindow, q: Option<String>, answer: &Result<Counts, Problem>) {
        let fault = match answer {
            Ok(counts) => {
                self.ask(|asked| asked.counted = asked.counted.max(counts.change));
                self.scope.set(Some(Histogram::new(span, counts)));
                self.total.set(Some((counts.total, counts.is_complete)));
                None
            }
            Err(problem) => q.zip(problem.start).map(|(q, start)| {
                let end = problem.end.unwrap_or(start);
                (q, QueryError { start, end, message: problem.detail.clone() })
            }),
        };
        self.fault.set(fault);
    }

    fn show(self, answer: Result<Page, Problem>) {
        match answer {
            Ok(page) => {
                let endpoint = self.lists.all.read_untracked().endpoint.clone();
                self.lists.found.set(Some(FeedState::new(endpoint, page)));
                self.lists.turn.update(|turn| *turn += 1);
            }
            // The error is shown below the search.
            Err(problem) if problem.start.is_some() => {}
            Err(problem) => self.report(problem),
        }
    }

    fn tick(self, summary: &Summary) {
        self.ask(|asked| asked.ticks = asked.ticks.wrapping_add(1));
        self.scope.update(|scope| scope.iter_mut().for_each(|scope| scope.add(summary)));
        self.pulse.update(|pulse| *pulse = pulse.wrapping_add(1));
    }

    fn change(self, id: Option<i64>, event: &FeedEvent) {
        let _ = self.lists.found.try_update(|found| {
            found.iter_mut().for_each(|found| found.apply(id, event));
        });
    }

    fn recount_later(self) {
        if self.ask(|asked| std::mem::replace(&mut asked.recounts, true)) {
            return;
        }
        let later = move || {
            if self.asked.try_update_value(|asked| asked.recounts = false).is_some() {
                self.recount();
            }
        };
        set_timeout(later, RECOUNT);
    }

    fn ask<T: Default>(self, change: impl FnOnce(&mut CallState) -> T) -> T {
        self.asked.try_update_value(change).unwrap_or_default()
    }

    fn id(self) -> String {
        self.lists.all.read_untracked().endpoint.id.clone()
    }

    fn report(self, problem: Problem) {
        let _ = self.trouble.try_set(Some(problem));
    }
}

/// Returns the count request for a search and a span that ends now.
pub(super) fn ask(q: Option<String>, span: TimeWindow) -> CountsAsk {
    let (from, to) = span.bounds(api::now());
    CountsAsk { from, to, buckets: Some(PARTS), q: q.filter(|q| !q.trim().is_empty()) }
}
