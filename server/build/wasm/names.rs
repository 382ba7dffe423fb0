//! Gives what the browser half imports short names, and takes out of its JavaScript what only
//! people read. wasm-bindgen's names end in hashes, which no compressor makes smaller, and stand in
//! both files.

use std::collections::HashMap;

use anyhow::{Result, anyhow, ensure};
use wasm_encoder::{
    ImportSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{ImportSectionReader, Parser};

/// The script and the module that it wants, with short names between them.
///
/// # Errors
/// They are not what wasm-bindgen writes: a name is not given, a text goes over several lines, or a
/// comment ends within one.
pub(super) fn shortened(script: &str, wasm: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut names = Names::default();
    let mut module = Module::new();
    names
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot rename what the browser half imports: {error}"))?;
    Ok((names.within(script)?, module.finish()))
}

/// The short name of each import.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    /// The script, giving what it gives by these names; without comments and indentation.
    fn within(mut self, script: &str) -> Result<String> {
        let mut short = String::with_capacity(script.len());
        let mut is_comment = false;
        for line in script.lines().map(str::trim) {
            is_comment |= line.starts_with("/**");
            let is_for_people = is_comment || line.is_empty() || line.starts_with("//");
            is_comment &= !line.ends_with("*/");
            if is_for_people {
                continue;
            }
            ensure!(line.matches('`').count() % 2 == 0, "a text goes over several lines: `{line}`");
            let given = line.split_once(": ").and_then(|(name, value)| {
                self.0.remove(name).map(|name| format!("{name}: {value}"))
            });
            short.push_str(given.as_deref().unwrap_or(line));
            short.push('\n');
        }
        ensure!(!is_comment, "a comment does not end at the end of a line");
        ensure!(self.0.is_empty(), "the script does not give {:?}", self.0.keys());
        Ok(short)
    }
}

impl Reencode for Names {
    type Error = std::convert::Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        for import in section.into_imports() {
            let import = import?;
            let ty = self.entity_type(import.ty)?;
            let next = self.0.len().to_string();
            let name = self.0.entry(import.name.to_owned()).or_insert(next);
            imports.import(import.module, name, ty);
        }
        Ok(())
    }
}
