//! The raw exports of what ships to visitors: memory and one function. No allocation, no imports.
//!
//! The shim writes facts at [`FACTS`], and `e(len)` answers the [`verdict`](crate::verdict()) on them.

/// Where the shim writes: above the stack and all data, which fill less than the first page of 64 KiB. The build sheet
/// asks the linker for memory that goes on from here.
const FACTS: usize = 1 << 16;

/// How many bytes there are room for; facts that don't fit make no event here, and the shim cuts them long before.
const ROOM: usize = 1 << 16;

#[unsafe(no_mangle)]
extern "C" fn e(len: usize) -> u32 {
    let len = if len > ROOM { 0 } else { len };
    // SAFETY: `FACTS..FACTS + ROOM` is memory of this module (`--initial-memory`) that no static and no stack lies in;
    // a page has one thread, and the shim doesn't write while this runs.
    let facts =
        unsafe { core::slice::from_raw_parts(core::ptr::with_exposed_provenance(FACTS), len) };
    crate::verdict(facts)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
