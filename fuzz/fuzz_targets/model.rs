//! See `src/model.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| strangers::model(input));
