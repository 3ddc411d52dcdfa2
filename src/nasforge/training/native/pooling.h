// 3x3 pools with a border of one pixel, which counts neither for a mean nor for a maximum.
#pragma once

#include <limits>

#include "layer.h"

namespace nasforge {

// The pixels of the input under one output pixel.
struct PoolWindow {
  PoolWindow(int row, int column, int stride, int size)
      : top(std::max(row * stride - 1, 0)),
        bottom(std::min(row * stride + 2, size)),
        left(std::max(column * stride - 1, 0)),
        right(std::min(column * stride + 2, size)) {}

  Vec inverse_area() const { return broadcast(1.0f / ((bottom - top) * (right - left))); }

  // Call visit(offset) for each pixel, row by row.
  template <class Visit>
  NASFORGE_INLINE void for_each(int size, size_t pixel, Visit visit) const {
    for (int row = top; row < bottom; ++row) {
      for (int column = left; column < right; ++column) {
        visit((static_cast<size_t>(row) * size + column) * pixel);
      }
    }
  }

  int top, bottom, left, right;
};

class Pool : public Layer {
 public:
  Pool(Builder& builder, int channels, int stride, int size)
      : stride_(stride), size_(size), y_(builder.map(channels, size / stride)) {}

  Term forward(const Map& x, const Step& step) override {
    for (int c = 0; c < x.channels; ++c) {
      for_each_window(step, [&](const PoolWindow& window, size_t out) {
        pool(window, x.channel(c), y_.channel(c) + out, step.lanes.padded);
      });
    }
    return {y_};
  }

  void backward(const Map& x, const Map& dx, const Map& g, const Step& step) override {
    for (int c = 0; c < x.channels; ++c) {
      for_each_window(step, [&](const PoolWindow& window, size_t out) {
        spread(window, x.channel(c), y_.channel(c) + out, g.channel(c) + out, dx.channel(c),
               step.lanes.padded);
      });
    }
  }

 protected:
  virtual void pool(const PoolWindow& window, const float* x, float* y, size_t pixel) const = 0;
  virtual void spread(const PoolWindow& window, const float* x, const float* y, const float* g,
                      float* dx, size_t pixel) const = 0;

  template <class Visit>
  void for_each_window(const Step& step, Visit visit) const {
    size_t out = 0;
    for (int row = 0; row < y_.size; ++row) {
      for (int column = 0; column < y_.size; ++column, out += step.lanes.padded) {
        visit(PoolWindow(row, column, stride_, size_), out);
      }
    }
  }

  int stride_;
  int size_;  // of the input
  Map y_;
};

class AveragePool : public Pool {
  using Pool::Pool;

  void pool(const PoolWindow& window, const float* x, float* y, size_t pixel) const override {
    const Vec weight = window.inverse_area();
    for (size_t n = 0; n < pixel; n += kWidth) {
      Vec sum = {};
      window.for_each(size_, pixel, [&](size_t at) { sum += load(x + at + n); });
      store(y + n, sum * weight);
    }
  }

  void spread(const PoolWindow& window, const float*, const float*, const float* g, float* dx,
              size_t pixel) const override {
    const Vec weight = window.inverse_area();
    for (size_t n = 0; n < pixel; n += kWidth) {
      const Vec share = load(g + n) * weight;
      window.for_each(size_, pixel, [&](size_t at) {
        store(dx + at + n, load(dx + at + n) + share);
      });
    }
  }
};

class MaxPool : public Pool {
  using Pool::Pool;

  void pool(const PoolWindow& window, const float* x, float* y, size_t pixel) const override {
    for (size_t n = 0; n < pixel; n += kWidth) {
      Vec most = broadcast(-std::numeric_limits<float>::infinity());
      window.for_each(size_, pixel, [&](size_t at) {
        const Vec value = load(x + at + n);
        const auto larger = (value > most) | (value != value);  // a NaN stays one
        most = larger ? value : most;
      });
      store(y + n, most);
    }
  }

  // As in PyTorch the first of several equal maxima receives the gradient.
  void spread(const PoolWindow& window, const float* x, const float* y, const float* g, float* dx,
              size_t pixel) const override {
    const Vec zero = {};
    for (size_t n = 0; n < pixel; n += kWidth) {
      const Vec most = load(y + n);
      Vec left = load(g + n);
      window.for_each(size_, pixel, [&](size_t at) {
        const auto here = load(x + at + n) == most;
        store(dx + at + n, load(dx + at + n) + (here ? left : zero));
        left = here ? zero : left;
      });
    }
  }
};

}  // namespace nasforge
