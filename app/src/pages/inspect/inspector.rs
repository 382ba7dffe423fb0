//! An open endpoint: its current and arriving requests, and the viewer's actions on them.

use leptos::prelude::*;

use super::{
    Opened,
    actions::Actions,
    adjacent::Adjacent,
    search_state::SearchState,
    selection::{LoadedRequest, PartAnswer, Selection},
};
use crate::{
    components::{
        alerts,
        announcer::Announcer,
        connection::ConnectionBadge,
        empty_state::EmptyState,
        endpoint_bar::{AnswersLink, EndpointBar},
        endpoint_menu::EndpointMenu,
        expiry_notice::{Ended, ExpiryNotice},
        icon::ALERT,
        link,
        list_head::Arrivals,
        notice::{Notice, Tone},
        outage::Outage,
        request_list::RequestList,
        scope_line::ScopeLine,
        search_box::SearchBox,
        splitter::Splitter,
        switcher::Switcher,
        top_bar::TopBar,
    },
    feed::FeedState,
    format::name,
    lists::Lists,
    live::{Following, LiveState},
    load::Resource,
    pages::home::read_session,
    route::{NavigateOptions, use_location, use_navigate},
    row_window, shortcuts,
    time_window::TimeWindow,
    undo_queue::{PendingDeletion, UndoQueue},
    viewer::Viewer,
    wire::{GoneReason, Part, Problem},
};

