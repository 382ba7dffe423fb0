//! The page on which an endpoint's owner sets how it answers: plain HTML with forms, rendered by the
//! server only, so that it weighs nothing in the browser half and needs no script. Where there is
//! script, a few lines of it keep what was typed from being lost.

mod form;
mod programme;
mod replies;
mod trust;

use leptos::{nonce::use_nonce, prelude::*};

use self::form::Form;
use crate::{
    components::{
        brand::Brand,
        icon::{ARROW_LEFT, Icon},
    },
    shell::{Basics, Site},
    wire::{Answering, Provider, Secret},
};

/// Each form is saved by itself: whoever leaves the page, or saves one, while another holds what was
/// not saved, is asked first. A form that was refused holds such from the beginning.
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

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The endpoint's id.
    pub endpoint: String,
    /// What it is called, if anything.
    pub name: Option<String>,
    /// Where senders send to.
    pub url: String,
    /// Which settings these are, as forms send it back.
    pub version: String,
    /// What is set.
    pub answering: Answering,
    /// The programme that is set, for reading.
    pub running: Option<Running>,
    /// Programmes that are set with one click.
    pub presets: Vec<Preset>,
    /// The endpoint's secrets.
    pub secrets: Vec<Secret>,
    /// The senders whose signatures can be judged, by name.
    pub providers: Vec<Provider>,
    /// The verification requests that are known.
    pub handshakes: Vec<Handshake>,
    /// The sender whose secret is wanted, by its id; empty if that is not known.
    pub sender: String,
    /// What was just done: the section that it was done in, and a sentence.
    pub done: Option<Done>,
    /// What was sent and refused.
    pub refused: Option<Refused>,
}

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The section's id.
    pub section: &'static str,
    /// What was done, in a sentence.
    pub says: &'static str,
}

/// A programme for reading.
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// `503 twice, then 200`.
    pub does: String,
    /// `1 of 3 done`.
    pub standing: String,
    /// Whether nothing is left for it to do.
    pub is_over: bool,
    /// Each step for people, and whether it is `done`, `next` or `ahead`.
    pub steps: Vec<(String, &'static str)>,
}

/// A programme that is set with one click.
#[derive(Debug, Clone, Default)]
pub struct Preset {
    /// Its stable name.
    pub id: &'static str,
    /// What its button says.
    pub label: &'static str,
    /// What it is good for.
    pub purpose: &'static str,
}

/// A verification request that is known.
#[derive(Debug, Clone, Default)]
pub struct Handshake {
    /// The sender's name.
    pub name: &'static str,
    /// What it sends.
    pub asks: &'static str,
    /// What it is answered.
    pub gets: &'static str,
}

/// A form that was refused, so that nothing that was typed is lost.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// Which form, by its id: `reply`, `rule-2`, `rule-new`, `programme`, `handshakes`, `secret`.
    pub form: String,
    /// What was sent, by name.
    pub fields: Vec<(String, String)>,
    /// The field that is wrong; `None` where it is no single one.
    pub field: Option<String>,
    /// What to do, in a sentence.
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

/// A part of the page under its heading.
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
