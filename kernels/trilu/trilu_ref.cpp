#include "trilu/trilu.h"

namespace vk {

void triluReference(const TriluArgs& args, Context&, const Workspace&) {
  const char* from = static_cast<const char*>(args.input);
  char* to = static_cast<char*>(args.output);
  for (int64_t matrix = 0; matrix < args.matrices; ++matrix) {
    for (int64_t row = 0; row < args.rows; ++row) {
      for (int64_t column = 0; column < args.columns; ++column) {
        const int64_t right = column - row;
        const bool kept = args.upper ? right >= args.diagonal : right <= args.diagonal;
        for (int64_t byte = 0; byte < args.elementBytes; ++byte, ++from) {
          *to++ = kept ? *from : char{0};
        }
      }
    }
  }
}

}  // namespace vk
