package org.voxkern;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.voxkern.internal.Voxkern;

/**
 * Loads the native library once; a failure keeps every cause and is thrown again on each later use.
 *
 * <p>The libraries of the CUDA backends are used where the properties {@code voxkern.cuda} and
 * {@code voxkern.cuda-emulated} say that they lie; else that of CUDA comes out of the jar {@code
 * voxkern-native} with the classifier {@code linux-x86_64-cuda}, where it is on the class path;
 * else they are looked for beside this library.
 */
final class NativeLibrary {
  private static final UnsatisfiedLinkError FAILURE = load();

  /** Backends whose library was looked for. */
  private static final Set<Backend> FOUND = EnumSet.noneOf(Backend.class);

  private NativeLibrary() {}

  /** Throws with every cause when the native library could not be loaded. */
  static void require() {
    if (FAILURE != null) {
      throw FAILURE;
    }
  }

  /**
   * The native library, and what it needs for a backend: of a CUDA one where its own library lies.
   * Not before somebody asks for a device, since the one of the jar is large.
   *
   * @throws UnsupportedOperationException if it cannot be taken out of its jar
   */
  static synchronized void require(Backend backend) {
    require();
    boolean device = backend == Backend.CUDA || backend == Backend.CUDA_EMULATED;
    if (!device || FOUND.contains(backend)) {
      return;
    }
    String path = System.getProperty("voxkern." + Device.of(backend).word(), "");
    if (path.isEmpty() && backend == Backend.CUDA) {
      path = fromJar("libvoxkern_cuda.so");
    }
    if (!path.isEmpty()) {
      Voxkern.vk_device_library(backend.ordinal(), path);
    }
    FOUND.add(backend);
  }

  /** The file that a library of a jar is unpacked to, once a machine; empty where there is none. */
  private static String fromJar(String library) {
    String name = Loader.getPlatform() + "/" + library;
    URL resource = Voxkern.class.getResource(name);
    if (resource == null) {
      return "";
    }
    try {
      File file = Loader.cacheResource(resource);
      if (file != null) {
        return file.getPath();
      }
    } catch (IOException error) {
      throw unpacked(resource, error);
    }
    throw unpacked(resource, null);
  }

  private static UnsupportedOperationException unpacked(URL resource, IOException cause) {
    return new UnsupportedOperationException(
        resource + " cannot be unpacked" + (cause == null ? "" : ": " + cause.getMessage()), cause);
  }

  private static UnsatisfiedLinkError load() {
    try {
      Loader.load(Voxkern.class);
      int version = Voxkern.vk_abi_version();
      if (version != Voxkern.VK_ABI_VERSION) {
        return new UnsatisfiedLinkError(
            "the native library has ABI version "
                + version
                + ", the Java binding expects "
                + Voxkern.VK_ABI_VERSION
                + ": two versions of Voxkern are on the class path");
      }
      return null;
    } catch (LinkageError error) {
      StringBuilder message =
          new StringBuilder("the native library of Voxkern could not be loaded on ")
              .append(Loader.getPlatform())
              .append("; causes:");
      List<Throwable> seen = new ArrayList<>();
      for (Throwable cause = error;
          cause != null && !seen.contains(cause);
          cause = cause.getCause()) {
        seen.add(cause);
        message.append("\n  - ").append(cause.getMessage());
      }
      message.append(
          "\nIs the jar voxkern-native with the classifier of this platform on the class path?");
      UnsatisfiedLinkError failure = new UnsatisfiedLinkError(message.toString());
      failure.initCause(error);
      return failure;
    }
  }
}
