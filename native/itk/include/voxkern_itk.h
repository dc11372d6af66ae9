/* Voxkern's bridge to ITK: medical image files, DICOM series, resampling.
 *
 * Plain C: no C++ type, no exception and no ownership of voxel memory crosses it. Every function
 * that can fail returns a vki_status; vki_last_error() holds the one-line message of the calling
 * thread's last failure. Nothing prints.
 *
 * Conventions
 *  - Geometry is ITK's: spacing and origin in mm, LPS; direction cosines row by row, column k is
 *    the direction of index axis k.
 *  - Voxels are planar and dense, x fastest: (time, component, z, y, x).
 *  - Element types are numbered as vk_element_type in voxkern.h.
 */
#ifndef VOXKERN_ITK_H
#define VOXKERN_ITK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VKI_API __attribute__((visibility("default")))
#else
#define VKI_API
#endif

/** Bumped whenever a struct or a signature below changes; the binding refuses another number. */
#define VKI_ABI_VERSION 1

typedef enum vki_status {
  VKI_OK = 0,
  VKI_INVALID_ARGUMENT = 1,
  /** The file or folder does not exist. */
  VKI_NOT_FOUND = 2,
  /** The file exists, but is broken or of a kind that cannot be read. */
  VKI_UNREADABLE = 3,
  VKI_NOT_WRITTEN = 4,
  VKI_OUT_OF_MEMORY = 5,
  VKI_INTERNAL_ERROR = 6
} vki_status;

typedef enum vki_pixel_kind {
  VKI_SCALAR = 0,
  VKI_VECTOR = 1,
  /** Three components: red, green, blue. */
  VKI_RGB = 2,
  /** Four components: red, green, blue, opacity. */
  VKI_RGBA = 3,
  /** Two components: real, imaginary. */
  VKI_COMPLEX = 4,
  /** Upper triangle of a symmetric matrix, row by row. */
  VKI_SYMMETRIC_TENSOR = 5
} vki_pixel_kind;

typedef struct vki_image_info {
  /** What the voxels are after the file's own intensity scaling. */
  int32_t element_type;
  int32_t components;
  vki_pixel_kind pixel_kind;
  /** Axes that the file has: 2, 3 or 4 (the fourth is time). */
  int32_t dimension;
  /** Voxels along x, y, z and time; 1 for an axis that the file lacks. */
  int64_t size[4];
  /** mm along x, y, z; the time step in seconds, 0 where the file does not say. */
  double spacing[4];
  double origin[3];
  double direction[9];
} vki_image_info;

typedef struct vki_reader vki_reader;

VKI_API uint32_t vki_abi_version(void);

/** Message of the last failure on the calling thread; never NULL. */
VKI_API const char* vki_last_error(void);

/* ----------------------------------------------------------------------------------------------
 * reading */

/** Opens an image file of any known format and reads its header. */
VKI_API vki_status vki_reader_open(const char* path, vki_reader** reader);

/** Opens one series of the DICOM files in a folder, slices sorted along their normal. A NULL or
 * empty series identifier takes the only series, or the one with most files when none ties. */
VKI_API vki_status vki_reader_open_series(const char* folder, const char* series,
                                          vki_reader** reader);

VKI_API vki_status vki_reader_info(const vki_reader* reader, vki_image_info* info);

/** Name of the file format, e.g. "NIfTI"; lives as long as the reader. */
VKI_API const char* vki_reader_format(const vki_reader* reader);

/** Reads the voxels into the caller's memory as `element_type`. Floating point becomes an integer
 * by rounding to the nearest, ties to even; what the type cannot hold is clamped; NaN becomes 0. */
VKI_API vki_status vki_reader_read(vki_reader* reader, int32_t element_type, void* voxels,
                                   int64_t bytes);

VKI_API void vki_reader_close(vki_reader* reader);

/** Lists the series of the DICOM files in a folder for vki_text(), one a line: identifier, tab,
 * number of files, tab, description. */
VKI_API vki_status vki_dicom_series(const char* folder);

/** What the calling thread's last vki_dicom_series() found; never NULL. */
VKI_API const char* vki_text(void);

/* ----------------------------------------------------------------------------------------------
 * writing */

/** Writes an image; the format follows the suffix of the path: .nii, .nii.gz, .nrrd, .nhdr, .mha,
 * .mhd, .mgh, .mgz, .tif, .png, .jpg, .bmp. `threads` compress side by side; the bytes written do
 * not depend on their number. */
VKI_API vki_status vki_write_image(const char* path, const vki_image_info* info, const void* voxels,
                                   int64_t bytes, int32_t threads);

/* ----------------------------------------------------------------------------------------------
 * ITK's own filters */

typedef enum vki_interpolator { VKI_NEAREST = 0, VKI_LINEAR = 1, VKI_BSPLINE = 2 } vki_interpolator;

/** ITK's ResampleImageFilter on f32 scalar volumes: resampled(x) = image(A (x + u(x)) + t).
 *
 * `map` is [A | t], 12 numbers row by row, physical points, mm LPS. `displacement_mm` is planar
 * (3, z, y, x) on its own grid, NULL for none. Outside the image the result is `fill`. */
VKI_API vki_status vki_resample(const vki_image_info* image_info, const void* image,
                                const vki_image_info* result_info, const double* map,
                                const vki_image_info* displacement_info,
                                const void* displacement_mm, vki_interpolator interpolator,
                                double fill, int32_t threads, void* result);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_ITK_H */
