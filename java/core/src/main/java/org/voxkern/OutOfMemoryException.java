package org.voxkern;

/** A context's memory budget, or the machine's memory, does not hold what was asked for. */
public final class OutOfMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OutOfMemoryException(String message) {
    super(message);
  }
}
