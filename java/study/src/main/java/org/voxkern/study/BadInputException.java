package org.voxkern.study;

/** What the user gave cannot be used; the message is one line and says why. */
public final class BadInputException extends RuntimeException {
  public BadInputException(String message) {
    super(message);
  }

  public BadInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
