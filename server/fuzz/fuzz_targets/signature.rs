//! Arbitrary heads and bodies, checked with a secret of each sender. A request signed without the
//! secret is never valid, and no input makes the parsers panic.
#![no_main]

use hookglass_senders::{
    sender,
    signature::{Depth, KnownSecret, SignedMessage, SigningSecret, verify},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for (provider, verdict) in verdicts(input) {
        assert_ne!(verdict, "valid", "{provider} of {:?}", String::from_utf8_lossy(input));
    }
});

// The verdicts on a request, with a secret of each sender in turn. The input is a head, an empty
// line, and a body.
fn verdicts(input: &[u8]) -> Vec<(&'static str, &'static str)> {
    use hookglass_senders::{
        sender,
        signature::{Depth, KnownSecret, SignedMessage, SigningSecret, verify},
    };
    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let end = memchr::memmem::find(input, b"\r\n\r\n").map_or(input.len(), |at| at + 4);
    let (head, body) = input.split_at(end);
    let words = head.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    let message = SignedMessage::new("POST", words, head, body, 1_795_262_587_000_000, None);
    let mut verdicts = Vec::new();
    for signing in sender::signings() {
        let secret = match signing.id {
            "discord" => "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            _ => HEX,
        };
        let known = KnownSecret {
            id: String::new(),
            name: None,
            signing,
            secret: SigningSecret::new(secret.to_owned()),
        };
        for recognised in [None, Some(signing)] {
            let verified =
                verify(&message, recognised, std::slice::from_ref(&known), Depth::Explained);
            verdicts.extend(verified.map(|verified| (verified.signing.id, verified.verdict.as_str())));
        }
    }
    verdicts
}
