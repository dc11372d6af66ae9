package org.voxkern;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.voxkern.internal.Voxkern;

/**
 * Loads the native library once; a failure keeps every cause and is thrown again on each later use.
 *
 * <p>The libraries of the CUDA backends are looked for beside it, or where the properties {@code
 * voxkern.cuda} and {@code voxkern.cuda-emulated} say.
 */
final class NativeLibrary {
  private static final UnsatisfiedLinkError FAILURE = load();

  private NativeLibrary() {}

  /** Throws with every cause when the native library could not be loaded. */
  static void require() {
    if (FAILURE != null) {
      throw FAILURE;
    }
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
      for (Backend backend : new Backend[] {Backend.CUDA, Backend.CUDA_EMULATED}) {
        String path = System.getProperty("voxkern." + Device.of(backend).word(), "");
        if (!path.isEmpty()) {
          Voxkern.vk_device_library(backend.ordinal(), path);
        }
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
