//! Paths to values in JSON, as searches and templates write them.

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// A member of an object.
    Name(String),
    /// An element of an array, from 0.
    Index(usize),
    /// Any member or element.
    Any,
}

/// Parses a path such as `items[0].name`, `items[*]`, `*.id`, `"odd name".id`.
pub fn steps(path: &str) -> Option<Vec<PathStep>> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted
                .char_indices()
                .scan(false, |escaped, (at, c)| {
                    let ends = c == '"' && !*escaped;
                    *escaped = c == '\\' && !*escaped;
                    Some((at, ends))
                })
                .find(|(_, ends)| *ends)?
                .0;
            steps.push(PathStep::Name(unescaped(&quoted[..end])));
            rest = &quoted[end + 1..];
        } else if !rest.starts_with('[') || !steps.is_empty() {
            let end = rest.find(['.', '[', '"']).unwrap_or(rest.len());
            match &rest[..end] {
                "" => return None,
                "*" => steps.push(PathStep::Any),
                name => steps.push(PathStep::Name(name.to_owned())),
            }
            rest = &rest[end..];
        }
        while let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            steps.push(match index {
                "" | "*" => PathStep::Any,
                index => PathStep::Index(index.parse().ok()?),
            });
            rest = after;
        }
        if rest.is_empty() {
            return Some(steps);
        }
        rest = rest.strip_prefix('.')?;
    }
}

/// Unescapes the text between quotes: `\` makes the next character literal.
pub fn unescaped(quoted: &str) -> String {
    let mut chars = quoted.chars();
    let mut text = String::new();
    while let Some(next) = chars.next() {
        text.extend(if next == '\\' { chars.next() } else { Some(next) });
    }
    text
}

/// Writes the name of a header, parameter or member for a search: in quotes if any character in it
/// has a meaning there.
pub fn quoted_name(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | '/');
    if !name.is_empty() && name.chars().all(is_plain) { name.to_owned() } else { quoted(name) }
}

/// Puts text in quotes, see [`unescaped`].
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
