// The convolutions of the search space: ReLU, depthwise, pointwise, norm; once (dilated) or twice
// (separable).
#pragma once

#include "depthwise.h"
#include "layer.h"
#include "pointwise_norm.h"

namespace nasforge {

// One round of depthwise, pointwise and norm.
struct SeparableRound {
  SeparableRound(Builder& builder, int channels, int kernel, int dilation, int stride, int size)
      : depthwise(builder, channels, kernel, dilation, stride, size),
        pointwise(builder, channels, channels),
        filtered(builder.map(channels, size / stride)),
        y(builder.map(channels, size / stride)) {}

  template <class InputOf>
  Term forward(const Map& x, const Step& step, InputOf input_of) {
    depthwise.forward(x, filtered, step, input_of);
    pointwise.forward<false>(filtered, y, step);
    return {y, pointwise.norm().slope(), pointwise.norm().offset()};
  }

  // From the gradient of the norm's output to that of `filtered`, in the workspace's second map.
  Map backward_to_filtered(const Map& g, const Step& step) {
    const Map dfiltered = step.workspace->map(step.workspace->second, y.channels, y.size);
    pointwise.backward<false>(g, y, filtered, dfiltered, step);
    return dfiltered;
  }

  Depthwise depthwise;
  PointwiseNorm pointwise;
  Map filtered, y;
};

inline auto relu_of_each() {
  return [](int) { return ReluInput(); };
}

// What the second round of a separable convolution reads: relu(norm(y)).
inline auto norm_relu_of_each(const BatchNorm& norm) {
  const float *slope = norm.slope(), *offset = norm.offset();
  return [=](int c) { return NormReluInput{broadcast(slope[c]), broadcast(offset[c])}; };
}

class DilatedConvolution : public Layer {
 public:
  DilatedConvolution(Builder& builder, int channels, int kernel, int stride, int size)
      : round_(builder, channels, kernel, 2, stride, size) {}

  Term forward(const Map& x, const Step& step) override {
    return round_.forward(x, step, relu_of_each());
  }

  void backward(const Map& x, const Map& dx, const Map& g, const Step& step) override {
    round_.depthwise.backward_relu(x, dx, round_.backward_to_filtered(g, step), step);
  }

 private:
  SeparableRound round_;
};

class SeparableConvolution : public Layer {
 public:
  SeparableConvolution(Builder& builder, int channels, int kernel, int stride, int size)
      : first_(builder, channels, kernel, 1, stride, size),
        second_(builder, channels, kernel, 1, 1, size / stride) {}

  Term forward(const Map& x, const Step& step) override {
    first_.forward(x, step, relu_of_each());
    return second_.forward(first_.y, step, norm_relu_of_each(first_.pointwise.norm()));
  }

  void backward(const Map& x, const Map& dx, const Map& g, const Step& step) override {
    const Map dfiltered = second_.backward_to_filtered(g, step);
    const Map middle = backward_second_depthwise(dfiltered, step);
    first_.depthwise.backward_relu(x, dx, first_.backward_to_filtered(middle, step), step);
  }

 private:
  // The gradient of the first norm's output, in the workspace's first map.
  Map backward_second_depthwise(const Map& dfiltered, const Step& step) {
    const Map &y = first_.y, g = step.workspace->map(step.workspace->first, y.channels, y.size);
    const BatchNorm& norm = first_.pointwise.norm();
    second_.depthwise.backward(y, dfiltered, step, norm_relu_of_each(norm), [&](int c) {
      const Vec slope = broadcast(norm.slope()[c]);
      const Vec offset = broadcast(norm.offset()[c]);
      const float* value = y.channel(c);
      float* to = g.channel(c);
      return [=](size_t i, Vec sum) {
        store(to + i, where_positive(slope * load(value + i) + offset, sum));
      };
    });
    return g;
  }

  SeparableRound first_, second_;
};

}  // namespace nasforge
