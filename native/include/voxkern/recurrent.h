/* Recurrent layers. */
#ifndef VOXKERN_RECURRENT_H
#define VOXKERN_RECURRENT_H

#include "voxkern/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** In which order the steps of a sequence are taken. */
typedef enum vk_recurrence {
  VK_RECURRENCE_FORWARD = 0,
  VK_RECURRENCE_REVERSE = 1,
  /** Both, each with weights of its own. */
  VK_RECURRENCE_BIDIRECTIONAL = 2
} vk_recurrence;

/** Tensors of a recurrent layer, as ONNX has them: T steps, B sequences, I inputs, H hidden units,
 * D directions (1 or 2), G gates (LSTM 4: input, output, forget, cell; GRU 3: update, reset,
 * hidden). What is optional and not given is NULL or has no data. */
typedef struct vk_recurrent_tensors {
  uint32_t struct_size;
  /** (T, B, I) */
  const vk_view* input;
  /** (D, G H, I) */
  const vk_view* weights;
  /** (D, G H, H) */
  const vk_view* recurrent_weights;
  /** (D, 2 G H), those of the input before those of the recurrence; optional. */
  const vk_view* bias;
  /** (D, 3 H), of the gates input, output, forget; LSTM only, optional. */
  const vk_view* peepholes;
  /** (B) i32: steps of each sequence, 0 to T; optional. */
  const vk_view* lengths;
  /** (D, B, H); zeros where they are not given. */
  const vk_view* initial_hidden;
  const vk_view* initial_cell;
  /** (T, D, B, H), 0 beyond a sequence's length. */
  const vk_view* output;
  /** (D, B, H), after the last step of each sequence. */
  const vk_view* last_hidden;
  const vk_view* last_cell;
  /** (T, D, B, (G + 1) H), what the gradient needs of the forward run; optional there. LSTM: the
   * four gates and the cell; GRU: the three gates and, with linear_before_reset, the recurrent
   * product of the hidden gate, without it the hidden values behind the reset gate. */
  const vk_view* reserve;
  /** Of the results; none counts as zeros. Read by the gradient. */
  const vk_view* gradient_output;
  const vk_view* gradient_last_hidden;
  const vk_view* gradient_last_cell;
  /** Of the arguments, of their shapes. Written by the gradient. */
  const vk_view* gradient_input;
  const vk_view* gradient_weights;
  const vk_view* gradient_recurrent_weights;
  const vk_view* gradient_bias;
  const vk_view* gradient_peepholes;
  const vk_view* gradient_initial_hidden;
  const vk_view* gradient_initial_cell;
} vk_recurrent_tensors;

/* lstm: long short-term memory (kernels/lstm/README.md) */
VK_API vk_status vk_lstm_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                              vk_recurrence recurrence, vk_plan* plan);
VK_API vk_status vk_lstm(vk_context* context, const vk_plan* plan,
                         const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                         const vk_view* workspace);
/** Back through time, from what the forward run left in output and reserve. */
VK_API vk_status vk_lstm_gradient_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                                       vk_recurrence recurrence, vk_plan* plan);
VK_API vk_status vk_lstm_gradient(vk_context* context, const vk_plan* plan,
                                  const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                                  const vk_view* workspace);

/* gru: gated recurrent unit (kernels/gru/README.md) */
/** linear_before_reset not zero: the reset gate multiplies the recurrent product, as in PyTorch;
 * otherwise what goes into it. */
VK_API vk_status vk_gru_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                             vk_recurrence recurrence, int32_t linear_before_reset, vk_plan* plan);
VK_API vk_status vk_gru(vk_context* context, const vk_plan* plan,
                        const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                        int32_t linear_before_reset, const vk_view* workspace);
VK_API vk_status vk_gru_gradient_plan(vk_context* context, const vk_recurrent_tensors* tensors,
                                      vk_recurrence recurrence, int32_t linear_before_reset,
                                      vk_plan* plan);
VK_API vk_status vk_gru_gradient(vk_context* context, const vk_plan* plan,
                                 const vk_recurrent_tensors* tensors, vk_recurrence recurrence,
                                 int32_t linear_before_reset, const vk_view* workspace);

/* conv_lstm: the gates of a convolutional LSTM (kernels/conv_lstm/README.md) */
/** gates (N, 4 C, D, H, W) before their curves, in the order input, forget, cell, output; cell, new
 * cell and hidden (N, C, D, H, W), where new cell may be cell itself; peepholes none or (3, C, D,
 * H, W), of input, forget, output. */
VK_API vk_status vk_conv_lstm_plan(vk_context* context, const vk_view* gates, const vk_view* cell,
                                   const vk_view* peepholes, const vk_view* new_cell,
                                   const vk_view* hidden, vk_plan* plan);
VK_API vk_status vk_conv_lstm(vk_context* context, const vk_plan* plan, const vk_view* gates,
                              const vk_view* cell, const vk_view* peepholes,
                              const vk_view* workspace, const vk_view* new_cell,
                              const vk_view* hidden);
/** From the same arguments and the gradients of new cell (or none, which counts as zeros) and of
 * hidden. gradient_peepholes is none where peepholes is. */
VK_API vk_status vk_conv_lstm_gradient_plan(
    vk_context* context, const vk_view* gates, const vk_view* cell, const vk_view* peepholes,
    const vk_view* gradient_new_cell, const vk_view* gradient_hidden, const vk_view* gradient_gates,
    const vk_view* gradient_cell, const vk_view* gradient_peepholes, vk_plan* plan);
VK_API vk_status vk_conv_lstm_gradient(vk_context* context, const vk_plan* plan,
                                       const vk_view* gates, const vk_view* cell,
                                       const vk_view* peepholes, const vk_view* gradient_new_cell,
                                       const vk_view* gradient_hidden, const vk_view* workspace,
                                       const vk_view* gradient_gates, const vk_view* gradient_cell,
                                       const vk_view* gradient_peepholes);

#ifdef __cplusplus
}
#endif

#endif /* VOXKERN_RECURRENT_H */
