//! Merges equal functions of the browser half, and reorders functions for better compression.
//! Behaviour does not change, nor does anything else in the module but function indices.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use wasm_encoder::{
    CodeSection, FunctionSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser,
    Payload, TypeRef,
};

use super::similarity::order_by_similarity;

/// Returns the module with its functions merged and reordered, without custom sections.
///
/// # Errors
/// `wasm` is not a module, or has unknown sections.
pub(super) fn reorder(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut wasm = wasm.to_vec();
    // Functions that differ only in which of two equal ones they call become equal in the next
    // round.
    loop {
        let functions = Functions::of(&wasm)?;
        let merged = functions.merge();
        let firsts = merged.iter().enumerate().filter(|(at, first)| at == *first);
        let order: Vec<usize> = firsts.map(|(at, _)| at).collect();
        if order.len() == merged.len() {
            return functions.write(&wasm, functions.order()?, &merged);
        }
        wasm = functions.write(&wasm, order, &merged)?;
    }
}

/// The functions that a module defines.
struct Functions<'a> {
    /// The number of imported functions, which have the first indices.
    imported: usize,
    /// The index of each one's type.
    types: Vec<u32>,
    bodies: Vec<FunctionBody<'a>>,
}

impl<'a> Functions<'a> {
    fn of(wasm: &'a [u8]) -> Result<Self> {
        let mut found = Self { imported: 0, types: Vec::new(), bodies: Vec::new() };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        found.imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(types) => {
                    found.types = types.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::CodeSectionEntry(body) => found.bodies.push(body),
                _ => {}
            }
        }
        Ok(found)
    }

    /// For each function, the first one that is equal to it.
    fn merge(&self) -> Vec<usize> {
        let mut firsts = HashMap::new();
        let typed = self.types.iter().zip(&self.bodies).enumerate();
        typed.map(|(at, (ty, body))| *firsts.entry((ty, body.as_bytes())).or_insert(at)).collect()
    }

    /// Returns an order of all functions: grouped by type, and similar ones next to each other.
    /// Compressors encode nearby repetition in fewer bytes.
    fn order(&self) -> Result<Vec<usize>> {
        let code: Vec<Vec<u8>> =
            self.bodies.iter().map(code_without_callees).collect::<Result<_, _>>()?;
        let mut order: Vec<usize> = (0..code.len()).collect();
        order.sort_by_key(|&at| (self.types.get(at), code.get(at)));
        let mut ordered = Vec::with_capacity(order.len());
        for same_type in order.chunk_by(|&a, &b| self.types.get(a) == self.types.get(b)) {
            let code: Vec<&[u8]> =
                same_type.iter().filter_map(|&at| code.get(at)).map(Vec::as_slice).collect();
            let similar = order_by_similarity(&code);
            ordered.extend(similar.into_iter().filter_map(|at| same_type.get(at).copied()));
        }
        Ok(ordered)
    }

    /// Writes the module with the functions of `order`. Calls to a function go to the one into
    /// which it was `merged`.
    fn write(&self, wasm: &[u8], order: Vec<usize>, merged: &[usize]) -> Result<Vec<u8>> {
        let mut places = vec![None; self.bodies.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(place) = places.get_mut(old) {
                *place = Some(new);
            }
        }
        let mut indices: Vec<u32> = (0..u32::try_from(self.imported)?).collect();
        for &into in merged {
            let place = places.get(into).copied().flatten().context("a function has no place")?;
            indices.push(u32::try_from(self.imported + place)?);
        }
        let mut module = Module::new();
        Reordering { order, indices }
            .parse_core_module(&mut module, Parser::new(0), wasm)
            .map_err(|error| anyhow!("cannot reorder the browser half: {error}"))?;
        Ok(module.finish())
    }
}

/// Returns the code of a function without the indices of its callees, which change with the order.
fn code_without_callees(body: &FunctionBody<'_>) -> Result<Vec<u8>, BinaryReaderError> {
    let (start, bytes) = (body.range().start, body.as_bytes());
    let mut code = Vec::with_capacity(bytes.len());
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let from = operators.original_position();
        let is_call = matches!(operators.read()?, Operator::Call { .. });
        let to = if is_call { from + 1 } else { operators.original_position() };
        code.extend_from_slice(bytes.get(from - start..to - start).unwrap_or_default());
    }
    Ok(code)
}

struct Reordering {
    /// The old position of each function, without imported ones, in the new order.
    order: Vec<usize>,
    /// The new index of each function, imported ones included.
    indices: Vec<u32>,
}

impl Reencode for Reordering {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        // In a valid module, no index is out of range.
        Ok(self.indices.get(at).copied().unwrap_or(index))
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
