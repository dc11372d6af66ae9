/** JavaCPP bindings of the native library; for Voxkern's core only. */
module org.voxkern.bindings {
  requires transitive org.bytedeco.javacpp;

  exports org.voxkern.internal to
      org.voxkern.core;
  exports org.voxkern.internal.presets to
      org.bytedeco.javacpp;
}
