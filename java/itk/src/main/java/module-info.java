/** Medical image files, DICOM series and resampling through ITK. */
module org.voxkern.itk {
  requires transitive org.voxkern.core;
  requires org.bytedeco.javacpp;

  exports org.voxkern.itk;
  exports org.voxkern.itk.baseline;
  exports org.voxkern.itk.internal to
      org.bytedeco.javacpp;
  exports org.voxkern.itk.internal.presets to
      org.bytedeco.javacpp;
}
