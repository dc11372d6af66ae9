#pragma once

#include "registry/boxes.h"
#include "voxkern/detection.h"

namespace vk {

/** What `matches` says of an anchor without a box. */
constexpr int64_t kNoBox = -1;
constexpr int64_t kIgnored = -2;

struct BoxMatcherArgs {
  Boxes anchors;
  Boxes boxes;
  double foreground;
  double background;
  bool bestOfEachBox;
  int64_t* matches;
  /** May be null. */
  void* overlaps;
};

struct BoxMatcherAtssArgs {
  Boxes anchors;
  Boxes boxes;
  const int64_t* levelSizes;
  int32_t levels;
  int32_t candidates;
  double leastDistance;
  int64_t* matches;
  /** May be null. */
  void* overlaps;
};

void boxMatcherReference(const BoxMatcherArgs&, Context&, const Workspace&);
void boxMatcherAtssReference(const BoxMatcherAtssArgs&, Context&, const Workspace&);
extern const SimdTable<Kernel<BoxMatcherArgs>> boxMatcherCpuTable;
extern const SimdTable<Kernel<BoxMatcherAtssArgs>> boxMatcherAtssCpuTable;
int64_t boxMatcherCpuWorkspaceBytes(const BoxMatcherArgs&);
int64_t boxMatcherAtssCpuWorkspaceBytes(const BoxMatcherAtssArgs&);

}  // namespace vk
