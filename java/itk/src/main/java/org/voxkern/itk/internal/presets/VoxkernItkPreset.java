package org.voxkern.itk.internal.presets;

import org.bytedeco.javacpp.annotation.NoException;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** How JavaCPP reads {@code voxkern_itk.h}; its output is committed under {@code src/gen/java}. */
@Properties(
    value = @Platform(value = "linux", include = "voxkern_itk.h", link = "voxkern_itk"),
    target = "org.voxkern.itk.internal",
    global = "org.voxkern.itk.internal.VoxkernItk")
@NoException
public class VoxkernItkPreset implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    infoMap.put(new Info("VKI_API").cppTypes().annotations());
  }
}
