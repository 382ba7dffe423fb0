//! Which page a path names: pure.

/// The pages that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    /// An endpoint, with the request that is chosen if one is.
    Inspect,
    /// There is no such page.
    Lost,
}

impl Page {
    pub(super) fn of(path: &str) -> Self {
        let segments: Vec<&str> = segments(path).collect();
        match *segments {
            [""] => Self::Home,
            // Nobody is called nothing: `/inspect//x` is no page of the server's either.
            ["inspect", endpoint] if !endpoint.is_empty() => Self::Inspect,
            ["inspect", endpoint, seq] if !endpoint.is_empty() && !seq.is_empty() => Self::Inspect,
            _ => Self::Lost,
        }
    }
}

/// What the path of an endpoint's page says: names and values.
pub(super) fn params(path: &str) -> impl Iterator<Item = (&'static str, String)> {
    ["endpoint", "seq"].into_iter().zip(segments(path).skip(1).map(str::to_owned))
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_pages_as_on_the_server() {
        for (path, page) in [
            ("/", Page::Home),
            ("", Page::Home),
            ("/inspect/x", Page::Inspect),
            ("/inspect/x/7", Page::Inspect),
            ("/inspect/x/", Page::Inspect),
            ("/inspect", Page::Lost),
            ("/inspect/x/7/8", Page::Lost),
            ("/inspect//x", Page::Lost),
            ("/inspect/x//7", Page::Lost),
            ("//inspect/x", Page::Lost),
            ("/inspect/", Page::Lost),
            ("/inspector/x", Page::Lost),
            ("/healthz", Page::Lost),
        ] {
            assert_eq!(Page::of(path), page, "{path}");
        }
    }

    #[test]
    fn a_path_says_which_endpoint_and_which_request() {
        let said = |path: &str| -> Vec<String> { params(path).map(|(_, value)| value).collect() };
        assert_eq!(said("/inspect/my-hook/42"), ["my-hook", "42"]);
        assert_eq!(said("/inspect/my-hook"), ["my-hook"]);
        assert!(said("/").is_empty());
    }
}
