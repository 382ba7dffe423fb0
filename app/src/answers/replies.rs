//! The default reply and the rules.

use leptos::prelude::*;

use super::{
    Answers, FormView,
    form::{Input, InputKind, button},
    section,
};
use crate::{
    format::count::counted,
    wire::{Reply, Rule},
};

/// The reply if nothing else applies.
pub(super) fn plain(answers: &Answers) -> Erased {
    let form = FormView::new(answers, "reply");
    let reply = &answers.answering.reply;
    let is_plain = *reply == Reply::default();
    let fields = reply_fields(&form, reply);
    let reset = (!is_plain).then(|| button("reply-reset", "Back to the plain 200 ok", None));
    let content = view! {
        {fields}
        <p class="answers__acts">{button("reply", "Save the reply", None)} {reset}</p>
    };
    section(
        answers,
        "default-reply",
        "Default reply",
        "What is answered where nothing else applies. A browser that opens the URL always reads \
         where its request is shown.",
        form.around(None, content.erased()),
    )
}

/// The rules in order, and a form to add one.
pub(super) fn rules(answers: &Answers) -> Erased {
    let rules = &answers.answering.rules;
    let last = rules.len();
    let list = (!rules.is_empty()).then(|| {
        let items =
            rules.iter().enumerate().map(|(place, set)| rule(answers, place + 1, last, set));
        view! { <ol class="answers__rules" data-testid="rules">{items.collect_view()}</ol> }
    });
    let form = FormView::new(answers, "rule-new");
    let is_open = form.is_refused();
    let fields = rule_fields(&form, &Rule::default());
    let content = view! {
        {fields}
        <p class="answers__acts">{button("rule-add", "Add the rule", None)}</p>
    };
    let new = form.around(None, content.erased());
    let content = view! {
        {list}
        <details class="answers__more" open=is_open>
            <summary>"Add a rule"</summary>
            {new}
        </details>
    };
    section(
        answers,
        "rules",
        "Rules",
        "Answers for some requests. The first rule that finds a request answers it.",
        content.erased(),
    )
}

fn rule(answers: &Answers, number: usize, last: usize, rule: &Rule) -> Erased {
    let form = FormView::new(answers, format!("rule-{number}"));
    let is_open = form.is_refused();
    let which = || Some(("rule", number.to_string()));
    let fields = rule_fields(&form, rule);
    let content = view! {
        {fields}
        <p class="answers__acts">{button("rule-save", "Save the rule", None)}</p>
    };
    let edit = form.around(which(), content.erased());
    let orders = FormView::new(answers, format!("rule-{number}-order"));
    let up = (number > 1).then(|| order(number, "rule-up", "Up"));
    let down = (number < last).then(|| order(number, "rule-down", "Down"));
    let content = view! {
        <p class="answers__acts">{up} {down} {order(number, "rule-remove", "Remove")}</p>
    };
    let orders = orders.around(which(), content.erased());
    let when =
        if rule.when.trim().is_empty() { "all requests".to_owned() } else { rule.when.clone() };
    let gets = summary(&rule.reply);
    view! {
        <li class="answers__rule">
            <details open=is_open>
                <summary>
                    <code class="answers__when">{when}</code>
                    <span class="answers__gets">{gets}</span>
                </summary>
                {edit}
            </details>
            {orders}
        </li>
    }
    .erased()
}

/// A button for a rule; its label tells screen readers which rule.
fn order(number: usize, act: &'static str, label: &'static str) -> Erased {
    view! {
        <button class="button" data-kind="quiet" name="do" value=act>
            {label} <span class="unseen">" rule " {number}</span>
        </button>
    }
    .erased()
}

/// A reply in a few words.
fn summary(reply: &Reply) -> String {
    let after = match reply.delay_ms {
        0 => String::new(),
        delay => format!(" after {delay} ms"),
    };
    format!("{}{after}", reply.status)
}

fn rule_fields(form: &FormView<'_>, rule: &Rule) -> Erased {
    let when = form.input(Input {
        name: "when",
        label: "Which requests",
        hint: "A search as above the list: `method:POST path:/orders body.type:ping`. Nothing for all.",
        kind: InputKind::Line,
        value: rule.when.clone(),
    });
    let reply = reply_fields(form, &rule.reply);
    view! { {when} {reply} }.erased()
}

fn reply_fields(form: &FormView<'_>, reply: &Reply) -> Erased {
    let headers: Vec<String> =
        reply.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let status = form.input(Input {
        name: "status",
        label: "Status",
        hint: "200 to 599.",
        kind: InputKind::Number(200, 599),
        value: reply.status.to_string(),
    });
    let delay = form.input(Input {
        name: "delay_ms",
        label: "Delay in milliseconds",
        hint: "Up to 30,000.",
        kind: InputKind::Number(0, 30_000),
        value: reply.delay_ms.to_string(),
    });
    let headers = form.input(Input {
        name: "headers",
        label: "Header fields",
        hint: "`Name: value`, one a line. Values may hold templates.",
        kind: InputKind::Lines(2),
        value: headers.join("\n"),
    });
    let body = form.input(Input {
        name: "body",
        label: "Body",
        hint: "Text with values of the request: `{{ request.body.id }}`, `{{ request.query.x }}`, \
               `{{ request.header.x-id }}`, `{{ seq }}`, `{{ now }}`, `{{ uuid }}`; as JSON with \
               `{{ request.body.id | json }}`.",
        kind: InputKind::Lines(4),
        value: reply.body.clone().unwrap_or_default(),
    });
    let bytes = reply.body_base64.as_ref().map(|encoded| {
        let bytes = u64::try_from(encoded.trim_end_matches('=').len() * 3 / 4).unwrap_or_default();
        let kept = form.tick("keep_bytes", "Keep it while no text is written here", true);
        let text = format!("Its body is {} that the API set.", counted(bytes, "byte", "bytes"));
        view! { <p class="field__hint">{text}</p> {kept} }
    });
    view! {
        <div class="answers__pair">{status} {delay}</div>
        {headers}
        {body}
        {bytes}
    }
    .erased()
}
