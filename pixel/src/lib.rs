//! The tracker's core: facts go in, and which events they make comes out.
//!
//! One pure function, [`verdict`], is the whole of it: no clock, no randomness, no memory of earlier calls, no
//! allocation, no I/O. In the browser it runs as WebAssembly behind `shim/`; where WebAssembly is refused the shim sends
//! its records as they are and the server runs the very same function on them.
//!
//! - `record`: how the shim writes down what it saw, and the events that it may be
//! - `verdict`: which of them it is; every decision about what counts
//! - `name`: what a goal may be called, and the seven reserved names
//! - `abi`: the raw exports of what ships to visitors (feature `abi`)
//!
//! Left to the shim, and listed in `record`: reading the DOM, writing JSON, storage, time, sending. Left to the server:
//! whether the site may receive it. The code is written for size: what ships is measured in bytes, so nothing passes
//! through WebAssembly but what a decision needs.
#![cfg_attr(feature = "abi", no_std)]

#[cfg(feature = "abi")]
mod abi;
#[cfg(not(feature = "abi"))]
pub mod name;
#[cfg(not(feature = "abi"))]
pub mod record;
mod verdict;

pub use verdict::{FACT, NAME_REFUSED, verdict};

/// Metadata of more bytes than this (compact JSON, UTF-8) is left out by the pixel and refused by the server.
pub const METADATA_BYTES: usize = 8192;

/// Addresses are cut to this many bytes: by the shim, and by the server.
pub const URL_BYTES: usize = 2048;
