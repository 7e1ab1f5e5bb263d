//! All of the guest's own memory, as a hostile guest would take it: into a blob, which nobody searches.

use jackfield_sdk::{Result, host};

/// Bytes written at once.
const CHUNK: usize = 256 << 10;

/// The blob's digest.
#[cfg(target_arch = "wasm32")]
pub fn all() -> Result<String> {
    let size = core::arch::wasm32::memory_size(0) * 65_536;
    let writer = host::blobs::create()?;
    let mut chunk = vec![0u8; CHUNK];
    let mut at = 0;
    while at < size {
        let length = CHUNK.min(size - at);
        for (offset, byte) in chunk[..length].iter_mut().enumerate() {
            let address = core::hint::black_box((at + offset) as *const u8);
            // SAFETY: every address below the memory's size can be read, whoever it belongs to.
            *byte = unsafe { core::ptr::read_volatile(address) };
        }
        writer.write(&chunk[..length])?;
        at += length;
    }
    host::blobs::finish(writer)
}

/// Only a component has a memory to dump.
#[cfg(not(target_arch = "wasm32"))]
pub fn all() -> Result<String> {
    host::blobs::put(&[0; CHUNK])
}
