#include "registry/registry.h"

#include <vector>

#include "registry/operations.h"

namespace vk {

Refusal refuses(const Context& context, vk_backend backend, vk_isa isa, bool built) {
  if (!built) return "is not built for this architecture";
  // The emulated device runs the kernels of `cuda`.
  const vk_backend own =
      context.backend == VK_BACKEND_CUDA_EMULATED ? VK_BACKEND_CUDA : context.backend;
  if (backend != own) return "is another backend than the context's";
  if (backend == VK_BACKEND_CPU && isa != VK_ISA_PORTABLE) {
    const bool allowed = isa <= context.isa && (isa == VK_ISA_NEON) == (context.isa == VK_ISA_NEON);
    if (!allowed || !processorHas(isa)) return format("needs the instruction set %s", isaName(isa));
  }
  return {};
}

void checkWorkspace(const char* operation, const vk_plan& plan, const vk_view* workspace) {
  if (plan.workspace_bytes == 0) return;
  if (!present(workspace)) {
    invalidArgument("%s: needs a workspace of %lld bytes", operation,
                    static_cast<long long>(plan.workspace_bytes));
  }
  const int64_t bytes = elementCount(*workspace) * elementSize(workspace->type);
  if (bytes < plan.workspace_bytes) {
    invalidArgument("%s: the workspace has %lld bytes, expected %lld", operation,
                    static_cast<long long>(bytes), static_cast<long long>(plan.workspace_bytes));
  }
}

namespace {

struct RegisteredOperation {
  const char* name;
  std::vector<const char*> implementations;
};

template <class Args>
RegisteredOperation registered(const char* name, Implementations<Args> table) {
  RegisteredOperation operation{name, {}};
  for (const Implementation<Args>& row : table) {
    operation.implementations.push_back(row.run != nullptr ? row.name : "");
  }
  return operation;
}

const std::vector<RegisteredOperation>& operations() {
  static const std::vector<RegisteredOperation> all = {
#define VK_OPERATION(name, Args) registered<Args>(#name, name##Implementations()),
#include "registry/operations.inc"
#undef VK_OPERATION
  };
  return all;
}

const RegisteredOperation* find(int32_t operation) {
  return operation >= 0 && operation < static_cast<int32_t>(operations().size())
             ? &operations()[static_cast<size_t>(operation)]
             : nullptr;
}

}  // namespace
}  // namespace vk

extern "C" {

int32_t vk_operation_count(void) { return static_cast<int32_t>(vk::operations().size()); }

const char* vk_operation_name(int32_t operation) {
  const auto* entry = vk::find(operation);
  return entry ? entry->name : "";
}

int32_t vk_implementation_count(int32_t operation) {
  const auto* entry = vk::find(operation);
  return entry ? static_cast<int32_t>(entry->implementations.size()) : 0;
}

const char* vk_implementation_name(int32_t operation, int32_t implementation) {
  const auto* entry = vk::find(operation);
  return entry && implementation >= 0 &&
                 implementation < static_cast<int32_t>(entry->implementations.size())
             ? entry->implementations[static_cast<size_t>(implementation)]
             : "";
}

}  // extern "C"
