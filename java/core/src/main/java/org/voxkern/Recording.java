package org.voxkern;

import org.voxkern.internal.Voxkern;
import org.voxkern.internal.vk_recording;
import org.voxkern.nativecall.Status;

/**
 * Work of a context that is done again as a whole, on the tensors that it was recorded with, whose
 * elements may have changed. On a CUDA device that is one call for all of its kernels.
 *
 * <p>See {@link Context#record}. The tensors have to be open still. Closed with its context at the
 * latest.
 */
public final class Recording implements AutoCloseable {
  private final Context context;

  /** Null on the host, where the work is just done again. */
  private final vk_recording recorded;

  private final Runnable work;
  private boolean closed;

  Recording(Context context, vk_recording recorded, Runnable work) {
    this.context = context;
    this.recorded = recorded;
    this.work = work;
  }

  /** Does it once; a device may still be at it when this returns. */
  public synchronized void replay() {
    if (closed) {
      throw new IllegalStateException("this recording is closed");
    }
    if (recorded == null) {
      work.run();
    } else {
      Status.check(Voxkern.vk_replay(context.handle(), recorded));
    }
  }

  @Override
  public synchronized void close() {
    if (!closed && recorded != null && !context.isClosed()) {
      Voxkern.vk_recording_destroy(context.handle(), recorded);
    }
    closed = true;
  }
}
