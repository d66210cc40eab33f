//! The raw exports of what ships to visitors: one buffer and one function. No allocation, no imports.
//!
//! `B` is where the shim writes records, at most [`IN`] bytes; `e(len)` turns them into events behind them, from
//! `B + IN` on, and answers how many bytes those have, or -1 when they didn't fit.

use crate::Sink;

const IN: usize = 1 << 16;
const OUT: usize = 1 << 18;

#[unsafe(no_mangle)]
static mut B: [u8; IN + OUT] = [0; IN + OUT];

struct Tail {
    buffer: &'static mut [u8],
    len: usize,
    full: bool,
}

impl Sink for Tail {
    fn put(&mut self, bytes: &[u8]) {
        for b in bytes {
            match self.buffer.get_mut(self.len) {
                Some(place) => *place = *b,
                None => self.full = true,
            }
            self.len += 1;
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn e(len: usize) -> isize {
    // SAFETY: a page has one thread, and the shim doesn't call in again before this has returned.
    let (input, output) = unsafe { (*(&raw mut B)).split_at_mut(IN) };
    let mut out = Tail {
        buffer: output,
        len: 0,
        full: false,
    };
    crate::moment(input.get(..len).unwrap_or(b""), &mut out);
    if out.full { -1 } else { out.len as isize }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
