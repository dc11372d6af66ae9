package org.voxkern;

/** A device failed, or the native library found a fault of its own. */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceException(String message) {
    super(message);
  }
}
