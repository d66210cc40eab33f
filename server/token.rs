//! Random tokens, and the digests that are stored in their place.

use rand::Rng;
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

/// SHA-256 of a token.
pub type Hash = [u8; 32];

/// `letters` letters and digits; 43 of them hold 256 bits.
pub fn random(letters: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), letters)
}

/// `letters` lower-case letters and digits, for what people read aloud.
pub fn random_lowercase(letters: usize) -> String {
    const SET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    (0..letters)
        .map(|_| char::from(SET[rng.random_range(0..SET.len())]))
        .collect()
}

/// What is stored of `token`.
pub fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}
