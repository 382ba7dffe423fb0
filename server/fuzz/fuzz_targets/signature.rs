//! Any head and body against a secret of each sender. Nobody who does not have the secret is
//! judged valid, and nothing that is sent breaks the reading of it.
#![no_main]

use hookglass_server::fuzzing::verdicts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for (provider, verdict) in verdicts(input) {
        assert_ne!(verdict, "valid", "{provider} of {:?}", String::from_utf8_lossy(input));
    }
});
