//! The page with the settings of an endpoint's responses: plain HTML with forms, rendered only by
//! the server, so that it adds nothing to the browser half and needs no script. A short script, if
//! enabled, protects unsaved input.

mod form;
mod programme;
mod replies;
mod trust;

use leptos::{nonce::use_nonce, prelude::*};

use self::form::FormView;
use crate::{
    components::{
        brand::Brand,
        icon::{ARROW_LEFT, Icon},
    },
    shell::{Basics, Site},
    wire::{Answering, Provider, Secret},
};

/// Each form is saved separately: leaving the page, or saving one form while another has unsaved
/// input, asks for confirmation first. A rejected form counts as unsaved from the start.
const GUARD: &str = r#"
const unsaved = new Set(document.querySelectorAll("form:has([role=alert])"));
let sent;
addEventListener("input", (event) => unsaved.add(event.target.form));
addEventListener("submit", (event) => (sent = event.target));
addEventListener("beforeunload", (event) => {
  if ([...unsaved].some((form) => form && form !== sent)) event.preventDefault();
  sent = undefined;
});
"#;

/// The data of the page.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The endpoint's id.
    pub endpoint: String,
    /// The owner's name for it, if any.
    pub name: Option<String>,
    /// The URL for senders.
    pub url: String,
    /// The version of these settings, as forms send it back.
    pub version: String,
    /// The settings.
    pub answering: Answering,
    /// The current programme, in readable form.
    pub running: Option<Running>,
    /// Programmes that one click sets.
    pub presets: Vec<Preset>,
    /// The endpoint's secrets.
    pub secrets: Vec<Secret>,
    /// The senders whose signatures can be verified, by name.
    pub providers: Vec<Provider>,
    /// The supported verification requests.
    pub handshakes: Vec<HandshakeChoice>,
    /// The id of the sender whose secret is needed; empty if that is not known.
    pub sender: String,
    /// The change that was just made: its section, and a sentence.
    pub done: Option<Done>,
    /// The input that was rejected.
    pub refused: Option<RejectedForm>,
}

/// A change that was just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The section's id.
    pub section: &'static str,
    /// A sentence that describes the change.
    pub says: &'static str,
}

/// A programme in readable form.
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// `503 twice, then 200`.
    pub does: String,
    /// `1 of 3 done`.
    pub standing: String,
    /// Whether all steps are done.
    pub is_over: bool,
    /// Each step for people, and whether it is `done`, `next` or `ahead`.
    pub steps: Vec<(String, &'static str)>,
}

/// A programme that one click sets.
#[derive(Debug, Clone, Default)]
pub struct Preset {
    /// Its stable id.
    pub id: &'static str,
    /// The label of its button.
    pub label: &'static str,
    /// Its purpose.
    pub purpose: &'static str,
}

/// A supported verification request.
#[derive(Debug, Clone, Default)]
pub struct HandshakeChoice {
    /// The sender's name.
    pub name: &'static str,
    /// The request that it sends.
    pub asks: &'static str,
    /// The response that it gets.
    pub gets: &'static str,
}

/// A form that was rejected; keeps its input.
#[derive(Debug, Clone, Default)]
pub struct RejectedForm {
    /// The form's id: `reply`, `rule-2`, `rule-new`, `programme`, `handshakes`, `secret`.
    pub form: String,
    /// The input, by field name.
    pub fields: Vec<(String, String)>,
    /// The invalid field; `None` if it is not a single one.
    pub field: Option<String>,
    /// What to do about it, in a sentence.
    pub message: String,
}

/// The document.
pub fn document(site: Site, answers: &Answers) -> impl IntoView + use<> {
    let style = site.assets.map(|assets| assets.style);
    let name = answers.name.clone().unwrap_or_else(|| answers.endpoint.clone());
    let title = format!("How {name} answers · Hookglass");
    let back = format!("/inspect/{}", answers.endpoint);
    let sections = [
        replies::plain(answers),
        replies::rules(answers),
        programme::section(answers),
        trust::handshakes(answers),
        trust::signatures(answers),
    ];
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <Basics style/>
                <title>{title}</title>
            </head>
            <body>
                <header class="top-bar">
                    <Brand/>
                    <div class="top-bar__page">
                        <a class="button" data-kind="quiet" href=back>
                            <Icon glyph=ARROW_LEFT/>
                            "Back to the requests"
                        </a>
                    </div>
                </header>
                <main class="page answers">
                    <header class="answers__head">
                        <h1 class="answers__title">"How " <span data-kind="name">{name}</span> " answers"</h1>
                        <p><code>{answers.url.clone()}</code></p>
                        <p class="answers__order">
                            "A request is answered by the first rule that finds it, else by a handshake, \
                             else by the failure programme, else by 401 where that is switched on \
                             for bad signatures, else by the default reply. It is kept in any case, \
                             before it is answered."
                        </p>
                    </header>
                    {sections.into_iter().collect_view()}
                </main>
                <script type="module" nonce=use_nonce()>
                    {GUARD}
                </script>
            </body>
        </html>
    }
}

/// A section of the page with its heading.
fn section(
    answers: &Answers,
    id: &'static str,
    title: &'static str,
    text: &'static str,
    content: Erased,
) -> Erased {
    let heading = format!("{id}-title");
    let own = heading.clone();
    let done = answers.done.filter(|done| done.section == id);
    let done = done.map(|done| view! { <p class="answers__done" role="status">{done.says}</p> });
    view! {
        <section class="answers__section" id=id aria-labelledby=heading>
            <h2 class="answers__heading" id=own>
                {title}
            </h2>
            <p class="answers__text">{text}</p>
            {done}
            {content}
        </section>
    }
    .erased()
}
