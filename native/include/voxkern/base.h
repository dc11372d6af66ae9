/* Statuses, views, contexts, plans: what every operation shares. See voxkern.h. */
#ifndef VOXKERN_BASE_H
#define VOXKERN_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VK_API __attribute__((visibility("default")))
#else
#define VK_API
#endif

/** Bumped whenever a struct or a signature below changes; the binding refuses another number. */
#define VK_ABI_VERSION 2

/* ----------------------------------------------------------------------------------------------
 * statuses */

typedef enum vk_status {
  VK_OK = 0,
  VK_INVALID_ARGUMENT = 1,
  VK_UNSUPPORTED = 2,
  VK_OUT_OF_MEMORY = 3,
  VK_DEVICE_FAULT = 4,
  VK_CANCELLED = 5,
  VK_INTERNAL_ERROR = 6
} vk_status;

/* ----------------------------------------------------------------------------------------------
 * views */

typedef enum vk_element_type {
  VK_BOOL = 0,
  VK_I8 = 1,
  VK_U8 = 2,
  VK_I16 = 3,
  VK_U16 = 4,
  VK_I32 = 5,
  VK_U32 = 6,
  VK_I64 = 7,
  VK_U64 = 8,
  VK_BF16 = 9,
  VK_F16 = 10,
  VK_F32 = 11,
  VK_F64 = 12
} vk_element_type;

typedef enum vk_layout {
  VK_LAYOUT_PLAIN = 0,
  VK_LAYOUT_BLOCKED_8 = 1,
  VK_LAYOUT_BLOCKED_16 = 2
} vk_layout;

typedef enum vk_device { VK_DEVICE_HOST = 0, VK_DEVICE_CUDA = 1 } vk_device;

#define VK_MAX_RANK 8

/** A non-owning description of a tensor. Strides count elements, not bytes. */
typedef struct vk_view {
  void* data;
  vk_device device;
  int32_t device_index;
  vk_element_type type;
  vk_layout layout;
  int32_t rank;
  int64_t sizes[VK_MAX_RANK];
  int64_t strides[VK_MAX_RANK];
} vk_view;

/* ----------------------------------------------------------------------------------------------
 * contexts */

typedef enum vk_backend {
  VK_BACKEND_AUTO = 0,
  VK_BACKEND_REFERENCE = 1,
  VK_BACKEND_CPU = 2,
  VK_BACKEND_CUDA = 3,
  VK_BACKEND_CUDA_EMULATED = 4
} vk_backend;

/** Instruction-set families the CPU kernels are compiled for, slowest first. */
typedef enum vk_isa {
  VK_ISA_AUTO = 0,
  VK_ISA_PORTABLE = 1,
  VK_ISA_NEON = 2,
  VK_ISA_AVX2 = 3,
  VK_ISA_AVX512 = 4
} vk_isa;

typedef struct vk_context_options {
  uint32_t struct_size;
  vk_backend backend;
  /** The best instruction set the context may use; AUTO takes the best this processor has. */
  vk_isa isa;
  /** Worker threads, the caller included; 0 takes every core the process may use. */
  int32_t threads;
  /** Bytes vk_allocate may hand out in all; 0 takes 80 % of what the machine, its cgroup or the
   * CUDA device has. */
  int64_t memory_limit;
  /** Which of the CUDA devices, for the CUDA backends. */
  int32_t device_index;
} vk_context_options;

typedef struct vk_context vk_context;

VK_API uint32_t vk_abi_version(void);
VK_API const char* vk_version(void);

/** Message of the last failure on the calling thread; never NULL. */
VK_API const char* vk_last_error(void);

VK_API vk_status vk_context_create(const vk_context_options* options, vk_context** context);
/** Frees the context and every allocation still held by it. */
VK_API void vk_context_destroy(vk_context* context);

VK_API vk_backend vk_context_backend(const vk_context* context);
VK_API vk_isa vk_context_isa(const vk_context* context);
VK_API int32_t vk_context_threads(const vk_context* context);

/** 64-byte aligned memory out of the context's budget, of its device where it has one: what the
 * tensors of its operations lie in. A freed block is kept for reuse. */
VK_API vk_status vk_allocate(vk_context* context, int64_t bytes, void** memory);
VK_API void vk_free(vk_context* context, void* memory);
/** Gives every cached block back to the operating system. */
VK_API void vk_trim(vk_context* context);

typedef struct vk_memory_report {
  int64_t budget;
  int64_t in_use;
  int64_t cached;
  int64_t high_water;
} vk_memory_report;
VK_API void vk_memory(const vk_context* context, vk_memory_report* report);

/** Copies between host memory and memory of the context's device, in order with its operations.
 * When it returns, `from` may be changed and `to` be read on the host. Each may be either. */
VK_API vk_status vk_copy(vk_context* context, void* to, const void* from, int64_t bytes);
/** Waits for everything that was started on the context, and says whether it went well. Operations
 * on a CUDA device may return before they are done; host memory is read and written by then. */
VK_API vk_status vk_synchronize(vk_context* context);

/** Asks running and later calls on this context to return VK_CANCELLED until it is cleared.
 * Callable from any thread. */
VK_API void vk_cancel(vk_context* context, int32_t cancelled);
VK_API int32_t vk_is_cancelled(const vk_context* context);

/** Best instruction set of this processor, whatever a context may be limited to. */
VK_API vk_isa vk_processor_isa(void);

/* ----------------------------------------------------------------------------------------------
 * CUDA devices */

typedef struct vk_device_properties {
  char name[256];
  int32_t compute_major;
  int32_t compute_minor;
  int32_t multiprocessors;
  int64_t memory_bytes;
  int64_t free_bytes;
} vk_device_properties;

/** How many devices a CUDA backend has; VK_UNSUPPORTED with the reason where it cannot be used. */
VK_API vk_status vk_device_count(vk_backend backend, int32_t* count);
VK_API vk_status vk_device_describe(vk_backend backend, int32_t device_index,
                                    vk_device_properties* properties);

/* ----------------------------------------------------------------------------------------------
 * plans */

/** What the first phase of an operation decided. Plain data: copy it, keep it, throw it away. */
typedef struct vk_plan {
  uint32_t struct_size;
  int32_t implementation;
  int64_t workspace_bytes;
  int64_t packed_bytes;
} vk_plan;

/* ----------------------------------------------------------------------------------------------
 * registry */

VK_API int32_t vk_operation_count(void);
VK_API const char* vk_operation_name(int32_t operation);
VK_API int32_t vk_implementation_count(int32_t operation);
/** Name of an implementation, numbered as a plan numbers it: the backend, and for `cpu` the
 * instruction set, e.g. "cpu-avx512". Empty for one that this build does not have. */
VK_API const char* vk_implementation_name(int32_t operation, int32_t implementation);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_BASE_H */
