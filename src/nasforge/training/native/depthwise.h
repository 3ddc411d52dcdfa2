// Depthwise convolutions, one channel at a time on a copy with a border of zeros.
//
// The copy is where the ReLU (and the norm before it) is applied once instead of once per tap.
#pragma once

#include <type_traits>

#include "parameters.h"

namespace nasforge {

// What is done to a value before it is convolved, and the gate of the gradient: where the result is
// positive.
struct PlainInput {
  NASFORGE_INLINE Vec operator()(Vec x) const { return x; }
};

struct ReluInput {
  NASFORGE_INLINE Vec operator()(Vec x) const { return relu(x); }
};

struct NormReluInput {
  Vec slope, offset;
  NASFORGE_INLINE Vec operator()(Vec x) const { return relu(slope * x + offset); }
};

// Pixels of one channel that lie evenly: all of them, or every second one of every second row.
struct Grid {
  int size;       // height and width
  size_t first;   // offset of the first pixel, in floats
  size_t row;     // between rows
  size_t column;  // between pixels of a row
};

inline Grid all_pixels(int size, size_t pixel) { return {size, 0, size * pixel, pixel}; }

inline Grid second_pixels(int size, size_t pixel, int row_parity, int column_parity) {
  return {size / 2, (row_parity * size + column_parity) * pixel, 2 * size * pixel, 2 * pixel};
}

// Copy pixels into the middle of a zeroed frame.
template <class Input>
void pad(const float* x, const Grid& grid, float* padded, int border, const Lanes& lanes,
         Input input) {
  const size_t pixel = lanes.padded, width = grid.size * pixel, margin = border * pixel;
  const size_t above = border * (width + 2 * margin);
  const size_t run = grid.column == pixel ? width : pixel;  // floats that lie together
  std::memset(padded, 0, (above + margin) * sizeof(float));
  float* to = padded + above + margin;
  for (int row = 0; row < grid.size; ++row, to += width + 2 * margin) {
    const float* from = x + grid.first + row * grid.row;
    for (size_t done = 0; done < width; done += run, from += grid.column) {
      for (size_t i = 0; i < run; i += kWidth) store(to + done + i, input(load(from + i)));
    }
    lanes.clear_dead(to, grid.size);
    std::memset(to + width, 0, 2 * margin * sizeof(float));
  }
  if (border > 0) std::memset(to, 0, (above - margin) * sizeof(float));
}

// What a kernel moves over.
struct Window {
  int padded_width;  // of the padded image, in pixels
  int output;        // height and width
  int vectors;       // per pixel
};

// kBlock vectors of one output pixel.
template <int kKernel, int kDilation, int kBlock>
NASFORGE_INLINE void convolve_pixel(const float* corner, const Window& window, const Vec* weight,
                                    float* out) {
  Vec sum[kBlock] = {};
#pragma GCC unroll 5
  for (int i = 0; i < kKernel; ++i) {
#pragma GCC unroll 5
    for (int j = 0; j < kKernel; ++j) {
      const size_t tap = static_cast<size_t>(i * window.padded_width + j) * kDilation;
      const float* p = corner + tap * window.vectors * kWidth;
      for (int u = 0; u < kBlock; ++u) sum[u] += weight[i * kKernel + j] * load(p + u * kWidth);
    }
  }
  for (int u = 0; u < kBlock; ++u) store(out + u * kWidth, sum[u]);
}

template <int kKernel, int kDilation, int kStride, int kBlock>
void convolve(const float* padded, const Window& window, const float* weight, float* out) {
  Vec weights[kKernel * kKernel];
  for (int t = 0; t < kKernel * kKernel; ++t) weights[t] = broadcast(weight[t]);
  const size_t pixel = static_cast<size_t>(window.vectors) * kWidth;
  for (int row = 0; row < window.output; ++row) {
    const float* corner = padded + static_cast<size_t>(row) * kStride * window.padded_width * pixel;
    for (int column = 0; column < window.output; ++column, corner += kStride * pixel) {
      for (size_t n = 0; n < pixel; n += kBlock * kWidth, out += kBlock * kWidth) {
        convolve_pixel<kKernel, kDilation, kBlock>(corner + n, window, weights, out);
      }
    }
  }
}

// The taps of a kernel that an input pixel meets: all of them at stride 1; at stride 2 those whose
// parity fits the pixel's.
template <int kKernel, int kTapStep = 1, int kFirstRow = 0, int kFirstColumn = 0, int kDilation = 1>
struct Taps {
  static constexpr int kRows = (kKernel - kFirstRow + kTapStep - 1) / kTapStep;
  static constexpr int kColumns = (kKernel - kFirstColumn + kTapStep - 1) / kTapStep;
  static constexpr int kCount = kRows * kColumns;

