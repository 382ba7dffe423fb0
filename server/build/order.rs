//! Puts the functions of the browser half into an order that compresses well: a compressor finds
//! what repeats more cheaply where it is near, and functions that begin alike are alike. It takes a
//! twentieth off. What the functions do is unchanged, and so is everything but their numbers.

use anyhow::{Result, anyhow};
use wasm_encoder::{
    CodeSection, FunctionSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef,
};

/// How often: an order changes the numbers in calls, and so what is alike.
const ROUNDS: usize = 2;

/// The same module, its functions in order of what they say. Custom sections are left out.
///
/// # Errors
/// It is no module, or has sections that this does not know.
pub(crate) fn by_content(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut wasm = wasm.to_vec();
    for _ in 0..ROUNDS {
        wasm = reorder(&wasm)?;
    }
    Ok(wasm)
}

fn reorder(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    order.sort_by_key(|&at| bodies.get(at));
    let mut numbers: Vec<u32> = (0..u32::try_from(imported + bodies.len())?).collect();
    for (new, &old) in order.iter().enumerate() {
        if let Some(number) = numbers.get_mut(imported + old) {
            *number = u32::try_from(imported + new)?;
        }
    }
    let mut module = Module::new();
    Renumbering { order, numbers }
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot put the browser half in order: {error}"))?;
    Ok(module.finish())
}

struct Renumbering {
    /// For each place among the functions that are not imported: which one comes there.
    order: Vec<usize>,
    /// The new number of each function, imported ones included.
    numbers: Vec<u32>,
}

impl Reencode for Renumbering {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, number: u32) -> Result<u32, Error> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        // A number beyond them all would have been no module to begin with.
        Ok(self.numbers.get(at).copied().unwrap_or(number))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &at in &self.order {
            if let Some(&ty) = types.get(at) {
                functions.function(ty);
            }
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for at in self.order.clone() {
            if let Some(body) = bodies.get(at) {
                self.parse_function_body(code, body.clone())?;
            }
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _module: &mut Module,
        _section: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }
}
