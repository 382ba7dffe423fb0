//! Words and bytes for a POSIX shell (POSIX.1-2024, XCU §2.2), also safe to paste into an
//! interactive one.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::literal::is_plain;

/// Returns a shell word for exactly `bytes`; `None` if no argument can hold them: with a NUL, or
/// with line feeds at the end, which command substitution drops.
pub(crate) fn word(bytes: &[u8]) -> Option<String> {
    if let Ok(text) = str::from_utf8(bytes)
        && text.chars().all(is_plain)
    {
        return Some(quote(text));
    }
    let is_possible = !bytes.contains(&0) && bytes.last() != Some(&b'\n');
    is_possible.then(|| format!("\"$({})\"", printf(bytes)))
}

/// The same for text with line feeds, which stay unescaped. Not with exclamation marks: interactive
/// shells expand those line by line, even inside quotes from an earlier line.
pub(crate) fn text_word(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    let has_lines = text.contains('\n');
    let is_fit = text.chars().all(|char| char == '\n' || is_plain(char));
    (is_fit && !(has_lines && text.contains('!'))).then(|| quote(text))
}

/// Returns a command that writes `bytes` to standard output.
pub(crate) fn writes(bytes: &[u8]) -> String {
    let octal = printf(bytes);
    let base64_bytes = bytes.len().div_ceil(3) * 4;
    if octal.len() <= base64_bytes.max(200) {
        octal
    } else {
        format!("printf %s '{}' | base64 -d", STANDARD.encode(bytes))
    }
}

/// Returns `printf` with `bytes` as its format. Nothing in it is special to an interactive shell,
/// even between double quotes.
fn printf(bytes: &[u8]) -> String {
    let mut command = String::from("printf '");
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '%' => command.push_str("%%"),
                '\\' => command.push_str(r"\\"),
                '\n' => command.push_str(r"\n"),
                '\'' | '!' | '"' | '$' | '`' => octal(&mut command, char),
                // A leading dash would start an option.
                '-' if command.ends_with("printf '") => octal(&mut command, char),
                char if is_plain(char) => command.push(char),
                char => octal(&mut command, char),
            }
        }
        for &byte in chunk.invalid() {
            command.push_str(&format!("\\{byte:03o}"));
        }
    }
    command.push('\'');
    command
}

fn octal(command: &mut String, char: char) {
    for byte in char.encode_utf8(&mut [0; 4]).bytes() {
        command.push_str(&format!("\\{byte:03o}"));
    }
}

/// Adds single quotes if needed.
fn quote(text: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,".contains(&byte);
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_bare) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn run(script: &str) -> Vec<u8> {
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        output.stdout
    }

    #[test]
    fn plain_words_stand_without_quotes_and_others_in_them() {
        assert_eq!(word(b"http://localhost:3000/a").unwrap(), "http://localhost:3000/a");
        assert_eq!(word(b"it's $(rm) `x` !").unwrap(), r"'it'\''s $(rm) `x` !'");
        assert_eq!(word(b"").unwrap(), "''");
        assert_eq!(word(b"-o").unwrap(), "'-o'");
        assert_eq!(word("\u{202e}a!".as_bytes()).unwrap(), "\"$(printf '\\342\\200\\256a\\041')\"");
        assert_eq!(word(b"a\0"), None);
        assert_eq!(word(b"a\x01\n"), None);
    }

    #[test]
    fn lines_beside_exclamation_marks_are_not_left_as_they_are() {
        assert_eq!(text_word(b"a\nb").unwrap(), "'a\nb'");
        assert_eq!(text_word(b"a\nb!"), None);
        assert_eq!(text_word(b"a\x07"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_reads_back_the_same_bytes(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "[ -~\n\t\u{80}-\u{2fff}]{0,60}".prop_map(String::into_bytes),
                "-?[%\\\\'\"!$`(){}~#&|;<>*?=^\n]{0,30}[0-7]?".prop_map(String::into_bytes),
            ],
        ) {
            let shown = |text: &str| text.chars().all(|char| char == '\n' || is_plain(char));
            let piped = writes(&bytes);
            prop_assert!(shown(&piped));
            prop_assert_eq!(&run(&piped), &bytes);
            for word in [word(&bytes), text_word(&bytes)].into_iter().flatten() {
                prop_assert!(shown(&word));
                prop_assert_eq!(&run(&format!("printf %s {word}")), &bytes);
            }
        }
    }
}
