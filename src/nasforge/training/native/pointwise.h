// A 1x1 convolution without bias, optionally of relu(x), on some columns at a time.
#pragma once

#include "parameters.h"

namespace nasforge {

class Pointwise {
 public:
  Pointwise(Builder& builder, int inputs, int outputs)
      : inputs_(inputs),
        outputs_(outputs),
        weight_(builder.parameters.take(static_cast<size_t>(inputs) * outputs)) {
    builder.largest_panel =
        std::max(builder.largest_panel, static_cast<size_t>(inputs) * outputs);
  }

  int outputs() const { return outputs_; }

  // To be called before the first chunk.
  void start_forward(const Step& step) const {
    pack(outputs_, inputs_, weight_.value, inputs_, 1, step.workspace->panel);
  }

  template <bool kRelu>
  void forward(Rows x, Rows y, size_t columns, const Step& step) const {
    product<kRelu, Epilogue::kWrite>(outputs_, inputs_, columns, step.workspace->panel, x, y);
  }

  // To be called before the first chunk.
  void start_backward(const Step& step) const {
    pack(inputs_, outputs_, weight_.value, 1, inputs_, step.workspace->panel);
    std::memset(step.workspace->sums, 0, sizeof(float) * inputs_ * outputs_ * kWidth);
  }

  template <bool kRelu>
  void backward_weight(Rows dy, Rows x, size_t columns, const Step& step) const {
    weight_gradient<kRelu>(outputs_, inputs_, columns, dy, x, step.workspace->sums);
  }

  // dx = w^T dy; of a convolution of relu(x): dx += w^T dy where x is positive.
  template <bool kRelu>
  void backward_input(Rows dy, Rows x, Rows dx, size_t columns, const Step& step) const {
    constexpr Epilogue kEpilogue = kRelu ? Epilogue::kAddIfActive : Epilogue::kWrite;
    product<false, kEpilogue>(inputs_, outputs_, columns, step.workspace->panel, dy, dx, x);
  }

  // To be called after the last chunk.
  void finish_backward(const Step& step) const {
    for (int i = 0; i < inputs_ * outputs_; ++i) {
      weight_.gradient[i] += sum_of_lanes(load(step.workspace->sums + i * kWidth));
    }
  }

 private:
  int inputs_;
  int outputs_;
  Parameter weight_;
};

}  // namespace nasforge
