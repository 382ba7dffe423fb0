//! Gives the imports of the browser half short names, and removes comments and indentation from its
//! JavaScript. wasm-bindgen's names contain hashes, which do not compress, and are in both files.

use std::collections::HashMap;

use anyhow::{Result, anyhow, ensure};
use wasm_encoder::{
    ImportSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{ImportSectionReader, Parser};

/// Returns the script and its module with short names for the imports.
///
/// # Errors
/// The input is not as wasm-bindgen writes it: the script lacks an import, a string spans several
/// lines, or a comment ends within a line.
pub(super) fn shorten(script: &str, wasm: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut names = ShortNames::default();
    let mut module = Module::new();
    names
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot rename the imports of the browser half: {error}"))?;
    Ok((names.apply_to(script)?, module.finish()))
}

/// The short name of each import.
#[derive(Default)]
struct ShortNames(HashMap<String, String>);

impl ShortNames {
    /// Returns the script with these names for its exports, without comments and indentation.
    fn apply_to(mut self, script: &str) -> Result<String> {
        let mut short = String::with_capacity(script.len());
        let mut is_comment = false;
        for line in script.lines().map(str::trim) {
            is_comment |= line.starts_with("/**");
            let is_skipped = is_comment || line.is_empty() || line.starts_with("//");
            is_comment &= !line.ends_with("*/");
            if is_skipped {
                continue;
            }
            ensure!(
                line.matches('`').count() % 2 == 0,
                "a string goes over several lines: `{line}`"
            );
            let renamed = line.split_once(": ").and_then(|(name, value)| {
                self.0.remove(name).map(|name| format!("{name}: {value}"))
            });
            short.push_str(renamed.as_deref().unwrap_or(line));
            short.push('\n');
        }
        ensure!(!is_comment, "a comment does not end at the end of a line");
        ensure!(self.0.is_empty(), "the script lacks the imports {:?}", self.0.keys());
        Ok(short)
    }
}

impl Reencode for ShortNames {
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
