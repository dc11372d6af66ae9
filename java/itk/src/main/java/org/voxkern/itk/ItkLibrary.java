package org.voxkern.itk;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.voxkern.OutOfMemoryException;
import org.voxkern.Tensor;
import org.voxkern.itk.internal.VoxkernItk;

/** Loads the native bridge and turns its statuses into exceptions. */
final class ItkLibrary {
  private static final UnsatisfiedLinkError FAILURE = load();

  private ItkLibrary() {}

  /** Throws with every cause when the native bridge could not be loaded. */
  static void require() {
    if (FAILURE != null) {
      throw FAILURE;
    }
  }

  /**
   * @throws NoSuchFileException if the file or folder does not exist
   * @throws ImageIoException if it cannot be read or written
   */
  static void check(int status, Path path) throws NoSuchFileException {
    if (status == VoxkernItk.VKI_OK) {
      return;
    }
    String message = VoxkernItk.vki_last_error().getString(pathCharset());
    switch (status) {
      case VoxkernItk.VKI_NOT_FOUND:
        throw new NoSuchFileException(path.toString(), null, "no such file or folder");
      case VoxkernItk.VKI_INVALID_ARGUMENT:
        throw new IllegalArgumentException(message);
      case VoxkernItk.VKI_OUT_OF_MEMORY:
        throw new OutOfMemoryException(message);
      default:
        throw new ImageIoException(message);
    }
  }

  /** A path as the operating system has it. */
  static BytePointer nativePath(Path path) {
    return new BytePointer(path.toString(), pathCharset());
  }

  static Charset pathCharset() {
    String name = System.getProperty("sun.jnu.encoding");
    return name != null && Charset.isSupported(name)
        ? Charset.forName(name)
        : StandardCharsets.UTF_8;
  }

  /** A native address as a pointer that owns nothing. */
  static final class Address extends Pointer {
    /** Of a tensor in host memory. */
    static Address of(Tensor tensor) {
      if (!tensor.context().device().isHost()) {
        throw new UnsupportedOperationException(
            "ITK computes on the host: copy " + tensor + " there, Context.host() is one");
      }
      return new Address(tensor.address());
    }

    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  private static UnsatisfiedLinkError load() {
    try {
      unpackBundle();
      Loader.load(VoxkernItk.class);
      int version = VoxkernItk.vki_abi_version();
      if (version != VoxkernItk.VKI_ABI_VERSION) {
        return new UnsatisfiedLinkError(
            "the native ITK bridge has ABI version "
                + version
                + ", the Java binding expects "
                + VoxkernItk.VKI_ABI_VERSION
                + ": two versions of Voxkern are on the class path");
      }
      return null;
    } catch (LinkageError | IOException error) {
      StringBuilder message =
          new StringBuilder("the native ITK bridge of Voxkern could not be loaded on ")
              .append(Loader.getPlatform())
              .append("; causes:");
      int depth = 0;
      for (Throwable cause = error; cause != null && depth < 10; cause = cause.getCause()) {
        message.append("\n  - ").append(cause.getMessage());
        depth++;
      }
      message.append(
          "\nIs the jar voxkern-itk with the classifier of this platform on the class path?");
      UnsatisfiedLinkError failure = new UnsatisfiedLinkError(message.toString());
      failure.initCause(error);
      return failure;
    }
  }

  /**
   * Puts every library that the bridge needs beside it, where its run path looks for them; JavaCPP
   * itself unpacks only the ones that it is told to load. A copy of the list, written last, says
   * that it has been done.
   */
  private static void unpackBundle() throws IOException {
    String folder = Loader.getPlatform() + "/";
    // Not Class.getResource: on the module path that looks in this module alone, not in the
    // natives'.
    URL list = Loader.findResource(VoxkernItk.class, folder + "libraries.txt");
    if (list == null || !"jar".equals(list.getProtocol())) {
      return;
    }
    byte[] wanted;
    try (InputStream stream = list.openStream()) {
      wanted = stream.readAllBytes();
    }
    Path cached = Loader.cacheResource(list).toPath();
    Path done = cached.resolveSibling("unpacked.txt");
    if (Files.exists(done) && Arrays.equals(wanted, Files.readAllBytes(done))) {
      return;
    }
    for (String line : new String(wanted, StandardCharsets.UTF_8).split("\n")) {
      String name = line.substring(line.lastIndexOf(' ') + 1);
      URL library = Loader.findResource(VoxkernItk.class, folder + name);
      if (library == null || Loader.cacheResource(library) == null) {
        throw new IOException(name + " is missing from the natives jar");
      }
    }
    Files.write(done, wanted);
  }
}