/// The open endpoint: the list on the left; on the right the chosen request, or how to send one.
#[component]
pub(super) fn Inspector(
    mut opened: Opened,
    seq: Signal<Option<i64>>,
    selected: Resource<LoadedRequest>,
    part: Resource<PartAnswer>,
) -> impl IntoView {
    let Opened { endpoint, page, before, .. } = opened.clone();
    let opened_with =
        (opened.q.clone(), TimeWindow::parse(opened.span.as_deref().unwrap_or_default()));
    let viewer = Viewer::get();
    let id = endpoint.id.clone();
    let own = endpoint.id.clone();
    let ending = endpoint.clone();
    let pending = UndoQueue::get();
    let loaded_through = endpoint.last_seq;
    let title = name::short(&endpoint).to_owned();
    let lists = Lists {
        all: RwSignal::new(FeedState::new(endpoint.clone(), page)),
        found: RwSignal::new(None),
        turn: RwSignal::new(0),
    };
    let acts = Actions { lists, is_loading: RwSignal::new(false), trouble: RwSignal::new(None) };
    let state = lists.all;
    let arrivals = Arrivals::new(loaded_through);
    let (q, word) = (link::query_value("q"), link::query_value("span"));
    let span = Memo::new(move |_| TimeWindow::parse(word.read().as_deref().unwrap_or_default()));
    let finding = SearchState::new(lists, q, span, acts.trouble, &mut opened);
    let Following { connection, storing } = acts.follow(finding);
    Effect::new(move |last: Option<(Option<String>, TimeWindow)>| {
        let now = (q.get(), span.get());
        if last.as_ref().unwrap_or(&opened_with) != &now {
            finding.load();
        }
        now
    });
    // Data that could not be read is read again once the server is back.
    let is_missing = StoredValue::new(false);
    Effect::new(move |was: Option<bool>| {
        let is_live = connection.get() == LiveState::Live;
        if is_live && was == Some(false) {
            if is_missing.try_update_value(std::mem::take) == Some(true) {
                selected.refetch();
                part.refetch();
            }
            if acts.trouble.read_untracked().is_some() {
                acts.trouble.set(None);
                finding.load();
            }
        }
        is_live
    });
    let url = Memo::new(move |_| viewer.url_of(&state.read().endpoint)).into();
    let requests = Memo::new(move |_| state.read().endpoint.requests);
    let last_seq = Memo::new(move |_| state.read().endpoint.last_seq);
    let until = Memo::new(move |_| state.read().endpoint.expires_at);
    let with_command =
        Memo::new(move |_| seq.get().is_some() || state.read().endpoint.requests > 0).into();
    let ended = Memo::new(move |_| ended_because(state.read().gone, connection.get()));
    let navigate = use_navigate();
    let location = use_location();
    let set = {
        let navigate = navigate.clone();
        move |key: &'static str, value: Option<String>, replace: bool| {
            let set: Option<[_; 1]> = value.as_deref().map(|value| [(key, value)]);
            let set = set.as_ref().map_or(&[][..], |set| set);
            let query = link::query_for(&location.query.get_untracked(), &["before", key], set);
            let path = location.pathname.get_untracked() + &query;
            navigate(
                &path,
                NavigateOptions { scroll: false, replace, ..NavigateOptions::default() },
            );
        }
    };
    let on_span = {
        let set = set.clone();
        Callback::new(move |span: TimeWindow| set("span", span.word(), false))
    };
    // While the viewer types, the URL follows: the first letter adds one step to the history.
    let is_typing = StoredValue::new(false);
    let on_type = Callback::new(move |(text, at, is_done): (String, u32, bool)| {
        let set = set.clone();
        finding.typed(text, at, is_done, move |text| {
            let text = Some(text).filter(|text| !text.trim().is_empty());
            if text != q.get_untracked() {
                set("q", text, is_typing.get_value());
                is_typing.set_value(true);
            }
            if is_done {
                is_typing.set_value(false);
            }
        });
    });
    let query = link::query_string();
    let on_delete_endpoint = {
        let (navigate, id) = (navigate.clone(), id.clone());
        move |()| {
            pending.hold(
                id.clone(),
                PendingDeletion::Endpoint,
                Some((link::inspect(&id, None, ""), "/".to_owned())),
            );
            navigate("/", NavigateOptions::default());
        }
    };
    let go = move |seq: Option<i64>, replace: bool| {
        let path = link::inspect(&id, seq, &query.get_untracked());
        navigate(&path, NavigateOptions { scroll: false, replace, ..NavigateOptions::default() });
    };
    let show = {
        let go = go.clone();
        move |seq| go(seq, false)
    };
    // Following starts with the newest, pauses while the viewer types, and stops when the viewer
    // selects an older request. Arrivals add no steps to the history.
    Effect::new(move |last: Option<(bool, i64)>| {
        let (newest, follows) = (lists.newest(), arrivals.follows.get());
        let Some((followed, opened)) = last else { return (follows, newest) };
        let is_older = seq.get_untracked().is_some_and(|seq| seq < opened);
        if follows && followed && (newest <= opened || is_older || shortcuts::is_typing()) {
            return (follows, opened);
        }
        if follows && newest > 0 {
            go(Some(newest), true);
        }
        (follows, newest)
    });
    let on_clear = {
        let show = show.clone();
        Callback::new(move |()| acts.clear(pending, &show))
    };
    let on_change = move |field: &str, value: &str| acts.change(field, value);
    let on_beside = {
        let show = show.clone();
        Callback::new(move |seq| show(Some(seq)))
    };
    let on_delete = Callback::new(move |seq| acts.delete(pending, seq, &show));
    let search = Memo::new(move |_| span.get().search(q.read().as_deref()));
    acts.set_hidden(search);
    let on_delete_found =
        move |count| acts.delete_found(pending, search.get_untracked(), finding.since(), count);
    let listed = Signal::derive(move || {
        let seq = seq.get()?;
        let known = state.read().find(seq).cloned();
        known.or_else(|| lists.find(seq))
    });
    // A new attempt of the delivery whose attempts are shown.
    let asked = use_location().query;
    Effect::new(move |last: Option<i64>| {
        let newest = last_seq.get();
        let is_shown = || row_window::ask(&asked.read_untracked()).part == Part::Attempts;
        if let Some(last) = last
            && newest > last
            && is_shown()
            && let Some(chosen) = listed.get_untracked()
            && state.read_untracked().is_tried_since(last, &chosen)
        {
            part.refetch();
        }
        newest
    });
    // The chosen request was deleted elsewhere.
    let is_deleted = Memo::new(move |_| seq.get().is_some_and(|seq| state.read().is_deleted(seq)));
    Effect::new(move |_| {
        if is_deleted.get() {
            selected.refetch();
        }
    });
    let annotate = Callback::new(move |(change, known)| acts.annotate(change, known));
    alerts::tell_unread(lists, title.clone());
    view! {
        <TopBar session=Callback::new(read_session)>
            <Switcher current=endpoint endpoints=opened.endpoints/>
            <ConnectionBadge connection/>
        </TopBar>
        <main class="inspect" data-state=move || if seq.get().is_some() { "chosen" } else { "list" }>
            <h1 class="unseen">{move || name::short(&state.read().endpoint).to_owned()}</h1>
            <Outage storing/>
            <ExpiryNotice endpoint=ending until ended/>
            <Announcer last_seq/>
            <div role="alert">
                {move || acts.trouble.get().map(|problem: Problem| view! {
                    <Notice tone=Tone::Bad glyph=ALERT>{problem.to_string()}</Notice>
                }.erased())}
            </div>
            <EndpointBar url with_command until>
                <AnswersLink state/>
                <EndpointMenu state until on_change on_clear on_delete=on_delete_endpoint/>
            </EndpointBar>
            <ScopeLine
                scope=finding.scope
                span
                is_searched=Signal::derive(move || q.read().is_some())
                pulse=finding.pulse.into()
                on_span
            />
            <div class="inspect__panes">
                <RequestList
                    lists
                    name=title
                    selected=seq
                    before
                    loaded_through
                    arrivals
                    found=finding.total.into()
                    is_wrong=Signal::derive(move || finding.fault.read().is_some())
                    on_delete_found
                    on_older=move |is_asked| match lists.found.read_untracked().is_some() {
                        true => finding.more(is_asked),
                        false => acts.load_older(),
                    }
                    is_loading=Signal::derive(move || acts.is_loading.get() || finding.is_loading.get())
                >
                    <SearchBox
                        q
                        span=word.into()
                        suggestions=finding.suggestions
                        fault=finding.fault
                        on_type
                    />
                </RequestList>
                <Splitter/>
                <div class="inspect__detail">
                    {move || seq.get().is_none().then(|| view! { <EmptyState url requests=requests.into() last_seq=last_seq.into()/> }.erased())}
                    <Adjacent lists seq search on_go=on_beside/>
                    <Selection endpoint=own selected part listed is_missing seq delete=on_delete annotate/>
                </div>
            </div>
        </main>
    }
}

/// Returns why no more requests will arrive.
fn ended_because(gone: Option<GoneReason>, connection: LiveState) -> Ended {
    match connection {
        LiveState::Ended(reason) => Some(gone.or(reason)),
        _ => gone.map(Some),
    }
}
