package org.voxkern.study;

import org.voxkern.Context;

/** The version of Voxkern. */
public final class Version {
  private Version() {}

  /** The version of the jar, or of the native library where classes are not in a jar. */
  public static String text() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? Context.nativeVersion() : version;
  }
}
