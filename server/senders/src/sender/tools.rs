//! Tools, libraries and browsers by their `User-Agent`, and bots that only preview links.

use memchr::memmem;

/// The start of a `User-Agent`, and the tool's name.
const TOOLS: &[(&str, &str)] = &[
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("Wget2/", "Wget"),
    ("HTTPie/", "HTTPie"),
    ("xh/", "xh"),
    ("PostmanRuntime/", "Postman"),
    ("insomnia/", "Insomnia"),
    ("bruno-runtime/", "Bruno"),
    ("Thunder Client", "Thunder Client"),
    ("vscode-restclient", "REST Client"),
    ("IntelliJ HTTP Client", "IntelliJ HTTP Client"),
    ("Hoppscotch", "Hoppscotch"),
    ("Paw/", "Paw"),
    ("python-requests/", "Python requests"),
    ("python-httpx/", "Python httpx"),
    ("Python-urllib/", "Python urllib"),
    ("python-urllib3/", "Python urllib3"),
    ("Python/", "Python aiohttp"),
    ("Go-http-client/", "Go"),
    ("node-fetch/", "Node.js"),
    ("undici", "Node.js"),
    ("node", "Node.js"),
    ("Deno/", "Deno"),
    ("Bun/", "Bun"),
    ("axios/", "axios"),
    ("got (", "got"),
    ("okhttp/", "OkHttp"),
    ("Java-http-client/", "Java"),
    ("Java/", "Java"),
    ("Apache-HttpClient/", "Apache HttpClient"),
    ("Ruby", "Ruby"),
    ("Faraday", "Faraday"),
    ("http.rb/", "http.rb"),
    ("GuzzleHttp/", "Guzzle"),
    ("PHP", "PHP"),
    ("reqwest/", "reqwest"),
    ("ureq/", "ureq"),
    ("hyper/", "hyper"),
    ("libwww-perl/", "Perl"),
    ("Dart/", "Dart"),
    ("RestSharp/", "RestSharp"),
    ("WindowsPowerShell/", "PowerShell"),
    ("ELB-HealthChecker/", "Amazon ELB"),
    ("kube-probe/", "Kubernetes"),
    ("UptimeRobot", "UptimeRobot"),
    ("Pingdom", "Pingdom"),
    ("ApacheBench/", "ab"),
    ("k6/", "k6"),
    ("hey/", "hey"),
    ("oha/", "oha"),
];

/// Recognizes browsers, specific ones first: most also claim to be others.
const BROWSERS: &[(&str, &str)] = &[
    ("PowerShell/", "PowerShell"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Parts of the `User-Agent` of chats and search engines that fetch links.
const VISITORS: &[&str] = &[
    "Slackbot-LinkExpanding",
    "Slack-ImgProxy",
    "facebookexternalhit/",
    "Facebot",
    "meta-externalagent/",
    "Twitterbot/",
    "Discordbot/",
    "WhatsApp/",
    "TelegramBot",
    "LinkedInBot/",
    "SkypeUriPreview",
    "Google-PageRenderer",
    "GoogleOther",
    "Googlebot",
    "bingbot/",
    "BingPreview/",
    "YandexBot/",
    "DuckDuckBot/",
    "Baiduspider",
    "Applebot/",
    "AhrefsBot/",
    "SemrushBot/",
    "GPTBot/",
    "ChatGPT-User/",
    "ClaudeBot/",
    "PerplexityBot/",
    "CCBot/",
    "Bytespider",
    "Embedly/",
    "Iframely/",
    "redditbot/",
    "Pinterestbot/",
    "Mastodon/",
    "vkShare",
    "Viber",
    "ms-teams-link-preview",
    "Notionbot",
    "ZoomBot",
];

/// Returns the tool, library or browser of a `User-Agent`.
pub(super) fn tool(agent: &[u8]) -> Option<&'static str> {
    if agent.starts_with(b"Mozilla/") {
        return named_within(agent, BROWSERS);
    }
    TOOLS.iter().find(|(start, _)| agent.starts_with(start.as_bytes())).map(|(_, name)| *name)
}

/// Whether it fetches posted links to preview them.
pub(super) fn looks_at_links(agent: &[u8]) -> bool {
    VISITORS.iter().any(|name| memmem::find(agent, name.as_bytes()).is_some())
}

fn named_within(agent: &[u8], names: &[(&str, &'static str)]) -> Option<&'static str> {
    names
        .iter()
        .find(|(mark, _)| memmem::find(agent, mark.as_bytes()).is_some())
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_browsers_are_known_by_their_agents() {
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/17.4 Safari/605.1.15";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0";
        for (agent, name) in [
            ("curl/8.5.0", Some("curl")),
            ("python-requests/2.31.0", Some("Python requests")),
            ("Python/3.12 aiohttp/3.9.3", Some("Python aiohttp")),
            ("PostmanRuntime/7.37.0", Some("Postman")),
            ("Go-http-client/2.0", Some("Go")),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
                Some("Firefox"),
            ),
            (safari, Some("Safari")),
            (edge, Some("Edge")),
            ("Mozilla/5.0", None),
            ("", None),
            ("\u{1}\u{2}", None),
        ] {
            assert_eq!(tool(agent.as_bytes()), name, "{agent}");
        }
    }
}
