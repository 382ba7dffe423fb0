//! The informative part of a request's target: what follows the endpoint's own name.

/// Returns the target without the endpoint's id in front: `/orders?x=1` of `/4f1c…/orders?x=1`, `/`
/// if nothing follows. A target in another form (RFC 9112 §3.2.2 to 3.2.4) is returned unchanged.
#[must_use]
pub fn tail<'a>(target: &'a str, endpoint: &str) -> &'a str {
    let rest = target.strip_prefix('/').and_then(|path| {
        let name = path.get(..endpoint.len())?;
        // UUIDs are case-insensitive.
        name.eq_ignore_ascii_case(endpoint).then(|| &path[endpoint.len()..])
    });
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with(['/', '?']) => rest,
        _ => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_in_front_is_left_out() {
        assert_eq!(tail("/orders", "orders"), "/");
        assert_eq!(tail("/orders/", "orders"), "/");
        assert_eq!(tail("/orders/a/b?x=1", "orders"), "/a/b?x=1");
        assert_eq!(tail("/orders?x=1", "orders"), "?x=1");
        assert_eq!(tail("/4F1C/a", "4f1c"), "/a");
    }

    #[test]
    fn other_targets_stay_as_they_are() {
        assert_eq!(tail("http://host/orders/a", "orders"), "http://host/orders/a");
        assert_eq!(tail("/orders-2/a", "orders"), "/orders-2/a");
        assert_eq!(tail("/ö", "orders"), "/ö");
        assert_eq!(tail("*", "orders"), "*");
        assert_eq!(tail("", "orders"), "");
    }
}
