//! Orders texts so that similar ones are next to each other.

use std::collections::HashMap;

/// Bytes in a word.
const WORD: usize = 5;
/// A word in more texts than this is ignored: it says nothing about the similarity of two.
const COMMON: usize = 2_000;

/// Returns the indices of all texts, each once: after each text comes the remaining one that is most
/// similar to it, or the first remaining one if none shares a word with it.
pub(super) fn order_by_similarity(texts: &[&[u8]]) -> Vec<usize> {
    let words: Vec<Vec<u64>> = texts.iter().map(|text| words(text)).collect();
    let mut by_word: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, words) in words.iter().enumerate() {
        for &word in words {
            by_word.entry(word).or_default().push(at);
        }
    }
    by_word.retain(|_, texts| (2..=COMMON).contains(&texts.len()));

    let mut order = Vec::with_capacity(texts.len());
    let mut is_placed = vec![false; texts.len()];
    let mut shared = vec![0_usize; texts.len()];
    let mut left = 0..texts.len();
    let mut next = left.next();
    while let Some(at) = next {
        order.push(at);
        is_placed[at] = true;
        let mut near = Vec::new();
        for &other in words[at].iter().filter_map(|word| by_word.get(word)).flatten() {
            if !is_placed[other] {
                if shared[other] == 0 {
                    near.push(other);
                }
                shared[other] += 1;
            }
        }
        // Jaccard similarity: the words in both, divided by the words in either.
        let similarity =
            |other: usize| (shared[other], words[at].len() + words[other].len() - shared[other]);
        next = near.iter().copied().max_by(|&a, &b| {
            let ((shared_a, all_a), (shared_b, all_b)) = (similarity(a), similarity(b));
            (shared_a * all_b).cmp(&(shared_b * all_a)).then(b.cmp(&a))
        });
        next = next.or_else(|| left.find(|&at| !is_placed[at]));
        for other in near {
            shared[other] = 0;
        }
    }
    order
}

/// The words of a text, without duplicates.
fn words(text: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let mut words: Vec<u64> = text.windows(WORD).map(word).collect();
    words.sort_unstable();
    words.dedup();
    words
}
