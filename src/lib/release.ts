/**
 * Gives the memory of arrays back at once, rather than when garbage is next collected, which takes long to come where
 * little else is allocated. They are empty afterwards, and so is everything else that views the same memory.
 */
export function release(...arrays: readonly { readonly buffer: ArrayBufferLike }[]): void {
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
