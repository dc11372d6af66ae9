package org.voxkern.internal.presets;

import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * How JavaCPP reads {@code voxkern.h} and what it includes; its output is committed under {@code
 * native/src/gen/java}.
 */
@Properties(
    value =
        @Platform(
            value = "linux",
            include = {
              "voxkern/base.h",
              "voxkern/device.h",
              "voxkern/cudnn.h",
              "voxkern/tuning.h",
              "voxkern/activation.h",
              "voxkern/convolution.h",
              "voxkern/detection.h",
              "voxkern/image.h",
              "voxkern/matmul.h",
              "voxkern/normalization.h",
              "voxkern/pooling.h",
              "voxkern/recurrent.h",
              "voxkern/registration.h",
              "voxkern/roi.h",
              "voxkern/sampling.h",
              "voxkern/tensor.h",
              "voxkern/training.h",
            },
            link = "voxkern",
            preload = "tbb@.12",
            preloadpath = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"}),
    target = "org.voxkern.internal",
    global = "org.voxkern.internal.Voxkern")
@NoException
public class VoxkernPreset implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    infoMap.put(new Info("VK_API").cppTypes().annotations());
  }
}
