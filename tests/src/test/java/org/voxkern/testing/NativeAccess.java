package org.voxkern.testing;

import java.util.List;

/** What a JVM that this one starts has to be told, or, from JDK 24 on, it warns of native code. */
public final class NativeAccess {
  private NativeAccess() {}

  /**
   * @param modules {@code ALL-UNNAMED}, or names, with commas between
   */
  public static List<String> of(String modules) {
    return Runtime.version().feature() < 24
        ? List.of()
        : List.of("--enable-native-access=" + modules);
  }
}
