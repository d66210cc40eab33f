//! The debug overlay: on a page whose address contains `admx_debug`, what the pixel sends and what the server says to it.
//! The pixel loads it before it starts. It stands outside of the pixel, overhears its requests and warnings, stores
//! nothing, sends nothing, and throws nothing into the page.
//!
//! - `said`: a request and its answer, read; `json`: by what
//! - `standing`: whether the pixel counts here, and if not, why
//! - `tap`: overhears a function's calls
//! - `panel`: what is seen

mod json;
pub mod said;
pub mod standing;

#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
pub mod panel;
#[cfg(target_arch = "wasm32")]
pub mod tap;

#[cfg(target_arch = "wasm32")]
pub(crate) use page::start;
