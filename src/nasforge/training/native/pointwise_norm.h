// A 1x1 convolution and the norm behind it, chunk by chunk: what one writes, the other finds in the
// cache.
#pragma once

#include "batch_norm.h"
#include "pointwise.h"

namespace nasforge {

// y = convolution of x (or relu(x)), observed as the norm's channels from `first` on.
template <bool kRelu>
void forward_observed(const Pointwise& convolution, BatchNorm& norm, int first, const Map& x,
                      const Map& y, const Step& step) {
  convolution.start_forward(step);
  for_each_chunk(step.lanes, y.size, [&](size_t p, size_t columns) {
    convolution.forward<kRelu>(x.rows(p), y.rows(p), columns, step);
    if (step.training) norm.observe(first, y.channels, y.rows(p), columns);
  });
}

// dx from the gradient g of the normalised y, after norm.start_backward; added where x is positive
// with kRelu, else written.
template <bool kRelu>
void backward_normed(const Pointwise& convolution, const BatchNorm& norm, int first, const Map& g,
                     const Map& y, const Map& x, const Map& dx, const Step& step) {
  const Rows dy = step.workspace->chunk;
  convolution.start_backward(step);
  for_each_chunk(step.lanes, y.size, [&](size_t p, size_t columns) {
    norm.backward(first, y.channels, g.rows(p), y.rows(p), dy, columns, step.lanes);
    convolution.backward_weight<kRelu>(dy, x.rows(p), columns, step);
    convolution.backward_input<kRelu>(dy, x.rows(p), dx.rows(p), columns, step);
  });
  convolution.finish_backward(step);
}

class PointwiseNorm {
 public:
  PointwiseNorm(Builder& builder, int inputs, int outputs)
      : convolution_(builder, inputs, outputs), norm_(builder, outputs) {}

  const BatchNorm& norm() const { return norm_; }

  template <bool kRelu>
  void forward(const Map& x, const Map& y, const Step& step) {
    forward_observed<kRelu>(convolution_, norm_, 0, x, y, step);
    norm_.prepare(y.size, step);
  }

  template <bool kRelu>
  void backward(const Map& g, const Map& y, const Map& x, const Map& dx, const Step& step) {
    norm_.start_backward(g, y, step);
    backward_normed<kRelu>(convolution_, norm_, 0, g, y, x, dx, step);
  }

 private:
  Pointwise convolution_;
  BatchNorm norm_;
};

}  // namespace nasforge
