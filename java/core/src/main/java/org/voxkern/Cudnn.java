package org.voxkern;

import java.util.EnumSet;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.voxkern.internal.Voxkern;
import org.voxkern.nativecall.Status;

/**
 * Says to a CUDA backend, before it is first used, where cuDNN lies.
 *
 * <p>The property {@code voxkern.cudnn} names the file, or is {@code off}. Without it the JavaCPP
 * presets ({@code org.bytedeco:cuda} with the classifiers of this platform) load it, if they are on
 * the class path; nothing here depends on them. Then, or without them, the backend finds it among
 * what the process has loaded, or where the system's loader looks.
 */
final class Cudnn {
  private static final Logger LOG = LoggerFactory.getLogger(Cudnn.class);
  private static final String PRESETS = "org.bytedeco.cuda.global.cudnn";

  private static final Set<Backend> prepared = EnumSet.noneOf(Backend.class);

  private Cudnn() {}

  /** Once a process; the backend has to be there. */
  static synchronized void prepare(Backend backend) {
    boolean emulated = backend == Backend.CUDA_EMULATED;
    if ((backend != Backend.CUDA && !emulated) || !prepared.add(backend)) {
      return;
    }
    String path = System.getProperty("voxkern.cudnn", "");
    if (path.equals("off")) {
      Status.check(Voxkern.vk_cudnn_configure(backend.ordinal(), "", Voxkern.VK_CUDNN_NEVER));
    } else if (!path.isEmpty()) {
      Status.check(Voxkern.vk_cudnn_configure(backend.ordinal(), path, Voxkern.VK_CUDNN_BY_MODEL));
    } else if (!emulated && System.getenv("VOXKERN_CUDNN") == null) {
      loadPresets();
    }
  }

  /** Afterwards the loader of the system knows cuDNN by its name. */
  private static void loadPresets() {
    Class<?> presets;
    try {
      presets = Class.forName(PRESETS, false, Cudnn.class.getClassLoader());
    } catch (ClassNotFoundException absent) {
      return;
    }
    try {
      Loader.load(presets);
    } catch (LinkageError failure) {
      LOG.warn(
          "the JavaCPP presets of cuDNN are there and cannot be loaded: {}", failure.toString());
    }
  }
}
