//! The facts about a request besides its content: sender, size, exactness.

use leptos::prelude::*;

use super::{
    icon::{ALERT, BAN, SCISSORS},
    notice::{Notice, Tone},
};
use crate::{
    format::{
        count::{duration, grouped},
        joined, refusal,
    },
    wire::{Detail, Summary},
};

/// Returns how exact a head is, in a few words, with an explanation.
pub(super) fn exactness(detail: &Detail) -> (&'static str, String) {
    let (short, meaning) = if detail.exact {
        (
            "Byte for byte",
            "As sent, byte for byte: names in their case, their order and repetition, and values.",
        )
    } else if detail.http_version == "HTTP/2.0" {
        (
            "No case in HTTP/2",
            "HTTP/2 sends header names in lower case and compressed: values and repetition are as sent, there are no original bytes.",
        )
    } else {
        (
            "From the parsed view",
            "Kept from the parsed view: values and repetition are as sent, but names stand in lower case, and fields of one name stand together.",
        )
    };
    let via = proxy(detail).map(|proxy| {
        joined(&[
            " It came through a proxy (",
            proxy,
            "), which may have changed what its client sent.",
        ])
    });
    (short, meaning.to_owned() + &via.unwrap_or_default())
}

/// Returns the address of the proxy that a request came through, if there is one.
fn proxy(detail: &Detail) -> Option<&str> {
    let peer = detail.peer.as_str();
    let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // On a dual-stack socket, IPv4 addresses are mapped (RFC 4291 §2.5.5.2).
    let host = host.strip_prefix("::ffff:").filter(|host| host.contains('.')).unwrap_or(host);
    (host != detail.summary.remote_addr).then_some(host)
}

/// A request's facts in short columns.
#[component]
pub(crate) fn Metadata(detail: Detail) -> impl IntoView {
    let via = proxy(&detail).is_some().then(|| detail.peer.clone());
    let (head, head_hint) = exactness(&detail);
    let is_kept = is_body_kept(&detail.summary);
    let Detail { summary, http_version, duration_us, body, .. } = detail;
    let (size, sha256) = if is_kept {
        (refusal::size(summary.body_bytes), body.sha256)
    } else {
        ("not kept".to_owned(), "–".to_owned())
    };
    view! {
        <dl class="metadata">
            <Fact name="From">
                <span class="wire">{summary.remote_addr}</span>
                {via.map(|peer| view! { <span class="metadata__via">" via " <span class="wire">{peer}</span></span> })}
            </Fact>
            <Fact name="Protocol"><span class="wire">{http_version}</span></Fact>
            <Fact name="Body">{size}</Fact>
            <Fact name="Took" hint="From the last byte of the head to the last byte of the body.">
                {duration(duration_us)}
            </Fact>
            <Fact name="Head" hint=head_hint>{head}</Fact>
            <Fact name="SHA-256" hint=sha256.clone()>
                <span class="wire metadata__hash">{sha256}</span>
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
        <div class="metadata__fact" title=hint>
            <dt>{name}</dt>
            <dd>{children.shown()}</dd>
        </div>
    }
}

/// Returns whether there is a body to show, even an empty one: refusals usually keep only the head.
pub(crate) const fn is_body_kept(summary: &Summary) -> bool {
    summary.refused.is_none() || summary.body_bytes > 0
}

/// Anything unusual about a request; nothing for most.
#[component]
pub(crate) fn Oddities(detail: Detail) -> impl IntoView {
    let refused = detail.summary.refused.as_ref().map(refusal::sentences);
    // The server cuts off a refused body, not the sender.
    let cut = (!detail.summary.complete && refused.is_none()).then(|| cut_off(&detail));
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

/// Returns `Cut off by the sender after 512 of 1,000 bytes`, with the total from `Content-Length`.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Body, Refused, Timestamp};

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
                ..Summary::default()
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
    fn a_head_says_how_exact_it_is() {
        let kept = |exact, http_version: &str| {
            let http_version = http_version.to_owned();
            exactness(&Detail { exact, http_version, ..detail(&[], 0) }).0
        };
        assert_eq!(kept(true, "HTTP/1.1"), "Byte for byte");
        assert_eq!(kept(false, "HTTP/2.0"), "No case in HTTP/2");
        assert_eq!(kept(false, "HTTP/1.1"), "From the parsed view");
    }

    #[test]
    fn a_head_that_came_through_a_proxy_says_so() {
        let via = |remote_addr: &str, peer: &str| {
            let mut detail = detail(&[], 0);
            detail.summary.remote_addr = remote_addr.to_owned();
            detail.peer = peer.to_owned();
            exactness(&detail).1.contains("through a proxy").then_some(detail.peer)
        };
        for (remote_addr, peer) in [
            ("127.0.0.1", "127.0.0.1:4000"),
            ("::1", "[::1]:4000"),
            ("10.0.0.1", "[::ffff:10.0.0.1]:4000"),
        ] {
            assert_eq!(via(remote_addr, peer), None, "{remote_addr} {peer}");
        }
        for (remote_addr, peer) in
            [("203.0.113.9", "127.0.0.1:4000"), ("2001:db8::1", "[::1]:4000")]
        {
            assert_eq!(via(remote_addr, peer).as_deref(), Some(peer), "{remote_addr}");
        }
    }

    #[test]
    fn only_what_was_refused_without_a_body_has_none_kept() {
        let mut summary = detail(&[], 0).summary;
        assert!(is_body_kept(&summary));
        summary.refused = Some(Refused { limit: "max-body".to_owned(), value: 1 });
        assert!(!is_body_kept(&summary));
        summary.body_bytes = 512;
        assert!(is_body_kept(&summary));
    }
}
