#include "resample.h"

#include <cstring>

#include "itkAffineTransform.h"
#include "itkBSplineInterpolateImageFunction.h"
#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkLinearInterpolateImageFunction.h"
#include "itkNearestNeighborInterpolateImageFunction.h"
#include "itkResampleImageFilter.h"

#include "formats.h"
#include "itk_image.h"
#include "quiet.h"
#include "status.h"

namespace vki {
namespace {

using Interpolate = itk::InterpolateImageFunction<ScalarImage, double>;

Interpolate::Pointer createInterpolator(vki_interpolator kind) {
  switch (kind) {
    case VKI_NEAREST:
      return itk::NearestNeighborInterpolateImageFunction<ScalarImage, double>::New().GetPointer();
    case VKI_LINEAR:
      return itk::LinearInterpolateImageFunction<ScalarImage, double>::New().GetPointer();
    case VKI_BSPLINE:
      return itk::BSplineInterpolateImageFunction<ScalarImage, double, double>::New().GetPointer();
  }
  invalidArgument("unknown interpolator " + std::to_string(kind));
}

itk::CompositeTransform<double, 3>::Pointer createTransform(const ResampleRequest& request) {
  const auto affine = itk::AffineTransform<double, 3>::New();
  itk::Matrix<double, 3, 3> matrix;
  itk::Vector<double, 3> translation;
  for (unsigned row = 0; row < 3; row++) {
    for (unsigned column = 0; column < 3; column++) {
      matrix[row][column] = request.map[4 * row + column];
    }
    translation[row] = request.map[4 * row + 3];
  }
  affine->SetMatrix(matrix);
  affine->SetTranslation(translation);
  const auto composite = itk::CompositeTransform<double, 3>::New();
  composite->AddTransform(affine);
  if (request.displacementMm != nullptr) {
    const auto field = itk::DisplacementFieldTransform<double, 3>::New();
    field->SetDisplacementField(interleave(request.displacement, request.displacementMm));
    composite->AddTransform(field);  // the last one is applied first
  }
  return composite;
}

}  // namespace

void resampleWithItk(const ResampleRequest& request) {
  withAssertionsCaught("resampling", [&] {
    try {
      const ScalarImage::Pointer image = wrap(request.image, request.imageVoxels);
      const auto filter = itk::ResampleImageFilter<ScalarImage, ScalarImage>::New();
      filter->SetNumberOfWorkUnits(static_cast<unsigned>(std::max(1, request.threads)));
      filter->SetInput(image);
      filter->SetTransform(createTransform(request));
      filter->SetInterpolator(createInterpolator(request.interpolator));
      filter->SetDefaultPixelValue(static_cast<float>(request.fill));
      filter->UseReferenceImageOn();
      const auto reference = ScalarImage::New();
      setGeometry(*reference, request.result);
      filter->SetReferenceImage(reference);
      filter->Update();
      std::memcpy(request.resultVoxels, filter->GetOutput()->GetBufferPointer(),
                  static_cast<size_t>(voxelsInVolume(request.result)) * sizeof(float));
    } catch (const itk::ExceptionObject& exception) {
      throw Error(VKI_INVALID_ARGUMENT, oneLine(exception.GetDescription()));
    }
  });
}

}  // namespace vki
