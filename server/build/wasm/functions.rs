//! Writes the functions of the browser half anew: each once, and in an order that compresses well.
//! What they do is unchanged, and so is everything else of the module but their numbers.

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

use super::likeness;

/// The same module, its functions arranged. Custom sections are left out.
///
/// # Errors
/// It is no module, or has sections that this does not know.
pub(super) fn arranged(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut wasm = wasm.to_vec();
    // Functions that differ only in which of two equal ones they call are equal in the next round.
    loop {
        let functions = Functions::of(&wasm)?;
        let kept = functions.distinct();
        let (before, left) = (kept.len(), kept.iter().enumerate().filter(|(at, by)| at == *by));
        let order: Vec<usize> = left.map(|(at, _)| at).collect();
        if order.len() == before {
            return functions.written(&wasm, functions.chained()?, &kept);
        }
        wasm = functions.written(&wasm, order, &kept)?;
    }
}

/// The functions that a module defines.
struct Functions<'a> {
    /// How many it imports: those have the first numbers.
    imported: usize,
    /// The number of each one's type.
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

    /// For each function, the first one that is the same.
    fn distinct(&self) -> Vec<usize> {
        let mut firsts = HashMap::new();
        let typed = self.types.iter().zip(&self.bodies).enumerate();
        typed.map(|(at, (ty, body))| *firsts.entry((ty, body.as_bytes())).or_insert(at)).collect()
    }

    /// All of them, those of one type beside each other, and of these each beside one that it is
    /// like: a compressor finds what repeats more cheaply where it is near.
    fn chained(&self) -> Result<Vec<usize>> {
        let said: Vec<Vec<u8>> = self.bodies.iter().map(said).collect::<Result<_, _>>()?;
        let mut order: Vec<usize> = (0..said.len()).collect();
        order.sort_by_key(|&at| (self.types.get(at), said.get(at)));
        let mut chained = Vec::with_capacity(order.len());
        for alike in order.chunk_by(|&a, &b| self.types.get(a) == self.types.get(b)) {
            let said: Vec<&[u8]> =
                alike.iter().filter_map(|&at| said.get(at)).map(Vec::as_slice).collect();
            let chain = likeness::chain(&said);
            chained.extend(chain.into_iter().filter_map(|at| alike.get(at).copied()));
        }
        Ok(chained)
    }

    /// The module with these of its functions in this order. Whoever calls another one calls the
    /// one by which it is `kept`.
    fn written(&self, wasm: &[u8], order: Vec<usize>, kept: &[usize]) -> Result<Vec<u8>> {
        let mut places = vec![None; self.bodies.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(place) = places.get_mut(old) {
                *place = Some(new);
            }
        }
        let mut numbers: Vec<u32> = (0..u32::try_from(self.imported)?).collect();
        for &by in kept {
            let place = places.get(by).copied().flatten().context("a function has no place")?;
            numbers.push(u32::try_from(self.imported + place)?);
        }
        let mut module = Module::new();
        Renumbering { order, numbers }
            .parse_core_module(&mut module, Parser::new(0), wasm)
            .map_err(|error| anyhow!("cannot arrange the browser half: {error}"))?;
        Ok(module.finish())
    }
}

/// What a function says, but for whom it calls: those numbers change with the order.
fn said(body: &FunctionBody<'_>) -> Result<Vec<u8>, BinaryReaderError> {
    let (start, bytes) = (body.range().start, body.as_bytes());
    let mut said = Vec::with_capacity(bytes.len());
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let from = operators.original_position();
        let is_call = matches!(operators.read()?, Operator::Call { .. });
        let to = if is_call { from + 1 } else { operators.original_position() };
        said.extend_from_slice(bytes.get(from - start..to - start).unwrap_or_default());
    }
    Ok(said)
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
