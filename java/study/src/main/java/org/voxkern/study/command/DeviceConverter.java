package org.voxkern.study.command;

import org.voxkern.Device;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An option that names a device. */
final class DeviceConverter implements ITypeConverter<Device> {
  @Override
  public Device convert(String name) {
    try {
      return Device.named(name);
    } catch (IllegalArgumentException | UnsupportedOperationException absent) {
      throw new TypeConversionException(absent.getMessage());
    }
  }
}
