// The two ways a cell's inputs come to its width: a 1x1 convolution, or one that halves the image.
#pragma once

#include "layer.h"
#include "pointwise_norm.h"

namespace nasforge {

// ReLU, 1x1 convolution, norm.
class ReluConvolution : public Layer {
 public:
  ReluConvolution(Builder& builder, int inputs, int outputs, int size)
      : convolution_(builder, inputs, outputs), y_(builder.map(outputs, size)) {}

  Term forward(const Map& x, const Step& step) override {
    convolution_.forward<true>(x, y_, step);
    return {y_, convolution_.norm().slope(), convolution_.norm().offset()};
  }

  void backward(const Map& x, const Map& dx, const Map& g, const Step& step) override {
    convolution_.backward<true>(g, y_, x, dx, step);
  }

 private:
  PointwiseNorm convolution_;
  Map y_;
};

// Call visit(offset in the large map, offset in the half map) for each pixel (2i + shift,
// 2j + shift).
template <class Visit>
void for_each_second_pixel(int half, int shift, size_t pixel, Visit visit) {
  size_t to = 0;
  for (int row = 0; row < half; ++row) {
    for (int column = 0; column < half; ++column, to += pixel) {
      const size_t at = static_cast<size_t>(2 * row + shift) * 2 * half + 2 * column + shift;
      visit(at * pixel, to);
    }
  }
}

// relu(x) at the even or odd pixels.
inline void take_second_pixels(const Map& x, int shift, const Map& half, const Lanes& lanes) {
  const size_t pixel = lanes.padded;
  for (int c = 0; c < x.channels; ++c) {
    const float* from = x.channel(c);
    float* to = half.channel(c);
    for_each_second_pixel(half.size, shift, pixel, [&](size_t large, size_t small) {
      for (size_t n = 0; n < pixel; n += kWidth) {
        store(to + small + n, relu(load(from + large + n)));
      }
    });
  }
}

// Its gradient, added to dx.
inline void add_second_pixels(const Map& half, int shift, const Map& x, const Map& dx,
                              const Lanes& lanes) {
  const size_t pixel = lanes.padded;
  for (int c = 0; c < x.channels; ++c) {
    const float *g = half.channel(c), *gate = x.channel(c);
    float* to = dx.channel(c);
    for_each_second_pixel(half.size, shift, pixel, [&](size_t large, size_t small) {
      for (size_t n = 0; n < pixel; n += kWidth) {
        const size_t i = large + n;
        store(to + i, load(to + i) + where_positive(load(gate + i), load(g + small + n)));
      }
    });
  }
}

// ReLU, two 1x1 convolutions of stride 2, one of the even and one of the odd pixels, norm. Half of
// the channels comes from either. The image has an even size.
class FactorizedReduce : public Layer {
 public:
  FactorizedReduce(Builder& builder, int inputs, int outputs, int size)
      : inputs_(inputs),
        convolutions_{Pointwise(builder, inputs, outputs / 2),
                      Pointwise(builder, inputs, outputs / 2)},
        norm_(builder, outputs),
        y_(builder.map(outputs, size / 2)) {}

  Term forward(const Map& x, const Step& step) override {
    const Map pixels = second_pixels(step);
    for (int shift : {0, 1}) {
      const Map half = half_of(y_, shift);
      take_second_pixels(x, shift, pixels, step.lanes);
      forward_observed<false>(convolutions_[shift], norm_, shift * half.channels, pixels, half,
                              step);
    }
    norm_.prepare(y_.size, step);
    return {y_, norm_.slope(), norm_.offset()};
  }

  void backward(const Map& x, const Map& dx, const Map& g, const Step& step) override {
    const Map pixels = second_pixels(step);
    norm_.start_backward(g, y_, step);
    for (int shift : {0, 1}) {
      const Map half = half_of(y_, shift);
      take_second_pixels(x, shift, pixels, step.lanes);
      // The pixels become their own gradient, chunk by chunk.
      backward_normed<false>(convolutions_[shift], norm_, shift * half.channels,
                             half_of(g, shift), half, pixels, pixels, step);
      add_second_pixels(pixels, shift, x, dx, step.lanes);
    }
  }

 private:
  Map second_pixels(const Step& step) const {
    return step.workspace->map(step.workspace->second, inputs_, y_.size);
  }

  static Map half_of(const Map& map, int which) {
    return map.slice(which * map.channels / 2, map.channels / 2);
  }

  int inputs_;
  Pointwise convolutions_[2];
  BatchNorm norm_;
  Map y_;
};

}  // namespace nasforge
