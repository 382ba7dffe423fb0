//! An endpoint that is open: its requests as they stand and as they arrive, and what the viewer
//! does to them.

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    Opened,
    selection::{Answer, PartAnswer, Selection},
};
use crate::{
    api,
    components::{
        connection::ConnectionBadge,
        endpoint_bar::EndpointBar,
        endpoint_menu::EndpointMenu,
        icon::ALERT,
        link,
        notice::{Notice, Tone},
        outage::Outage,
        request_list::RequestList,
        switcher::Switcher,
        top_bar::TopBar,
        waiting::Waiting,
    },
    feed::FeedState,
    format::{joined, name},
    live::{self, Connection, Following},
    pages::home::read_session,
    pending::{Doomed, Pending},
    viewer::Viewer,
    wire::{FeedEvent, GoneReason, Problem, Summary, Window},
};

/// The open endpoint: list on the left, the chosen request or how to send one on the right.
#[component]
pub(super) fn Bench(
    opened: Opened,
    seq: Signal<Option<i64>>,
    selected: Resource<Answer>,
    part: Resource<PartAnswer>,
) -> impl IntoView {
    let Opened { endpoint, page, endpoints, before } = opened;
    let viewer = Viewer::get();
    let pending = Pending::get();
    let id = endpoint.id.clone();
    let loaded_through = endpoint.last_seq;
    let title = name::short(&endpoint).to_owned();
    let acts = Acts {
        state: RwSignal::new(FeedState::new(endpoint.clone(), page)),
        is_loading: RwSignal::new(false),
        trouble: RwSignal::new(None),
    };
    let state = acts.state;
    let Following { connection, storing } = acts.follow();
    let url = Memo::new(move |_| viewer.url_of(&state.read().endpoint)).into();
    let requests = Memo::new(move |_| state.read().endpoint.requests);
    let last_seq = Memo::new(move |_| state.read().endpoint.last_seq);
    let until = Memo::new(move |_| state.read().endpoint.expires_at);
    let with_command =
        Memo::new(move |_| seq.get().is_some() || state.read().endpoint.requests > 0).into();
    let ended = Memo::new(move |_| ended_because(state.read().gone, connection.get()));
    let navigate = use_navigate();
    let show = {
        let id = id.clone();
        let query = link::query_string();
        move |seq: Option<i64>| {
            let path = link::inspect(&id, seq, &query.get_untracked());
            navigate(&path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let on_clear = {
        let show = show.clone();
        Callback::new(move |()| acts.clear(pending, &show))
    };
    let on_change = move |field: &str, value: &str| acts.change(field, value);
    let on_delete = Callback::new(move |seq| acts.delete(pending, seq, &show));
    let listed = Signal::derive(move || {
        let seq = seq.get()?;
        state.read().requests.iter().find(|known| known.seq == seq).cloned()
    });
    let annotate = Callback::new(move |(change, known)| acts.annotate(seq, change, known));
    view! {
        <Title text=format!("{title} · Hookglass")/>
        <TopBar session=Callback::new(read_session)>
            <Switcher current=endpoint endpoints/>
            <ConnectionBadge connection/>
        </TopBar>
        <main class="inspect" data-state=move || if seq.get().is_some() { "chosen" } else { "list" }>
            <Outage storing/>
            {move || ended.get().map(|text| view! { <Notice tone=Tone::Warn glyph=ALERT>{text}</Notice> })}
            {move || acts.trouble.get().map(|problem: Problem| view! {
                <Notice tone=Tone::Bad glyph=ALERT>{problem.to_string()}</Notice>
            })}
            <EndpointBar url with_command until>
                <EndpointMenu state until on_change on_clear/>
            </EndpointBar>
            <div class="inspect__panes">
                <RequestList
                    state
                    selected=seq
                    before
                    loaded_through
                    on_older=move |()| acts.load_older()
                    is_loading=acts.is_loading.into()
                />
                <div class="inspect__detail">
                    {move || seq.get().is_none().then(|| view! { <Waiting url requests=requests.into() last_seq=last_seq.into()/> })}
                    <Selection endpoint=acts.id() seq selected part listed delete=on_delete annotate/>
                </div>
            </div>
        </main>
    }
}

/// Why nothing new will come, in words.
fn ended_because(gone: Option<GoneReason>, connection: Connection) -> Option<&'static str> {
    let reason = match connection {
        Connection::Ended(reason) => Some(gone.or(reason)),
        _ => gone.map(Some),
    };
    reason.map(|reason| match reason {
        Some(GoneReason::Deleted) => {
            "This endpoint was deleted. What you see is what this page had loaded; it is gone when you leave."
        }
        Some(GoneReason::Expired) => {
            "This endpoint has expired. What you see is what this page had loaded; it is gone when you leave."
        }
        None => {
            "This browser cannot follow the endpoint any more: its workspace was switched or forgotten. Paste its key to open it again."
        }
    })
}

/// What the viewer does to the open endpoint, and what it shows meanwhile.
#[derive(Debug, Clone, Copy)]
struct Acts {
    state: RwSignal<FeedState>,
    is_loading: RwSignal<bool>,
    trouble: RwSignal<Option<Problem>>,
}

/// All of these may outlive the page by the time of a call: they write only to what is still there.
impl Acts {
    fn id(self) -> String {
        self.state.read_untracked().endpoint.id.clone()
    }

    fn follow(self) -> Following {
        let change = self.state.read_untracked().change;
        live::follow(vec![self.id()], change, move |id, event| {
            let has_gap = self.state.try_update(|state| {
                let had_gap = state.has_gap();
                state.apply(id, &event);
                state.has_gap() && !had_gap
            });
            if has_gap == Some(true) {
                self.close_gap();
            }
        })
    }

    /// Reads the first page again, and once more as long as too much comes in between.
    fn close_gap(self) {
        let id = self.id();
        spawn_local(async move {
            loop {
                let endpoint = match api::endpoint(&id).await {
                    Ok(endpoint) => endpoint,
                    Err(problem) => return self.report(problem),
                };
                let page = match api::requests(&id, Window::default()).await {
                    Ok(page) => page,
                    Err(problem) => return self.report(problem),
                };
                if self.state.try_update(|state| state.refresh(endpoint, page)) != Some(false) {
                    return;
                }
            }
        });
    }

    fn load_older(self) {
        let before = self.state.read_untracked().next_before;
        if before.is_none() || self.is_loading.get_untracked() {
            return;
        }
        self.is_loading.set(true);
        let id = self.id();
        spawn_local(async move {
            match api::requests(&id, Window { before, ..Window::default() }).await {
                Ok(page) => {
                    let _ = self.state.try_update(|state| state.append(page));
                    let _ = self.trouble.try_set(None);
                }
                Err(problem) => self.report(problem),
            }
            let _ = self.is_loading.try_set(false);
        });
    }

    fn change(self, field: &str, value: &str) {
        let id = self.id();
        // Both come from our own buttons: names of the API, and words or numbers that need no
        // escape.
        let quote = if field == "expires_in" { "" } else { "\"" };
        let change = joined(&["{\"", field, "\":", quote, value, quote, "}"]);
        spawn_local(async move {
            match api::change(&id, change).await {
                Ok(endpoint) => self.apply(FeedEvent::Endpoint(endpoint)),
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Changes note or pin of the chosen request; what it is then goes into `known`, too.
    fn annotate(self, seq: Signal<Option<i64>>, change: String, known: RwSignal<Summary>) {
        let Some(seq) = seq.get_untracked() else { return };
        let id = self.id();
        spawn_local(async move {
            match api::annotate(&id, seq, change).await {
                Ok(summary) => {
                    let _ = known.try_set(summary.clone());
                    self.apply(FeedEvent::Updated(summary));
                }
                Err(problem) => self.report(problem),
            }
        });
    }

    /// Empties the list, to be taken back for a while.
    fn clear(self, pending: Pending, show: impl Fn(Option<i64>)) {
        let (through, count) = {
            let state = self.state.read_untracked();
            (state.endpoint.last_seq, state.endpoint.requests)
        };
        let doomed = Doomed::Found { q: None, through, count };
        pending.hold(self.id(), doomed, None);
        show(None);
    }

    /// Deletes a request, to be taken back for a while, and shows the next older one, or the next
    /// newer one at the end.
    fn delete(self, pending: Pending, seq: i64, show: impl Fn(Option<i64>)) {
        let id = self.id();
        let next = {
            let state = self.state.read_untracked();
            let is_there = |known: &&Summary| !untrack(|| pending.hides(&id, known.seq));
            let older = state.requests.iter().filter(is_there).find(|known| known.seq < seq);
            let newer = state.requests.iter().filter(is_there).rfind(|known| known.seq > seq);
            older.or(newer).map(|known| known.seq)
        };
        let pages = (link::inspect(&id, Some(seq), ""), link::inspect(&id, next, ""));
        pending.hold(id, Doomed::Requests(vec![seq]), Some(pages));
        show(next);
    }

    fn apply(self, event: FeedEvent) {
        let _ = self.state.try_update(|state| state.apply(None, &event));
        let _ = self.trouble.try_set(None);
    }

    fn report(self, problem: Problem) {
        let _ = self.trouble.try_set(Some(problem));
    }
}
