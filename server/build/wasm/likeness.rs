//! What is like what: an order of texts in which each stands beside one that it shares much with.

use std::collections::HashMap;

/// How many bytes make a word.
const WORD: usize = 5;
/// A word that more texts have than this says nothing about any two of them.
const COMMON: usize = 2_000;

/// An order of all the texts, by their places: from the first one on, always the one that is most
/// like the last, or the first that is left where none is.
pub(super) fn chain(texts: &[&[u8]]) -> Vec<usize> {
    let words: Vec<Vec<u64>> = texts.iter().map(|text| words(text)).collect();
    let mut having: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, words) in words.iter().enumerate() {
        for &word in words {
            having.entry(word).or_default().push(at);
        }
    }
    having.retain(|_, texts| (2..=COMMON).contains(&texts.len()));

    let mut chain = Vec::with_capacity(texts.len());
    let mut is_placed = vec![false; texts.len()];
    let mut shared = vec![0_usize; texts.len()];
    let mut left = 0..texts.len();
    let mut next = left.next();
    while let Some(at) = next {
        chain.push(at);
        is_placed[at] = true;
        let mut near = Vec::new();
        for &other in words[at].iter().filter_map(|word| having.get(word)).flatten() {
            if !is_placed[other] {
                if shared[other] == 0 {
                    near.push(other);
                }
                shared[other] += 1;
            }
        }
        // How many words both have, of how many that either has.
        let likeness =
            |other: usize| (shared[other], words[at].len() + words[other].len() - shared[other]);
        next = near.iter().copied().max_by(|&a, &b| {
            let ((shared_a, all_a), (shared_b, all_b)) = (likeness(a), likeness(b));
            (shared_a * all_b).cmp(&(shared_b * all_a)).then(b.cmp(&a))
        });
        next = next.or_else(|| left.find(|&at| !is_placed[at]));
        for other in near {
            shared[other] = 0;
        }
    }
    chain
}

/// The words of a text, each once.
fn words(text: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let mut words: Vec<u64> = text.windows(WORD).map(word).collect();
    words.sort_unstable();
    words.dedup();
    words
}
