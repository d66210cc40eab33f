//! See `src/sheet.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| strangers::sheet(input));
