//! Asks the processor to fetch a cache line that will be needed soon.
//!
//! Uses `unsafe` because the intrinsic is declared so; a prefetch reads nothing and cannot fault,
//! whatever the address.

/// Starts fetching the cache line at `address`; does nothing where there is no such instruction.
#[inline]
pub fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has SSE, and a prefetch is only a hint.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
