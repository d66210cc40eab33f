//! A hash of all that is known of an event, the same here and in SQL: wrapping arithmetic on whole numbers alone, texts by
//! their CRC-32. Hashes of many are added up, so that their order means nothing.

use super::stored::Stored;
use crate::store::read::Numbered;

/// A factor for each column, so that what stands in one can't stand for another: numbers of SplitMix64, made odd.
const ODD: [u64; Stored::NUMBERS.len()] = {
    let (mut odd, mut state, mut nth) = ([0; Stored::NUMBERS.len()], 0u64, 0);
    while nth < odd.len() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        odd[nth] = (mixed ^ (mixed >> 31)) | 1;
        nth += 1;
    }
    odd
};

/// That of an event.
pub(super) fn of(event: &Numbered) -> u64 {
    let columns = Stored::of(event, 0).numbers();
    let sum = columns.iter().zip(ODD).fold(0u64, |sum, (value, odd)| {
        sum.wrapping_add((*value as u64).wrapping_mul(odd))
    });
    let folded = sum ^ (sum >> 29);
    folded.wrapping_mul(ODD[0]) ^ (folded >> 32)
}

/// A query for it, as `hash`, beside `site`, `day` and `id`, of the rows that `from` gives.
pub(super) fn sql(from: &str) -> String {
    let terms = Stored::NUMBERS.iter().zip(ODD);
    let terms: Vec<String> = terms
        .map(|(column, odd)| format!("reinterpretAsUInt64(toInt64({column})) * toUInt64('{odd}')"))
        .collect();
    format!(
        "SELECT site, day, id, bitXor(folded * toUInt64('{}'), bitShiftRight(folded, 32)) AS hash FROM (
            SELECT site, day, id, bitXor(mixed, bitShiftRight(mixed, 29)) AS folded FROM (
                SELECT site, day, id, {} AS mixed FROM {from}))",
        ODD[0],
        terms.join(" + ")
    )
}
