//! Takes out of the WebAssembly what is compiled in but never runs.

use walrus::{FunctionBuilder, FunctionId, FunctionKind, passes::gc};
use wasm_bindgen_cli_support::Output;

/// Part of the names of the functions that never run. Leptos hydrates in one of two ways, and
/// `AnyView` holds pointers to both, so that no linker can see that an app only ever uses one.
/// Ours is `hydrate_body`; the other (`hydrate_lazy`) waits for code that is split off, which a
/// single file has none of. As futures, these functions are a sixth of the code.
const NEVER_RUN: &str = "hydrate_async";

/// Leaves of such functions only a trap, and nothing of what only they use.
pub(crate) fn trim(output: &mut Output) {
    let module = output.wasm_mut();
    let never_run: Vec<FunctionId> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| {
            module.funcs.get(*id).name.as_ref().is_some_and(|name| name.contains(NEVER_RUN))
        })
        .collect();
    for id in never_run {
        let (parameters, results) = {
            let (parameters, results) = module.types.params_results(module.funcs.get(id).ty());
            (parameters.to_vec(), results.to_vec())
        };
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        let parameters = parameters.into_iter().map(|of| module.locals.add(of)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(parameters));
    }
    gc::run(module);
}