  // Position in the kernel of the tap u, v of these.
  static constexpr int position(int u, int v) {
    return (kFirstRow + u * kTapStep) * kKernel + kFirstColumn + v * kTapStep;
  }
  // Where the tap finds its gradient, in pixels from the first one; taps run backwards through it.
  static constexpr int offset(int u, int v, int padded_width) {
    return ((kRows - 1 - u) * padded_width + kColumns - 1 - v) * kDilation;
  }
};

// The gradients of kBlock vectors of one input pixel. Every input value meets every tap, so that
// one loaded gradient of the output serves both dx and dw.
template <class T, int kBlock, class Input>
NASFORGE_INLINE void backward_pixel(const float* x, const float* dy, const Window& window,
                                    const float* weight, Vec* dw, Input input, Vec* sum) {
  Vec value[kBlock];
  for (int k = 0; k < kBlock; ++k) value[k] = input(load(x + k * kWidth));
#pragma GCC unroll 5
  for (int u = 0; u < T::kRows; ++u) {
#pragma GCC unroll 5
    for (int v = 0; v < T::kColumns; ++v) {
      const size_t pixels = T::offset(u, v, window.padded_width);
      const float* from = dy + pixels * window.vectors * kWidth;
      const Vec tap = broadcast(weight[T::position(u, v)]);
      for (int k = 0; k < kBlock; ++k) {
        const Vec g = load(from + k * kWidth);
        sum[k] += tap * g;
        dw[u * T::kColumns + v] += value[k] * g;
      }
    }
  }
}

// The gradients of some input pixels. `padded_dy` is where the first of them finds its first
// gradient; `finish(i, sum)` receives dx of the vector at offset i of the channel.
template <class T, int kBlock, class Input, class Finish>
void backward_pixels(const float* x, const Grid& grid, const float* padded_dy, const Window& window,
                     const float* weight, float* weight_gradient, Input input, Finish finish) {
  const size_t pixel = static_cast<size_t>(window.vectors) * kWidth;
  Vec total[T::kCount] = {};
  for (int row = 0; row < grid.size; ++row) {
    const float* dy = padded_dy + row * window.padded_width * pixel;
    Vec dw[T::kCount] = {};
    for (int column = 0; column < grid.size; ++column) {
      const size_t at = grid.first + row * grid.row + column * grid.column;
      for (size_t n = 0; n < pixel; n += kBlock * kWidth, dy += kBlock * kWidth) {
        Vec sum[kBlock] = {};
        backward_pixel<T, kBlock>(x + at + n, dy, window, weight, dw, input, sum);
        for (int k = 0; k < kBlock; ++k) finish(at + n + k * kWidth, sum[k]);
      }
    }
    for (int t = 0; t < T::kCount; ++t) total[t] += dw[t];
  }
  for (int u = 0; u < T::kRows; ++u) {
    for (int v = 0; v < T::kColumns; ++v) {
      weight_gradient[T::position(u, v)] += sum_of_lanes(total[u * T::kColumns + v]);
    }
  }
}

// A depthwise convolution of all channels, followed everywhere by a map of its own size / stride.
//
// A dilated kernel of stride 2 sees only the even pixels: it is a plain one of stride 1 on them.
class Depthwise {
 public:
  Depthwise(Builder& builder, int channels, int kernel, int dilation, int stride, int size)
      : kernel_(kernel),
        dilation_(stride == 2 ? 1 : dilation),
        even_pixels_(stride == 2 && dilation == 2),
        stride_(even_pixels_ ? 1 : stride),
        size_(size),
        border_(dilation_ * (kernel / 2)),
        weight_(builder.parameters.take(static_cast<size_t>(channels) * kernel * kernel)) {}

  // `input_of(c)` is what happens to channel c of x before the convolution.
  template <class InputOf>
  void forward(const Map& x, const Map& y, const Step& step, InputOf input_of) const {
    float* padded = step.workspace->padded;
    const Grid grid = grid_of(step);
    for (int c = 0; c < x.channels; ++c) {
      pad(x.channel(c), grid, padded, border_, step.lanes, input_of(c));
      dispatch([&](auto kernel, auto dilation) {
        if (stride_ == 1) {
          convolve_blocks<kernel(), dilation(), 1>(padded, y.size, step, weight(c), y.channel(c));
        } else {
          convolve_blocks<kernel(), 1, 2>(padded, y.size, step, weight(c), y.channel(c));
        }
      });
    }
  }

  // `finish_of(c)(i, sum)` receives the gradient of input_of(c)(x) at offset i of channel c, once
  // for each offset at which it is not 0 everywhere.
  template <class InputOf, class FinishOf>
  void backward(const Map& x, const Map& dy, const Step& step, InputOf input_of,
                FinishOf finish_of) const {
    for (int c = 0; c < x.channels; ++c) {
      const int border = stride_ == 1 ? border_ : 1;
      pad(dy.channel(c), all_pixels(dy.size, step.lanes.padded), step.workspace->padded, border,
          step.lanes, PlainInput());
      const Window window = {dy.size + 2 * border, dy.size, step.lanes.vectors()};
      dispatch([&](auto kernel, auto dilation) {
        if (stride_ == 1) {
          backward_blocks<Taps<kernel(), 1, 0, 0, dilation()>>(
              x, c, grid_of(step), step.workspace->padded, window, input_of(c), finish_of(c));
        } else {
          backward_parity<kernel(), 0, 0>(x, c, window, step, input_of(c), finish_of(c));
          backward_parity<kernel(), 0, 1>(x, c, window, step, input_of(c), finish_of(c));
          backward_parity<kernel(), 1, 0>(x, c, window, step, input_of(c), finish_of(c));
          backward_parity<kernel(), 1, 1>(x, c, window, step, input_of(c), finish_of(c));
        }
      });
    }
  }

