// A cuDNN that has nothing but its version.
#include <cstddef>

extern "C" __attribute__((visibility("default"))) size_t cudnnGetVersion() { return 92500; }
