// Helpers over vki_image_info: counts, checks, and the small linear algebra of geometry.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "elements.h"
#include "voxkern_itk.h"

namespace vki {

/** Row by row. */
using Matrix3 = std::array<double, 9>;

/** A scalar 3D image of nothing: sizes 1, spacing 1, identity direction. */
vki_image_info emptyInfo();

int64_t voxelsInVolume(const vki_image_info& info);

/** Elements in all: volume times components times frames. */
int64_t elementCount(const vki_image_info& info);

/** Throws VKI_UNREADABLE naming the file unless sizes, spacing, origin and direction make sense. A
 * negative spacing becomes a reversed direction. */
void checkGeometry(const std::string& path, vki_image_info& info);

double determinant(const Matrix3& matrix);

/** The rotation (or reflection) nearest to a matrix that almost is one. */
Matrix3 nearestOrthonormal(const Matrix3& matrix);

/** Largest |cosine| between two columns. */
double shear(const Matrix3& matrix);

}  // namespace vki
