//! Maps paths to pages: pure.

/// All pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageName {
    Home,
    /// An endpoint, with the chosen request, if any.
    Inspect,
    /// There is no such page.
    Lost,
}

impl PageName {
    pub(crate) fn of(path: &str) -> Self {
        let segments: Vec<&str> = segments(path).collect();
        match *segments {
            [""] => Self::Home,
            // An id is never empty: `/inspect//x` is not a page of the server's either.
            ["inspect", endpoint] if !endpoint.is_empty() => Self::Inspect,
            ["inspect", endpoint, seq] if !endpoint.is_empty() && !seq.is_empty() => Self::Inspect,
            _ => Self::Lost,
        }
    }
}

/// Returns the parameters in the path of an endpoint's page: names and values.
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
            ("/", PageName::Home),
            ("", PageName::Home),
            ("/inspect/x", PageName::Inspect),
            ("/inspect/x/7", PageName::Inspect),
            ("/inspect/x/", PageName::Inspect),
            ("/inspect", PageName::Lost),
            ("/inspect/x/7/8", PageName::Lost),
            ("/inspect//x", PageName::Lost),
            ("/inspect/x//7", PageName::Lost),
            ("//inspect/x", PageName::Lost),
            ("/inspect/", PageName::Lost),
            ("/inspector/x", PageName::Lost),
            ("/healthz", PageName::Lost),
        ] {
            assert_eq!(PageName::of(path), page, "{path}");
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
