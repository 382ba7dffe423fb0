//! An endpoint that is open: its requests as they stand and as they arrive, and what the viewer
//! does to them.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{
    Opened,
    acts::Acts,
    selection::{Answer, Selection},
};
use crate::{
    components::{
        connection::ConnectionBadge,
        endpoint_bar::EndpointBar,
        endpoint_menu::EndpointMenu,
        icon::ALERT,
        link,
        list_head::Arrivals,
        notice::{Notice, Tone},
        outage::Outage,
        request_list::RequestList,
        switcher::Switcher,
        top_bar::TopBar,
        waiting::Waiting,
    },
    feed::FeedState,
    format::name,
    lists::Lists,
    live::{Connection, Following},
    pages::home::read_session,
    viewer::Viewer,
    wire::{GoneReason, Problem},
};

/// The open endpoint: list on the left, the chosen request or how to send one on the right.
#[component]
pub(super) fn Bench(
    opened: Opened,
    seq: Signal<Option<i64>>,
    selected: Resource<Answer>,
) -> impl IntoView {
    let Opened { endpoint, page, endpoints, before } = opened;
    let viewer = Viewer::get();
    let id = endpoint.id.clone();
    let loaded_through = endpoint.last_seq;
    let title = name::short(&endpoint).to_owned();
    let lists = Lists {
        all: RwSignal::new(FeedState::new(endpoint.clone(), page)),
        found: RwSignal::new(None),
        turn: RwSignal::new(0),
    };
    let acts = Acts { lists, is_loading: RwSignal::new(false), trouble: RwSignal::new(None) };
    let state = lists.all;
    let arrivals = Arrivals::new(loaded_through);
    let found = RwSignal::new(None);
    let Following { connection, storing } = acts.follow();
    let url = Memo::new(move |_| viewer.url_of(&state.read().endpoint)).into();
    let requests = Memo::new(move |_| state.read().endpoint.requests);
    let last_seq = Memo::new(move |_| state.read().endpoint.last_seq);
    let until = Memo::new(move |_| state.read().endpoint.expires_at);
    let with_command =
        Memo::new(move |_| seq.get().is_some() || state.read().endpoint.requests > 0).into();
    let ended = Memo::new(move |_| ended_because(state.read().gone, connection.get()));
    let navigate = use_navigate();
    let query = link::query_string();
    let go = move |seq: Option<i64>, replace: bool| {
        let path = link::inspect(&id, seq, &query.get_untracked());
        navigate(&path, NavigateOptions { scroll: false, replace, ..NavigateOptions::default() });
    };
    let show = {
        let go = go.clone();
        move |seq| go(seq, false)
    };
    // What arrives by itself is no step that one would go back.
    Effect::new(move |last: Option<i64>| {
        let newest = lists.newest();
        if arrivals.follows.get() && last.is_some_and(|last| newest > last) {
            go(Some(newest), true);
        }
        newest
    });
    let on_clear = {
        let show = show.clone();
        Callback::new(move |()| acts.clear(show.clone()))
    };
    let on_change = move |field: &str, value: &str| acts.change(field, value);
    let on_delete = Callback::new(move |seq| acts.delete(seq, show.clone()));
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
                    lists
                    selected=seq
                    before
                    loaded_through
                    arrivals
                    found=found.into()
                    on_older=move |_| acts.load_older()
                    is_loading=acts.is_loading.into()
                >
                    ""
                </RequestList>
                <div class="inspect__detail">
                    {move || seq.get().is_none().then(|| view! { <Waiting url requests=requests.into() last_seq=last_seq.into()/> })}
                    <Selection seq selected on_delete/>
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
