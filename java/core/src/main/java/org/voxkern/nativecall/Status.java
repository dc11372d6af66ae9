package org.voxkern.nativecall;

import java.util.concurrent.CancellationException;
import org.voxkern.DeviceException;
import org.voxkern.OutOfMemoryException;
import org.voxkern.internal.Voxkern;

/** Turns native statuses into exceptions; the one place where that happens. */
public final class Status {
  private Status() {}

  /** Throws what the status stands for, with the native message; returns on success. */
  public static void check(int status) {
    if (status == Voxkern.VK_OK) {
      return;
    }
    String message = Voxkern.vk_last_error().getString();
    switch (status) {
      case Voxkern.VK_INVALID_ARGUMENT:
        throw new IllegalArgumentException(message);
      case Voxkern.VK_UNSUPPORTED:
        throw new UnsupportedOperationException(message);
      case Voxkern.VK_OUT_OF_MEMORY:
        throw new OutOfMemoryException(message);
      case Voxkern.VK_CANCELLED:
        throw new CancellationException(message);
      default:
        throw new DeviceException(message);
    }
  }
}
