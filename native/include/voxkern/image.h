/* Operations on images and label maps of any kind. */
#ifndef VOXKERN_IMAGE_H
#define VOXKERN_IMAGE_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* convert: element types, with scale and offset (kernels/convert/README.md) */
VK_API vk_status vk_convert_plan(vk_context* context, const vk_view* input, double scale,
                                 double offset, const vk_view* output, vk_plan* plan);
VK_API vk_status vk_convert(vk_context* context, const vk_plan* plan, const vk_view* input,
                            double scale, double offset, const vk_view* workspace,
                            const vk_view* output);

/* statistics: range, moments and centre of mass (kernels/statistics/README.md) */
typedef struct vk_statistics_values {
  /** Voxels that count and are finite; everything below but the next two is about those. */
  int64_t count;
  int64_t nan_count;
  int64_t infinite_count;
  double minimum;
  double maximum;
  double mean;
  double variance;
  /** Sum of the weights, max(0, value - floor). */
  double weight;
  /** Weighted mean position, x, y, z in voxels. */
  double center[3];
  /** Weighted second moments about it: xx, xy, xz, yy, yz, zz in voxels squared. */
  double second_moment[6];
} vk_statistics_values;

/** `weight_floor` NaN takes the least counted value. */
VK_API vk_status vk_statistics_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                                    double weight_floor, vk_plan* plan);
VK_API vk_status vk_statistics(vk_context* context, const vk_plan* plan, const vk_view* image,
                               const vk_view* mask, double weight_floor, const vk_view* workspace,
                               vk_statistics_values* values);

/* histogram: voxels a bin of intensity (kernels/histogram/README.md). counts is i64 (bins + 2):
 * below the range, in each bin, above the range. */
VK_API vk_status vk_histogram_plan(vk_context* context, const vk_view* image, const vk_view* mask,
                                   double low, double high, const vk_view* counts, vk_plan* plan);
VK_API vk_status vk_histogram(vk_context* context, const vk_plan* plan, const vk_view* image,
                              const vk_view* mask, double low, double high,
                              const vk_view* workspace, const vk_view* counts);

/* label_overlap: voxels of each label in two label maps (kernels/label_overlap/README.md) */
typedef struct vk_label_overlap_rest {
  /** Labels of either map that lie outside the range asked for. */
  int64_t outside;
  /** Values of either map that are no whole numbers. */
  int64_t not_whole;
} vk_label_overlap_rest;

/** counts is i64 (3, labels): voxels with label first_label + i in a, in b, in both. */
VK_API vk_status vk_label_overlap_plan(vk_context* context, const vk_view* a, const vk_view* b,
                                       int64_t first_label, const vk_view* counts, vk_plan* plan);
VK_API vk_status vk_label_overlap(vk_context* context, const vk_plan* plan, const vk_view* a,
                                  const vk_view* b, int64_t first_label, const vk_view* workspace,
                                  const vk_view* counts, vk_label_overlap_rest* rest);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_IMAGE_H */
