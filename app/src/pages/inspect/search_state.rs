//! The search and the span of the open endpoint: what they find, how many there are when, and how
//! both follow what arrives. Only the server knows what a search means.

mod arriving;

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{Opened, actions::PAGE_ROWS};
use crate::{
    api,
    components::search_box::Fault,
    feed::FeedState,
    histogram::Histogram,
    lists::Lists,
    time_window::{PARTS, TimeWindow},
    wire::{
        Counts, CountsAsk, FeedEvent, Page, Problem, QueryError, Suggestions, Summary, Timestamp,
        Window,
    },
};

/// How long deletions are gathered before all are counted again.
const RECOUNT: Duration = Duration::from_secs(2);

/// A page with fewer rows than this found little.
const FEW_ROWS: usize = 10;

/// After this many pages that found little, the viewer is asked whether to go on.
const POOR_PAGES: u32 = 3;

/// What the search and the span show. A cheap-clone handle on signals; they may outlive the page
/// by the time of an answer, so they are written only if they are still there.
#[derive(Debug, Clone, Copy)]
pub(super) struct SearchState {
    pub(super) lists: Lists,
    pub(super) q: Memo<Option<String>>,
    pub(super) span: Memo<TimeWindow>,
    /// The time line; `None` while it could not be read.
    pub(super) scope: RwSignal<Option<Histogram>>,
    /// Raised by each arrival that is shown.
    pub(super) pulse: RwSignal<u32>,
    /// How many the search finds, and whether that is known to be all.
    pub(super) total: RwSignal<Option<(u64, bool)>>,
    /// How the search may go on.
    pub(super) suggestions: RwSignal<Suggestions>,
    /// What is wrong with the search.
    pub(super) fault: RwSignal<Option<Fault>>,
    /// Whether a page is being searched for.
    pub(super) is_loading: RwSignal<bool>,
    trouble: RwSignal<Option<Problem>>,
    asked: StoredValue<Asked>,
}

/// What has been asked of the server, so that late answers to old questions are dropped.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// The number of the search, and of the text being typed.
    search: u32,
    typed: u32,
    /// Up to which request the search has looked among those that arrive.
    through: i64,
    /// Since when what is shown is what the search finds.
    since: Timestamp,
    /// The number of the count, and how many arrivals it cannot know of.
    counts: u32,
    ticks: u32,
    /// Up to which change the time line shows arrivals.
    counted: i64,
    /// How many pages in a row found little.
    poor: u32,
    /// Whether arrivals, and whether a new count, are being waited for.
    gathers: bool,
    recounts: bool,
}

impl SearchState {
    /// What the page was opened with.
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
            asked: StoredValue::new(Asked::default()),
        };
        finding.asked.update_value(|asked| {
            asked.through = opened.endpoint.last_seq;
            asked.counted = opened.page.change;
            asked.since = api::now();
        });
        let span = TimeWindow::parse(opened.span.as_deref().unwrap_or_default());
        finding.count(span, opened.q.clone(), &opened.counts);
        if let Some(found) = opened.found.take() {
            // A search that cannot be read finds nothing: not everything.
            finding.show(match found {
                Err(problem) if problem.start.is_some() => Ok(Page::default()),
                found => found,
            });
        }
        finding
    }

    /// Searches again: the search, the span or what is kept has changed.
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

    /// Finds more, further back; `is_asked` if the viewer wants it even though little was found.
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
                    // Rows that come ask for more by themselves, if they do not fill the list.
                    if found == 0 {
                        self.more(false);
                    }
                }
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Takes over an event that the endpoint's own list has taken over.
    pub(super) fn hear(self, id: Option<i64>, event: &FeedEvent) {
        let is_found = self.lists.found.try_read_untracked().is_some_and(|found| found.is_some());
        match event {
            FeedEvent::Captured(_) if is_found => self.gather(),
            FeedEvent::Captured(summary) => {
                // Events may come twice: each counts once.
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

    /// The viewer types a search: asks how it may go on, and whether it is one.
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
            // Say what is wrong even if nothing changes.
            search(text);
            return;
        }
        let id = self.id();
        spawn_local(async move {
            let answer = api::suggestions(&id, &text, at).await;
            if self.asked.try_with_value(|asked| asked.typed == number) != Some(true) {
                return;
            }
            // Without them the search itself tells what is wrong.
            let Ok(mut suggestions) = answer else { return search(text) };
            let error = suggestions.error.take();
            // What is half written is not wrong as long as there are ways to go on.
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
                // What arrived in between may or may not have been counted.
                if now.ticks != before.ticks {
                    self.recount_later();
                }
            }
        });
    }

    /// Since when what is shown is what the search finds.
    pub(super) fn since(self) -> Timestamp {
        self.ask(|asked| asked.since)
    }

    /// Takes over how many there are when, or what is wrong with the search: of the two answers
    /// this is the one to exactly what stands in the field.
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
            // What is wrong with the search is said below it.
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

    fn ask<T: Default>(self, change: impl FnOnce(&mut Asked) -> T) -> T {
        self.asked.try_update_value(change).unwrap_or_default()
    }

    fn id(self) -> String {
        self.lists.all.read_untracked().endpoint.id.clone()
    }

    fn report(self, problem: Problem) {
        let _ = self.trouble.try_set(Some(problem));
    }
}

/// What is counted for a search and a span that ends now.
pub(super) fn ask(q: Option<String>, span: TimeWindow) -> CountsAsk {
    let (from, to) = span.bounds(api::now());
    CountsAsk { from, to, buckets: Some(PARTS), q: q.filter(|q| !q.trim().is_empty()) }
}
