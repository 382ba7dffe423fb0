//! The README documents each flag as `--help` does, and no others.

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory;
use hookglass_server::config::Cli;

const README: &str = include_str!("../../../README.md");

/// Returns the table of flags: flag to environment variable and default, as written.
fn documented() -> BTreeMap<String, (String, String)> {
    let mut rows = BTreeMap::new();
    for line in README.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        assert_eq!(cells.len(), 6, "flag, variable, default and what it does: {line}");
        let (flag, variable, default) = (cells[1], cells[2], cells[3]);
        let flag = flag.split(' ').next().unwrap_or_default();
        let previous = rows.insert(flag.to_owned(), (variable.to_owned(), default.to_owned()));
        assert!(previous.is_none(), "{flag} is there twice");
    }
    rows
}

#[test]
fn the_readme_lists_the_flags_that_there_are_with_their_variables_and_defaults() {
    let documented = documented();
    let mut flags = BTreeSet::new();
    for argument in Cli::command().get_arguments() {
        let Some(long) = argument.get_long() else { continue };
        // Flags that every program has are not configuration.
        if matches!(long, "help" | "version") {
            continue;
        }
        let flag = format!("--{long}");
        let (variable, default) =
            documented.get(&flag).unwrap_or_else(|| panic!("{flag} is missing"));
        assert_eq!(
            argument.get_env().and_then(|name| name.to_str()),
            Some(&**variable),
            "the variable of {flag}"
        );
        let defaults: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        assert_eq!(&defaults.join(" "), default, "the default of {flag}");
        flags.insert(flag);
    }
    let unknown: Vec<_> = documented.keys().filter(|flag| !flags.contains(*flag)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "flags that the README made up");
    assert!(!flags.is_empty());
}
