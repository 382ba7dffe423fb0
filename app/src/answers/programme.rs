//! The failure programme: its progress, programmes that one click sets, and a custom one.

use leptos::prelude::*;

use super::{
    Answers, FormView, Running,
    form::{Input, InputKind, button},
};

/// The whole section.
pub(super) fn section(answers: &Answers) -> Erased {
    let running = answers.running.as_ref().map(|running| standing(answers, running));
    let content = view! {
        {running}
        {presets(answers)}
        {own(answers)}
    };
    super::section(
        answers,
        "failures",
        "Failure programme",
        "Answers that make a sender try again, to see when and how often it does. Browsers that ask \
         first and previews of links take no part.",
        content.erased(),
    )
}

/// The programme's progress, and the button that ends it.
fn standing(answers: &Answers, running: &Running) -> Erased {
    let form = FormView::new(answers, "programme-end");
    let state = if running.is_over { "over" } else { "running" };
    let steps = running
        .steps
        .iter()
        .map(|(does, state)| {
            let said = match *state {
                "done" => " (done)",
                "next" => " (next)",
                _ => "",
            };
            view! { <li data-state=*state>{does.clone()}<span class="unseen">{said}</span></li> }
        })
        .collect_view();
    let steps =
        (running.steps.len() > 1).then(|| view! { <ol class="answers__steps">{steps}</ol> });
    let end = if running.is_over { "Put it away" } else { "End it now" };
    let told = if running.is_over { "Over: " } else { "Running: " };
    let here = format!("/inspect/{}/answers", answers.endpoint);
    let content = view! {
        <p class="answers__standing" data-state=state data-testid="programme">
            <strong>{told}{running.does.clone()}</strong>
            " "
            <span data-testid="standing">{running.standing.clone()}</span>
        </p>
        {steps}
        <p class="answers__acts">
            {button("programme-end", end, Some("danger"))}
            <a class="button" data-kind="quiet" href=here>"Look again"</a>
        </p>
    };
    form.around(None, content.erased())
}

fn presets(answers: &Answers) -> Erased {
    let form = FormView::new(answers, "presets");
    let buttons = answers
        .presets
        .iter()
        .map(|preset| {
            view! {
                <li>
                    <button class="button" name="preset" value=preset.id>{preset.label}</button>
                    <span>{preset.purpose}</span>
                </li>
            }
        })
        .collect_view();
    form.around(None, view! { <ul class="answers__presets">{buttons}</ul> }.erased())
}

fn own(answers: &Answers) -> Erased {
    let form = FormView::new(answers, "programme");
    let is_open = form.is_refused();
    let steps = form.input(Input {
        name: "steps",
        label: "Steps, one a line",
        hint: "A status (`503`), how often (`503 x2`), `429 retry-after 30`; `stall 60` gives status and fields \
               and then nothing for 60 seconds, `slow 20` takes 20 seconds for the body, `cut` ends the \
               connection without an answer.",
        kind: InputKind::Lines(4),
        value: "503 x2\n200".to_owned(),
    });
    let by = vec![
        ("all".to_owned(), "all requests together".to_owned()),
        ("attempt".to_owned(), "each delivery by itself, attempt by attempt".to_owned()),
    ];
    let by = form.choice("by", "Who goes on to the next step", by, "all");
    let percent = form.input(Input {
        name: "percent",
        label: "Only so many of a hundred, at random",
        hint: "1 to 100: without an end, the steps in turn. Nothing for all.",
        kind: InputKind::Number(1, 100),
        value: String::new(),
    });
    let content = view! {
        {steps}
        <div class="answers__pair">{by} {percent}</div>
        <p class="answers__acts">{button("programme", "Start it", None)}</p>
    };
    let own = form.around(None, content.erased());
    view! {
        <details class="answers__more" open=is_open>
            <summary>"One of your own"</summary>
            {own}
        </details>
    }
    .erased()
}
