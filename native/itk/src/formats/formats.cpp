#include "formats.h"

#include "itk_formats.h"

extern "C" __attribute__((visibility("default"))) const vki::ItkFormats* vki_itk_formats() {
  static const vki::ItkFormats formats = {vki::openWithItk, vki::openDicomSeries,
                                          vki::listDicomSeries, vki::writeWithItk,
                                          vki::resampleWithItk};
  return &formats;
}
