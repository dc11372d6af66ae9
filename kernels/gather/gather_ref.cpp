#include <cstring>

#include "gather/gather.h"
#include "gather/indexing_reference.h"

namespace vk {

void gatherReference(const GatherArgs& args, Context&, const Workspace&) {
  const Indexing& indexing = args.indexing;
  const int64_t count = indexing.groups * indexing.runs * indexing.length;
  for (int64_t pass = 0; pass < 2; ++pass) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t from = referenceElement(indexing, i);
      if (from < 0)
        invalidArgument("gather: element %lld has an index outside the data",
                        static_cast<long long>(i));
      if (pass == 0) continue;
      std::memcpy(static_cast<char*>(args.output) + i * args.elementBytes,
                  static_cast<const char*>(args.data) + from * args.elementBytes,
                  static_cast<size_t>(args.elementBytes));
    }
  }
}

}  // namespace vk
