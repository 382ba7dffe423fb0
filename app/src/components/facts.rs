//! What is known of a request beside what it says: from whom, how large, how exact.

use leptos::prelude::*;

use super::{
    icon::{ALERT, BAN, SCISSORS},
    notice::{Notice, Tone},
};
use crate::{
    format::{
        self,
        count::{duration, grouped},
    },
    wire::{Detail, Refused},
};

/// How exact a head is: in two words, and what that means.
pub(super) fn exactness(exact: bool, http_version: &str) -> (&'static str, &'static str) {
    if exact {
        (
            "Exact",
            "Names, their case, their order and repetition are byte for byte what the sender sent.",
        )
    } else if http_version == "HTTP/2.0" {
        (
            "No case in HTTP/2",
            "HTTP/2 sends header names in lower case and compressed: values and repetition are what the sender sent, original bytes of a head do not exist.",
        )
    } else {
        (
            "Case not kept",
            "Values and repetition are what the sender sent; names stand in lower case, and fields of one name stand together.",
        )
    }
}

/// A request's facts in short columns.
#[component]
pub(crate) fn Facts(detail: Detail) -> impl IntoView {
    let Detail { summary, peer, http_version, exact, duration_us, body, .. } = detail;
    let host = peer.rsplit_once(':').map_or(peer.as_str(), |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let via = (host != summary.remote_addr).then(|| peer.clone());
    let size = if summary.body_bytes < 1_000 {
        format::bytes(summary.body_bytes)
    } else {
        format!("{} ({} bytes)", format::bytes(summary.body_bytes), grouped(summary.body_bytes))
    };
    let (head, head_hint) = exactness(exact, &http_version);
    view! {
        <dl class="facts">
            <Fact name="From">
                <span class="wire">{summary.remote_addr}</span>
                {via.map(|peer| view! { <span class="facts__via">" via " <span class="wire">{peer}</span></span> })}
            </Fact>
            <Fact name="Protocol"><span class="wire">{http_version}</span></Fact>
            <Fact name="Body">{size}</Fact>
            <Fact name="Took" hint="From the last byte of the head to the last byte of the body.">
                {duration(duration_us)}
            </Fact>
            <Fact name="Head" hint=head_hint>{head}</Fact>
            <Fact name="SHA-256" hint=body.sha256.clone()>
                <span class="wire facts__hash">{body.sha256}</span>
            </Fact>
        </dl>
    }
}

#[component]
fn Fact(
    name: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="facts__fact" title=hint>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// What is out of the ordinary with a request; nothing for most.
#[component]
pub(crate) fn Oddities(detail: Detail) -> impl IntoView {
    let cut = (!detail.summary.complete).then(|| cut_off(&detail));
    let refused = detail.summary.refused.as_ref().map(refusal);
    view! {
        {refused.map(|text| view! { <Notice tone=Tone::Bad glyph=BAN>{text}</Notice> })}
        {cut.map(|text| view! { <Notice tone=Tone::Warn glyph=SCISSORS>{text}</Notice> })}
        {detail.redacted.then(|| view! {
            <Notice tone=Tone::Info glyph=ALERT>
                "A Hookglass key or a cookie that is kept out of sight came with this request and was overwritten with asterisks before it was stored."
            </Notice>
        })}
    }
}

/// `Cut off by the sender after 512 of 1,000 bytes`, the whole as `Content-Length` announced it.
fn cut_off(detail: &Detail) -> String {
    let came = grouped(detail.summary.body_bytes);
    let announced = detail
        .headers
        .iter()
        .filter(|(name, _)| {
            name.as_str().is_some_and(|name| name.eq_ignore_ascii_case("content-length"))
        })
        .find_map(|(_, value)| value.as_str()?.trim().parse::<u64>().ok());
    match announced {
        Some(announced) => {
            format!("Cut off by the sender after {came} of {} bytes.", grouped(announced))
        }
        None => format!("Cut off by the sender after {came} bytes."),
    }
}

fn refusal(refused: &Refused) -> String {
    let Refused { limit, value } = refused;
    match limit.as_str() {
        "max-body" => format!(
            "Refused: the body is larger than {} ({} bytes), the limit here. Only its head is kept.",
            format::bytes(*value),
            grouped(*value)
        ),
        "max-requests" => format!(
            "Refused: the endpoint was full at {} requests and is set to refuse more.",
            grouped(*value)
        ),
        _ => format!("Refused by the limit {limit} of {}.", grouped(*value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Body, Summary, Timestamp};

    fn detail(headers: &[(&str, &str)], body_bytes: u64) -> Detail {
        Detail {
            summary: Summary {
                endpoint: "orders".to_owned(),
                seq: 1,
                received_at: Timestamp::from_micros(0),
                method: "POST".to_owned(),
                target: "/orders".into(),
                remote_addr: "127.0.0.1".to_owned(),
                content_type: None,
                body_bytes,
                complete: false,
                refused: None,
                label: None,
            },
            http_version: "HTTP/1.1".to_owned(),
            peer: "127.0.0.1:4000".to_owned(),
            trailers: Vec::new(),
            headers: headers.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
            exact: true,
            redacted: false,
            duration_us: 0,
            body: Body { sha256: String::new(), text: None },
        }
    }

    #[test]
    fn a_cut_says_how_much_was_announced() {
        let cut = cut_off(&detail(&[("Host", "a"), ("content-LENGTH", "1000")], 512));
        assert_eq!(cut, "Cut off by the sender after 512 of 1,000 bytes.");
    }

    #[test]
    fn a_cut_of_chunks_says_only_what_came() {
        let cut = cut_off(&detail(&[("Transfer-Encoding", "chunked")], 2_048));
        assert_eq!(cut, "Cut off by the sender after 2,048 bytes.");
    }

    #[test]
    fn a_refusal_names_the_limit() {
        let text = refusal(&Refused { limit: "max-body".to_owned(), value: 26_214_400 });
        assert!(text.contains("26,214,400 bytes"), "{text}");
        let text = refusal(&Refused { limit: "max-moons".to_owned(), value: 3 });
        assert_eq!(text, "Refused by the limit max-moons of 3.");
    }
}
