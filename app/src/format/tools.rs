//! The tools for which a request can be copied.

/// The name in the API and the name for people, in the order of menus.
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
