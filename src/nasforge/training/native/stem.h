// The stem: a 3x3 convolution of the image and a norm.
#pragma once

#include "cell.h"

namespace nasforge {

constexpr int kImageChannels = 3;
constexpr int kStemMultiplier = 3;

class Stem {
 public:
  Stem(Builder& builder, int channels, int size)
      : images_(builder.map(kImageChannels, size)),
        y_(builder.map(kStemMultiplier * channels, size)),
        convolution_(builder, kTaps, kStemMultiplier * channels),
        norm_(builder, kStemMultiplier * channels),
        output_(make_activation(builder, kStemMultiplier * channels, size)),
        taps_(make_taps(builder, size)) {}

  const Map& images() const { return images_; }
  const Activation& output() const { return output_; }

  void forward(const Step& step) {
    const size_t columns = row_length(step);
    convolution_.start_forward(step);
    for (int row = 0; row < y_.size; ++row) {
      const Rows y = y_.rows(row * columns);
      gather_taps(row, step.lanes);
      convolution_.forward<false>(taps_, y, columns, step);
      if (step.training) norm_.observe(0, y_.channels, y, columns);
    }
    norm_.prepare(y_.size, step);
    write_term({y_, norm_.slope(), norm_.offset()}, output_.value, step);
  }

  void backward(const Step& step) {
    const size_t columns = row_length(step);
    const Map dy = step.workspace->map(step.workspace->first, y_.channels, y_.size);
    norm_.start_backward(output_.gradient, y_, step);
    convolution_.start_backward(step);
    for (int row = 0; row < y_.size; ++row) {
      const size_t p = row * columns;
      norm_.backward(0, y_.channels, output_.gradient.rows(p), y_.rows(p), dy.rows(p), columns,
                     step.lanes);
      gather_taps(row, step.lanes);
      convolution_.backward_weight<false>(dy.rows(p), taps_, columns, step);
    }
    convolution_.finish_backward(step);
  }

 private:
  static constexpr int kTaps = kImageChannels * 9;

  static Rows make_taps(Builder& builder, int size) {
    const size_t stride = static_cast<size_t>(size) * builder.workspace.capacity + kStridePadding;
    return {builder.arena.floats(kTaps * stride), stride};
  }

  size_t row_length(const Step& step) const {
    return static_cast<size_t>(y_.size) * step.lanes.padded;
  }

  // The 27 values under the kernel as rows of a matrix, for one row of the image: the convolution
  // is then a pointwise one.
  void gather_taps(int row, const Lanes& lanes) {
    const size_t width = static_cast<size_t>(images_.size) * lanes.padded, pixel = lanes.padded;
    float* to = taps_.data;
    for (int c = 0; c < kImageChannels; ++c) {
      for (int i = row - 1; i <= row + 1; ++i) {
        for (int shift = -1; shift <= 1; ++shift, to += taps_.stride) {
          if (i < 0 || i >= images_.size) {
            std::memset(to, 0, width * sizeof(float));
          } else {
            copy_shifted(images_.channel(c) + i * width, to, width, pixel, shift);
          }
        }
      }
    }
  }

  // A row of pixels moved by one pixel or not at all, with zeros where none is left.
  static void copy_shifted(const float* from, float* to, size_t width, size_t pixel, int shift) {
    const size_t gap_left = shift < 0 ? pixel : 0, gap_right = shift > 0 ? pixel : 0;
    const size_t kept = width - gap_left - gap_right;
    std::memset(to, 0, gap_left * sizeof(float));
    std::memcpy(to + gap_left, from + gap_right, kept * sizeof(float));
    std::memset(to + gap_left + kept, 0, gap_right * sizeof(float));
  }

  Map images_, y_;
  Pointwise convolution_;
  BatchNorm norm_;
  Activation output_;
  Rows taps_;
};

}  // namespace nasforge
