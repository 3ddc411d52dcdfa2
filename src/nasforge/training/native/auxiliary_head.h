// DARTS's second classifier for training on 32-pixel images, on maps of 8x8: ReLU, 5x5 mean pool of
// stride 3 (to 2x2), 1x1 convolution, norm, ReLU, 2x2 convolution (to 1x1), norm, ReLU, linear.
#pragma once

#include "classifier.h"
#include "pointwise_norm.h"

namespace nasforge {

class AuxiliaryHead {
 public:
  static constexpr int kInputSize = 8;

  AuxiliaryHead(Builder& builder, const Activation& input, int classes)
      : input_(input),
        pooled_(make_activation(builder, input.value.channels, kPooledSize)),
        narrow_(builder, input.value.channels, kNarrow),
        narrow_y_(make_activation(builder, kNarrow, kPooledSize)),
        taps_(make_activation(builder, kNarrow * kPixels, 1)),
        wide_(builder, kNarrow * kPixels, kWide),
        wide_y_(make_activation(builder, kWide, 1)),
        loss_(builder, kWide, classes) {}

  void forward(const Targets& targets, double weight, const Step& step) {
    pool(step);
    narrow_.forward<false>(pooled_.value, narrow_y_.value, step);
    gather_taps(step);
    wide_.forward<false>(taps_.value, wide_y_.value, step);
    for (int c = 0; c < kWide; ++c) {
      write_active(wide_, c, wide_y_.value.channel(c), loss_.features() + c * step.lanes.padded,
                   step);
    }
    loss_.forward(targets, weight, step);
  }

  // Adds to the gradient of the input.
  void backward(const Step& step) {
    const size_t padded = step.lanes.padded;
    loss_.backward(step);
    for (int c = 0; c < kWide; ++c) {
      gate(loss_.features() + c * padded, loss_.feature_gradients() + c * padded,
           wide_y_.gradient.channel(c), step);
    }
    wide_.backward<false>(wide_y_.gradient, wide_y_.value, taps_.value, taps_.gradient, step);
    for (int t = 0; t < kNarrow * kPixels; ++t) {
      gate(taps_.value.channel(t), taps_.gradient.channel(t), pixel_of(narrow_y_.gradient, t, step),
           step);
    }
    narrow_.backward<false>(narrow_y_.gradient, narrow_y_.value, pooled_.value, pooled_.gradient,
                            step);
    spread(step);
  }

 private:
  static constexpr int kPool = 5, kPoolStride = 3, kPooledSize = 2;
  static constexpr int kPixels = kPooledSize * kPooledSize;
  static constexpr int kNarrow = 128, kWide = 768;

  // The 2x2 convolution of a 2x2 map is a pointwise one of the map's pixels taken as channels.
  static float* pixel_of(const Map& map, int tap, const Step& step) {
    return map.channel(tap / kPixels) + tap % kPixels * step.lanes.padded;
  }

  void gather_taps(const Step& step) {
    for (int t = 0; t < kNarrow * kPixels; ++t) {
      write_active(narrow_, t / kPixels, pixel_of(narrow_y_.value, t, step),
                   taps_.value.channel(t), step);
    }
  }

  // relu(norm(y)) of one pixel.
  static void write_active(const PointwiseNorm& layer, int channel, const float* y, float* to,
                           const Step& step) {
    const Vec slope = broadcast(layer.norm().slope()[channel]);
    const Vec offset = broadcast(layer.norm().offset()[channel]);
    for (int n = 0; n < step.lanes.padded; n += kWidth) {
      store(to + n, relu(slope * load(y + n) + offset));
    }
    step.lanes.clear_dead(to, 1);
  }

  static void gate(const float* active, const float* g, float* to, const Step& step) {
    for (int n = 0; n < step.lanes.padded; n += kWidth) {
      store(to + n, where_positive(load(active + n), load(g + n)));
    }
  }

  // Visit (offset of the pooled pixel, offset of a pixel under it).
  template <class Visit>
  static void for_each_pair(size_t padded, Visit visit) {
    for (int out = 0; out < kPixels; ++out) {
      const int top = out / kPooledSize * kPoolStride, left = out % kPooledSize * kPoolStride;
      for (int i = 0; i < kPool * kPool; ++i) {
        const int pixel = (top + i / kPool) * kInputSize + left + i % kPool;
        visit(out * padded, pixel * padded);
      }
    }
  }

  void pool(const Step& step) {
    const size_t padded = step.lanes.padded;
    const Vec share = broadcast(1.0f / (kPool * kPool));
    clear(pooled_.value);
    for (int c = 0; c < input_.value.channels; ++c) {
      const float* x = input_.value.channel(c);
      float* to = pooled_.value.channel(c);
      for_each_pair(padded, [&](size_t out, size_t pixel) {
        for (size_t n = 0; n < padded; n += kWidth) {
          store(to + out + n, load(to + out + n) + relu(load(x + pixel + n)) * share);
        }
      });
    }
  }

  void spread(const Step& step) {
    const size_t padded = step.lanes.padded;
    const Vec share = broadcast(1.0f / (kPool * kPool));
    for (int c = 0; c < input_.value.channels; ++c) {
      const float *x = input_.value.channel(c), *g = pooled_.gradient.channel(c);
      float* to = input_.gradient.channel(c);
      for_each_pair(padded, [&](size_t out, size_t pixel) {
        for (size_t i = pixel; i < pixel + padded; i += kWidth) {
          const Vec part = load(g + out + i - pixel) * share;
          store(to + i, load(to + i) + where_positive(load(x + i), part));
        }
      });
    }
  }

  Activation input_, pooled_;
  PointwiseNorm narrow_;
  Activation narrow_y_, taps_;
  PointwiseNorm wide_;
  Activation wide_y_;
  LinearLoss loss_;
};

}  // namespace nasforge
