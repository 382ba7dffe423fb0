//! Takes out of the browser half what it does when it panics. Nobody hears it: a release sets no hook,
//! and what follows is a trap, which is all that is left of it here. With it goes what it says.

use std::collections::HashSet;

use anyhow::{Result, anyhow, ensure};
use wasm_encoder::{
    CodeSection, Function, Instruction, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{CodeSectionReader, FunctionBody, KnownCustom, Name, Parser, Payload, TypeRef};

/// Parts of the mangled names of functions that never return: they say what is wrong and trap.
const NEVER_RETURN: &[&str] = &[
    "4core9panicking",
    "3std9panicking13panic_handler",
    "3std9panicking15panic_with_hook",
    "3std9panicking11begin_panic",
    "4core5slice5index16slice_index_fail",
    "4core3str16slice_error_fail",
    "4core6option13expect_failed",
    "4core6option13unwrap_failed",
    "4core6result13unwrap_failed",
    "4core4cell22panic_already_borrowed",
    "4core4cell30panic_already_mutably_borrowed",
    "5alloc7raw_vec12handle_error",
    "5alloc7raw_vec17capacity_overflow",
    "5alloc5alloc18handle_alloc_error",
    "3std6thread5local18panic_access_error",
];

/// Starts of the names of what `wasm-streams` gives to JavaScript, for streams that Leptos can send
/// and this page does not: nobody can call it, as only Rust makes such objects.
const NEVER_CALLED: &[&str] =
    &["intounderlyingsink_", "intounderlyingsource_", "intounderlyingbytesource_"];

/// The module with a trap in place of each function that only ends, and of each that nobody calls.
/// wasm-bindgen drops what only these called. `wasm` must still have its names.
///
/// # Errors
/// It is no module, or has no function of these names: the compiler calls them otherwise by now.
pub(super) fn trapped(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut traps = Traps::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    traps.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for names in names {
                    let Name::Function(functions) = names? else { continue };
                    for function in functions {
                        let function = function?;
                        if is_end(function.name) {
                            traps.numbers.insert(function.index);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    ensure!(!traps.numbers.is_empty(), "the browser half names nothing that panics");
    let mut module = Module::new();
    traps
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot take panics out of the browser half: {error}"))?;
    Ok(module.finish())
}

fn is_end(name: &str) -> bool {
    NEVER_RETURN.iter().any(|part| name.contains(part))
        || NEVER_CALLED.iter().any(|start| name.starts_with(start))
}

#[derive(Default)]
struct Traps {
    /// How many functions the module imports: those have the first numbers.
    imported: u32,
    /// The numbers of the functions that become traps.
    numbers: HashSet<u32>,
}

impl Reencode for Traps {
    type Error = std::convert::Infallible;

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        for (number, body) in (self.imported..).zip(section) {
            let body: FunctionBody<'_> = body?;
            if self.numbers.contains(&number) {
                let mut trap = Function::new([]);
                trap.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
                code.function(&trap);
            } else {
                self.parse_function_body(code, body)?;
            }
        }
        Ok(())
    }
}
