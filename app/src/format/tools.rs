//! The tools that a request can be copied for.

/// Name in the API, and name for people, in the order in which menus list them.
pub const TOOLS: [(&str, &str); 9] = [
    ("curl", "curl"),
    ("httpie", "HTTPie"),
    ("wget", "wget"),
    ("fetch", "JavaScript fetch"),
    ("python", "Python"),
    ("go", "Go"),
    ("rust", "Rust"),
    ("php", "PHP"),
    ("http", "Raw .http"),
];
