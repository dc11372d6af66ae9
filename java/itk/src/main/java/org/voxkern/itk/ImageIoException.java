package org.voxkern.itk;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * An image or transform file that cannot be read or written; the message is one line that names the
 * file.
 */
public final class ImageIoException extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  public ImageIoException(String message) {
    super(message, new IOException(message));
  }

  public ImageIoException(String message, IOException cause) {
    super(message, cause);
  }
}
