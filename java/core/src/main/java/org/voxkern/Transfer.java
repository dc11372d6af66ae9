package org.voxkern;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.voxkern.internal.Voxkern;
import org.voxkern.nativecall.Status;

/**
 * Between Java and the memory of a context. On a device, what goes up lies in pinned memory on the
 * way, and nobody waits for it; what comes down is waited for.
 */
final class Transfer {
  /** Of pinned memory, for each context that needs some. */
  private static final int STAGING = 8 << 20;

  private static final int HALF = STAGING / 2;

  /** Reads or writes {@code bytes} of host memory that belong at byte {@code offset}. */
  interface Part {
    void copy(Pointer host, long offset, long bytes);
  }

  private final Context context;
  private Pointer staging;

  /** Up to here it is on its way up. */
  private int used;

  Transfer(Context context) {
    this.context = context;
  }

  /** Writes memory of the context: once as a whole on the host, in parts on a device. */
  void write(Pointer to, long bytes, Part part) {
    if (context.device().isHost()) {
      part.copy(to, 0, bytes);
      return;
    }
    context.requireNotRecording();
    synchronized (this) {
      for (long at = 0; at < bytes; ) {
        long count = Math.min(bytes - at, HALF);
        Pointer slot = slot((int) count);
        part.copy(slot, at, count);
        Status.check(Voxkern.vk_copy_async(context.handle(), shifted(to, at), slot, count));
        at += count;
      }
    }
  }

  /** Reads memory of the context, after what was started before. */
  void read(Pointer from, long bytes, Part part) {
    if (context.device().isHost()) {
      part.copy(from, 0, bytes);
      return;
    }
    context.requireNotRecording();
    synchronized (this) {
      if (bytes <= STAGING - used) {
        Pointer slot = slot((int) bytes);
        Status.check(Voxkern.vk_copy_async(context.handle(), slot, from, bytes));
        context.synchronize();
        used = 0;
        part.copy(slot, 0, bytes);
        return;
      }
      context.synchronize();
      used = 0;
      // One half is on its way while the other is read.
      Pointer arrived = null;
      long arrivedAt = 0;
      long arrivedBytes = 0;
      for (long at = 0; at < bytes; ) {
        long count = Math.min(bytes - at, HALF);
        Pointer slot = shifted(pinned(), at / HALF % 2 * HALF);
        Status.check(Voxkern.vk_copy_async(context.handle(), slot, shifted(from, at), count));
        if (arrived != null) {
          part.copy(arrived, arrivedAt, arrivedBytes);
        }
        context.synchronize();
        arrived = slot;
        arrivedAt = at;
        arrivedBytes = count;
        at += count;
      }
      if (arrived != null) {
        part.copy(arrived, arrivedAt, arrivedBytes);
      }
    }
  }

  /** Between tensors of any two contexts. */
  static void copy(Tensor from, Tensor to) {
    Context source = from.context();
    Context target = to.context();
    Pointer memory = from.memory();
    Pointer into = to.memory();
    long bytes = from.byteCount();
    if (source.device().isHost()) {
      target.transfer().write(into, bytes, reading(memory));
    } else if (target.device().isHost()) {
      source
          .transfer()
          .read(
              memory,
              bytes,
              (host, offset, count) -> Pointer.memcpy(shifted(into, offset), host, count));
    } else if (source == target) {
      Status.check(Voxkern.vk_copy_async(source.handle(), into, memory, bytes));
    } else if (source.device().equals(target.device())) {
      source.synchronize();
      Status.check(Voxkern.vk_copy(target.handle(), into, memory, bytes));
    } else {
      // Memory out of one device's pool need not be in reach of another: by way of the host.
      ByteBuffer part = ByteBuffer.allocateDirect((int) Math.min(bytes, HALF));
      for (long at = 0; at < bytes; at += part.limit()) {
        part.clear().limit((int) Math.min(bytes - at, part.capacity()));
        from.read(at, part);
        to.write(at, part.flip());
      }
    }
  }

  private static Part reading(Pointer from) {
    return (host, offset, bytes) -> Pointer.memcpy(host, shifted(from, offset), bytes);
  }

  static Pointer shifted(Pointer memory, long offset) {
    return new BytePointer(memory).getPointer(offset);
  }

  private Pointer slot(int bytes) {
    if (used + bytes > STAGING) {
      context.synchronize();
      used = 0;
    }
    Pointer slot = shifted(pinned(), used);
    used += (bytes + 63) / 64 * 64;
    return slot;
  }

  private Pointer pinned() {
    if (staging == null) {
      Pointer memory = new BytePointer((Pointer) null);
      Status.check(Voxkern.vk_allocate_pinned(context.handle(), STAGING, memory));
      staging = memory;
    }
    return staging;
  }
}
