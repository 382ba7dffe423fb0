//! A `curl` command line to test an endpoint, safe to paste into a POSIX shell.

use std::borrow::Cow;

/// The body that the command sends.
const SAMPLE: &str = r#"{"event":"hello","from":"curl"}"#;

/// Returns a command that posts a JSON sample to `url`.
#[must_use]
pub fn command(url: &str) -> String {
    let mut line = String::from("curl ");
    // `-g`: curl must not read brackets of an IPv6 host as a pattern.
    if url.contains(['[', ']', '{', '}']) {
        line.push_str("-g ");
    }
    line.push_str(&quote(url));
    line.push_str(" -H 'Content-Type: application/json' -d ");
    line.push_str(&quote(SAMPLE));
    line
}

/// Quotes `word` as one word of a POSIX shell (POSIX.1-2024, XCU §2.2.2).
#[must_use]
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,".contains(&byte);
    if !word.is_empty() && !word.starts_with('-') && word.bytes().all(plain) {
        return Cow::Borrowed(word);
    }
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('\'');
    for (index, part) in word.split('\'').enumerate() {
        if index > 0 {
            quoted.push_str(r"'\''");
        }
        quoted.push_str(part);
    }
    quoted.push('\'');
    Cow::Owned(quoted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plain_url_stands_without_quotes() {
        assert_eq!(
            command("http://localhost:3000/4f1c"),
            "curl http://localhost:3000/4f1c -H 'Content-Type: application/json' \
             -d '{\"event\":\"hello\",\"from\":\"curl\"}'"
        );
    }

    #[test]
    fn brackets_of_ipv6_are_not_a_pattern() {
        assert!(command("http://[::1]:3000/4f1c").starts_with("curl -g 'http://[::1]:3000/4f1c' "));
    }

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(quote("it's $(rm)"), r"'it'\''s $(rm)'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("-o"), "'-o'");
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_the_same_word(word in "[^\0]{0,40}") {
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", quote(&word)))
                .output()
                .unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
