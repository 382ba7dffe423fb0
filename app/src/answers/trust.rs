//! Handshakes and signatures: how the endpoint and its senders prove themselves to each other.

use leptos::prelude::*;

use super::{
    Answers, FormView,
    form::{Input, InputKind, button, marked},
    section,
};
use crate::wire::Secret;

/// The verification requests that get a response.
pub(super) fn handshakes(answers: &Answers) -> Erased {
    let form = FormView::new(answers, "handshakes");
    let set = &answers.answering;
    let tick = form.tick("handshakes", "Answer them", set.handshakes);
    let token = form.input(Input {
        name: "verify_token",
        label: "Verify token",
        hint: "What you typed at Meta as `hub.verify_token`. With another one the answer is 403. \
               Nothing for any.",
        kind: InputKind::Line,
        value: set.verify_token.clone().unwrap_or_default(),
    });
    let content = view! {
        {tick}
        {token}
        <p class="answers__acts">{button("handshakes", "Save", None)}</p>
    };
    let form = form.around(None, content.erased());
    let known = answers
        .handshakes
        .iter()
        .map(|known| {
            view! {
                <tr>
                    <th scope="row">{known.name}</th>
                    <td>{marked(known.asks)}</td>
                    <td>{marked(known.gets)}</td>
                </tr>
            }
        })
        .collect_view();
    let content = view! {
        {form}
        <details class="answers__more">
            <summary>"Those that are known"</summary>
            <div class="answers__scroll" tabindex="0" role="region" aria-label="Handshakes that are known">
                <table class="answers__table">
                    <thead>
                        <tr><th scope="col">"Sender"</th><th scope="col">"Sends"</th><th scope="col">"Gets"</th></tr>
                    </thead>
                    <tbody>{known}</tbody>
                </table>
            </div>
        </details>
    };
    section(
        answers,
        "known-handshakes",
        "Handshakes",
        "Requests by which senders test the URL before they accept it, answered as they ask for.",
        content.erased(),
    )
}

/// The secrets that verify signatures.
pub(super) fn signatures(answers: &Answers) -> Erased {
    let secrets = answers.secrets.iter().map(|set| secret(answers, set)).collect_view();
    let secrets = if answers.secrets.is_empty() {
        view! { <p class="answers__none">"No secret yet: nothing can be judged."</p> }.erased()
    } else {
        view! { <ul class="answers__secrets" data-testid="secrets">{secrets}</ul> }.erased()
    };
    let form = FormView::new(answers, "secret");
    let options = answers.providers.iter();
    let options = options.map(|provider| (provider.id.clone(), provider.name.clone())).collect();
    let provider = form.choice("provider", "Sender", options, &answers.sender);
    // A rejected secret is not sent back.
    let value = form.input(Input {
        name: "secret",
        label: "Secret",
        hint: "As the sender shows it. It is kept encrypted and never shown again.",
        kind: InputKind::Lines(1),
        value: String::new(),
    });
    let name = form.input(Input {
        name: "name",
        label: "Name",
        hint: "For you, to tell several apart.",
        kind: InputKind::Line,
        value: String::new(),
    });
    let content = view! {
        <div class="answers__pair">{provider} {name}</div>
        {value}
        <p class="answers__acts">{button("secret", "Add the secret", None)}</p>
    };
    let add = form.around(None, content.erased());
    let what = answers
        .providers
        .iter()
        .map(|provider| {
            view! { <dt>{provider.name.clone()}</dt><dd>{marked(&provider.secret)}</dd> }
        })
        .collect_view();
    let form = FormView::new(answers, "signatures");
    let set = answers.answering.reject_bad_signatures;
    let tick = form.tick(
        "reject_bad_signatures",
        "Answer 401 where a signature is not valid (Discord tests this)",
        set,
    );
    let content =
        view! { {tick} <p class="answers__acts">{button("signatures", "Save", None)}</p> };
    let reject = form.around(None, content.erased());
    let content = view! {
        {secrets}
        {add}
        <details class="answers__more">
            <summary>"Which secret, and where it stands"</summary>
            <dl class="answers__where">{what}</dl>
        </details>
        {reject}
    };
    section(
        answers,
        "secrets",
        "Signatures",
        "With a secret each request of its sender is judged: valid, invalid and why, or unsigned.",
        content.erased(),
    )
}

fn secret(answers: &Answers, secret: &Secret) -> Erased {
    let form = FormView::new(answers, format!("secret-{}", secret.id));
    let provider = answers.providers.iter().find(|provider| provider.id == secret.provider);
    let provider = provider.map_or(&secret.provider, |provider| &provider.name).clone();
    let name = secret.name.clone().map(|name| view! { <span class="answers__name">{name}</span> });
    let added = secret.created_at.to_string();
    let day = added.get(..10).unwrap_or_default().to_owned();
    let said = format!(" the secret of {provider}");
    let content = view! {
        <p class="answers__secret">
            <strong>{provider}</strong>
            {name}
            <span class="answers__added">"added " <time datetime=added>{day}</time></span>
            <button class="button" data-kind="quiet" name="do" value="secret-remove">
                "Remove" <span class="unseen">{said}</span>
            </button>
        </p>
    };
    let form = form.around(Some(("secret", secret.id.clone())), content.erased());
    view! { <li>{form}</li> }.erased()
}
