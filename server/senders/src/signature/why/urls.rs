//! Other spellings of the called URL.

use super::super::message::SignedMessage;

/// Returns other spellings of the request's URL.
pub(super) fn other_urls(message: &SignedMessage<'_>) -> Vec<(String, String)> {
    let mut urls: Vec<(String, String)> = Vec::new();
    let Some(own) = message.urls.first() else { return urls };
    let Some((scheme, rest)) = own.split_once("://") else { return urls };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    let told = |url: &str, has_own_path: bool| {
        // A public URL is an origin: it cannot fix a path.
        let or = if has_own_path {
            ", or start Hookglass with the --public-url that the sender uses"
        } else {
            ""
        };
        format!(
            "The sender signed the URL `{url}`, not `{own}`: enter the latter in its settings{or}."
        )
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    };
    let mut hosts = vec![host.to_owned()];
    if port.is_some() {
        hosts.push(name.to_owned());
    }
    hosts.extend(
        ["x-forwarded-host", "host", "x-original-host"]
            .into_iter()
            .filter_map(|field| message.field(field))
            .flat_map(|sent| sent.split(','))
            .map(|sent| sent.trim().to_owned()),
    );
    if let Some(port) = message.field("x-forwarded-port") {
        hosts.push(format!("{name}:{port}"));
    }
    let (bare, query) = path.find('?').map_or((path, ""), |at| path.split_at(at));
    let mut paths = vec![path.to_owned()];
    paths.push(match bare.strip_suffix('/') {
        Some(without) => format!("{without}{query}"),
        None => format!("{bare}/{query}"),
    });
    if !query.is_empty() {
        paths.push(bare.to_owned());
    }
    if let Some(endpoint) = bare.split('/').nth(1) {
        paths.push(format!("/{endpoint}"));
    }
    for scheme in [scheme, other_scheme] {
        for host in &hosts {
            for sent in &paths {
                let url = format!("{scheme}://{host}{sent}");
                let is_new = url != *own && !urls.iter().any(|(other, _)| *other == url);
                if is_new {
                    let hint = told(&url, sent == path);
                    urls.push((url, hint));
                }
            }
        }
    }
    urls.push((
        path.to_owned(),
        "The sender signed only the path; it must sign the whole URL, with scheme and host."
            .to_owned(),
    ));
    urls
}