  // Gradients of a convolution of relu(x); dx is added to.
  void backward_relu(const Map& x, const Map& dx, const Map& dy, const Step& step) const {
    backward(
        x, dy, step, [](int) { return ReluInput(); },
        [&](int c) {
          const float* gate = x.channel(c);
          float* to = dx.channel(c);
          return [gate, to](size_t i, Vec sum) {
            store(to + i, load(to + i) + where_positive(load(gate + i), sum));
          };
        });
  }

 private:
  Grid grid_of(const Step& step) const {
    const size_t pixel = step.lanes.padded;
    return even_pixels_ ? second_pixels(size_, pixel, 0, 0) : all_pixels(size_, pixel);
  }

  // Stride 2: the pixels of one parity, behind a border of one pixel.
  template <int kKernel, int kRowParity, int kColumnParity, class Input, class Finish>
  void backward_parity(const Map& x, int c, const Window& window, const Step& step, Input input,
                       Finish finish) const {
    using T = Taps<kKernel, 2, first_tap<kKernel>(kRowParity), first_tap<kKernel>(kColumnParity)>;
    constexpr int kRow = first_gradient<kKernel>(kRowParity, T::kRows);
    constexpr int kColumn = first_gradient<kKernel>(kColumnParity, T::kColumns);
    const size_t pixel = step.lanes.padded;
    const Grid grid = second_pixels(size_, pixel, kRowParity, kColumnParity);
    backward_blocks<T>(x, c, grid,
                       step.workspace->padded + (kRow * window.padded_width + kColumn) * pixel,
                       window, input, finish);
  }

  // The first tap that reaches a pixel of this parity.
  template <int kKernel>
  static constexpr int first_tap(int parity) {
    return (parity + kKernel / 2) % 2;
  }

  // The output pixel that the last of some taps reaches from pixel `parity`, behind the border.
  template <int kKernel>
  static constexpr int first_gradient(int parity, int taps) {
    return 1 + (parity + kKernel / 2 - (first_tap<kKernel>(parity) + 2 * (taps - 1))) / 2;
  }

  template <class T, class Input, class Finish>
  void backward_blocks(const Map& x, int c, const Grid& grid, const float* padded_dy,
                       const Window& window, Input input, Finish finish) const {
    if (window.vectors % 2 == 0) {
      backward_pixels<T, 2>(x.channel(c), grid, padded_dy, window, weight(c), gradient(c), input,
                            finish);
    } else {
      backward_pixels<T, 1>(x.channel(c), grid, padded_dy, window, weight(c), gradient(c), input,
                            finish);
    }
  }

  // As many vectors at a time as divide the pixel evenly, up to 4.
  template <int kKernel, int kDilation, int kStride>
  void convolve_blocks(const float* padded, int output, const Step& step, const float* weight,
                       float* out) const {
    const Window window = {grid_of(step).size + 2 * border_, output, step.lanes.vectors()};
    if (window.vectors % 4 == 0) {
      convolve<kKernel, kDilation, kStride, 4>(padded, window, weight, out);
    } else if (window.vectors % 3 == 0) {
      convolve<kKernel, kDilation, kStride, 3>(padded, window, weight, out);
    } else if (window.vectors % 2 == 0) {
      convolve<kKernel, kDilation, kStride, 2>(padded, window, weight, out);
    } else {
      convolve<kKernel, kDilation, kStride, 1>(padded, window, weight, out);
    }
  }

  // Call `run(kernel, dilation)` with compile-time constants.
  template <class Run>
  void dispatch(Run run) const {
    const std::integral_constant<int, 1> one;
    const std::integral_constant<int, 2> two;
    const std::integral_constant<int, 3> three;
    const std::integral_constant<int, 5> five;
    if (kernel_ == 3) {
      dilation_ == 1 ? run(three, one) : run(three, two);
    } else {
      dilation_ == 1 ? run(five, one) : run(five, two);
    }
  }

  const float* weight(int c) const { return weight_.value + c * kernel_ * kernel_; }
  float* gradient(int c) const { return weight_.gradient + c * kernel_ * kernel_; }

  int kernel_, dilation_;
  bool even_pixels_;  // sees only those
  int stride_;        // on the pixels it sees
  int size_;          // of the input
  int border_;
  Parameter weight_;
};

}  // namespace nasforge
