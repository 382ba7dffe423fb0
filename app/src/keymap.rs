//! The keyboard commands: one table for the keys themselves, the palette and its list of keys.
//!
//! A command presses the link or button that does the same by pointer: the one with its name in
//! `data-key`. So a page offers exactly the commands that it has elements for, and each action has
//! only one implementation.

/// A keyboard command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyCommand {
    /// The key, as in `KeyboardEvent.key`.
    pub(crate) key: &'static str,
    /// The `data-key` of the element to press, or the name of a step through the list.
    pub(crate) press: &'static str,
    /// A description for people.
    pub(crate) label: &'static str,
}

const fn command(key: &'static str, press: &'static str, label: &'static str) -> KeyCommand {
    KeyCommand { key, press, label }
}

/// All commands, the most used first.
pub(crate) const COMMANDS: [KeyCommand; 29] = [
    command("j", "next", "Next request: the one before it in time"),
    command("k", "previous", "Previous request: the one after it in time"),
    command("g", "first", "Newest request"),
    command("G", "last", "Oldest request that is loaded"),
    command("Enter", "open", "Open the chosen request, or the newest"),
    command("Escape", "back", "Back to the list"),
    command("/", "search", "Search"),
    command("1", "1", "Body"),
    command("2", "2", "Headers"),
    command("3", "3", "Query"),
    command("4", "4", "Wire: the bytes as received"),
    command("5", "5", "Reply"),
    command("6", "6", "Compare"),
    command("7", "7", "Signature"),
    command("8", "8", "Attempts"),
    command("f", "find", "Find in what is shown"),
    command("c", "copy-curl", "Copy the request as curl"),
    command("y", "copy-url", "Copy the URL to send to"),
    command("x", "compare", "Compare with the previous of its kind"),
    command("n", "note", "Write a note"),
    command("p", "pin", "Pin, or unpin"),
    command("d", "delete", "Delete, with ten seconds to undo"),
    command("u", "undo", "Undo"),
    command("t", "new", "To the new requests"),
    command("s", "sample", "Send a sample"),
    command("w", "follow", "Follow: always show the newest"),
    command("z", "pause", "Pause the list, or go on"),
    command("l", "theme", "Light or dark"),
    command("?", "commands", "Commands and keys"),
];

/// Returns the command for `key`.
pub(crate) fn command_of(key: &str) -> Option<&'static KeyCommand> {
    COMMANDS.iter().find(|command| command.key == key)
}

/// Returns whether `label` contains every word of `typed`, ignoring case.
pub(crate) fn is_meant(label: &str, typed: &str) -> bool {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let label = lower(label);
    typed.split_whitespace().all(|word| label.contains(&lower(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_and_nothing_has_two_keys() {
        for (at, one) in COMMANDS.iter().enumerate() {
            for other in &COMMANDS[at + 1..] {
                assert!(one.key != other.key && one.press != other.press, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn case_tells_keys_apart() {
        assert_eq!(command_of("g").map(|command| command.press), Some("first"));
        assert_eq!(command_of("G").map(|command| command.press), Some("last"));
        assert_eq!(command_of("J"), None);
    }

    #[test]
    fn what_is_typed_finds_commands_by_words_in_any_order() {
        assert!(is_meant("Copy the request as curl", "CURL copy"));
        assert!(is_meant("Go to Änderungen", "ÄND"));
        assert!(is_meant("Undo", " "));
        assert!(!is_meant("Undo", "undo all"));
    }
}
