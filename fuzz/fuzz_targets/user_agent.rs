//! See `src/user_agent.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| strangers::user_agent(input));
