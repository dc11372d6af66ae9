// Stands in for the toolkit's header of this name: the part of CUDA C++ and its runtime that the
// kernels use, for a C++ compiler. README.md says what is there.
#pragma once

#include "emulator/language.h"
#include "emulator/runtime.h"
#include "emulator/vector_types.h"
#include "emulator/warp.h"
#include "emulator/math.h"
