//! The menu of the workspace: its key, how to open it elsewhere, how to switch to another, how to
//! leave it.

use leptos::prelude::*;

use super::{
    copy::CopyButton,
    icon::{CHEVRON_DOWN, Icon, KEY},
    key_form::KeyForm,
};
use crate::wire::Problem;

/// The workspace's key, as far as the menu has loaded it.
#[derive(Debug, Clone, Default)]
pub(crate) enum MenuKey {
    /// Not requested: the key is on the screen only while the viewer wants to see it.
    #[default]
    Hidden,
    /// Requested; no response yet.
    Asked,
    /// The server's response.
    Answered(Result<crate::wire::Session, Problem>),
}

/// A menu that opens below its button. `session` reads the key into the given signal.
#[component]
pub(crate) fn WorkspaceMenu(session: Callback<RwSignal<MenuKey>>) -> impl IntoView {
    view! {
        <details class="menu workspace-menu" data-menu name="menu">
            <summary class="button" data-kind="quiet" aria-label="Workspace">
                <Icon glyph=KEY/>
                <span class="workspace-menu__word">"Workspace"</span>
                <Icon glyph=CHEVRON_DOWN/>
            </summary>
            <div class="menu__panel" data-align="end">
                <section class="menu__section">
                    <h2 class="menu__title">"This browser’s workspace"</h2>
                    <p class="menu__text">
                        "A workspace owns your endpoints. Whoever holds its key can read and delete all that they received, so treat it like a password."
                    </p>
                    <KeyView session/>
                </section>
                <section class="menu__section">
                    <h2 class="menu__title">"Open it elsewhere, or open another one"</h2>
                    <p class="menu__text">
                        "Copy the key and paste it here on the other device. A pasted key takes the place of this browser’s own: keep that one first."
                    </p>
                    <KeyForm id="menu-key" action="Switch"/>
                </section>
                <section class="menu__section">
                    <h2 class="menu__title">"Forget it"</h2>
                    <p class="menu__text">
                        "Takes the key out of this browser. Without a copy of the key its endpoints cannot be opened by anyone, ever again."
                    </p>
                    <form method="post" action="/api/session">
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" data-kind="danger" type="submit">
                            "Forget this workspace"
                        </button>
                    </form>
                </section>
            </div>
        </details>
    }
    .erased()
}

/// The key, once requested.
#[component]
fn KeyView(session: Callback<RwSignal<MenuKey>>) -> impl IntoView {
    let key = RwSignal::new(MenuKey::Hidden);
    let show = move |_| {
        key.set(MenuKey::Asked);
        session.run(key);
    };
    let view = move || match key.get() {
        MenuKey::Hidden | MenuKey::Asked => {
            let asked = matches!(key.get_untracked(), MenuKey::Asked);
            view! {
                <button class="button" type="button" disabled=asked on:click=show>
                    "Show the key"
                </button>
            }
            .erased()
        }
        MenuKey::Answered(Ok(session)) => view! {
            <div class="workspace-menu__key">
                <code class="wire-field" data-testid="workspace-key">
                    {session.key.clone()}
                </code>
                <CopyButton text=session.key what="the key"/>
            </div>
        }
        .erased(),
        MenuKey::Answered(Err(problem)) if problem.is_final() => view! {
            <p class="menu__text">"There is none yet: the first endpoint brings one."</p>
        }
        .erased(),
        MenuKey::Answered(Err(problem)) => view! {
            <p class="menu__text" data-state="bad">{problem.detail}</p>
            <button class="button" type="button" on:click=show>
                "Try again"
            </button>
        }
        .erased(),
    };
    view! {
        <div data-script>{view}</div>
        <p class="menu__text" data-no-script>
            "Showing the key needs script. It is the value of this site’s cookie."
        </p>
    }
}
