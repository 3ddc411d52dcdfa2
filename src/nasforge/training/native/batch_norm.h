// Batch norm, kept as a slope and an offset per channel: norm(y) = slope * y + offset.
//
// Whoever reads y applies them on the fly, so that normalised maps need no memory of their own.
#pragma once

#include <cmath>

#include "parameters.h"

namespace nasforge {

// PyTorch's defaults.
constexpr double kEpsilon = 1e-5;
constexpr float kStatisticsMomentum = 0.1f;

struct Sums {
  double of_a = 0;
  double of_products = 0;

  Sums& operator+=(const Sums& other) {
    of_a += other.of_a;
    of_products += other.of_products;
    return *this;
  }
};

// Sum of a and of a * b. Single precision within chunks only, so that long sums stay accurate.
inline Sums sums(const float* a, const float* b, size_t count) {
  constexpr size_t kBlock = 4 * kWidth;
  constexpr size_t kPiece = 256 * kWidth;
  Sums total;
  for (size_t first = 0; first < count; first += kPiece) {
    const size_t end = std::min(first + kPiece, count);
    Vec sum[4] = {}, products[4] = {};
    size_t i = first;
    for (; i + kBlock <= end; i += kBlock) {
      for (int u = 0; u < 4; ++u) {
        const Vec value = load(a + i + u * kWidth);
        sum[u] += value;
        products[u] += value * load(b + i + u * kWidth);
      }
    }
    for (; i < end; i += kWidth) {
      sum[0] += load(a + i);
      products[0] += load(a + i) * load(b + i);
    }
    total.of_a += sum_of_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
    total.of_products +=
        sum_of_lanes((products[0] + products[1]) + (products[2] + products[3]));
  }
  return total;
}

class BatchNorm {
 public:
  BatchNorm(Builder& builder, int channels)
      : weight_(builder.parameters.take(channels)),
        bias_(builder.parameters.take(channels)),
        running_mean_(builder.statistics.take(channels)),
        running_variance_(builder.statistics.take(channels)),
        slope_(builder.arena.floats(channels)),
        offset_(builder.arena.floats(channels)),
        channels_(channels) {}

  const float* slope() const { return slope_; }
  const float* offset() const { return offset_; }

  // Training: add some columns of y to the sums. They belong to the channels from `first` on.
  void observe(int first, int channels, Rows y, size_t columns) {
    for (int c = 0; c < channels; ++c) {
      channels_[first + c].sums += sums(y.row(c), y.row(c), columns);
    }
  }

  // Find slope and offset: from what was observed in training, from the running statistics else.
  void prepare(int size, const Step& step) {
    const double count = static_cast<double>(step.lanes.live_plane(size));
    for (size_t c = 0; c < channels_.size(); ++c) {
      Channel& channel = channels_[c];
      double mean = running_mean_[c], variance = running_variance_[c];
      if (step.training) {
        mean = channel.sums.of_a / count;
        variance = channel.sums.of_products / count - mean * mean;
        if (variance < 0) variance = 0;  // by rounding; a NaN stays one
        update_running(c, mean, variance * count / (count - 1));
        channel.sums = {};
      }
      channel.mean = mean;
      channel.inverse_std = 1 / std::sqrt(variance + kEpsilon);
      const double slope = weight_.value[c] * channel.inverse_std;
      slope_[c] = static_cast<float>(slope);
      offset_[c] = static_cast<float>(bias_.value[c] - mean * slope);
    }
  }

  // From the gradient g of the normalised y: the gradients of the parameters, and the coefficients
  // of dy = slope * g + of_y * y + constant.
  void start_backward(const Map& g, const Map& y, const Step& step) {
    const double count = static_cast<double>(step.lanes.live_plane(y.size));
    for (int c = 0; c < y.channels; ++c) {
      Channel& channel = channels_[c];
      const Sums total = sums(g.channel(c), y.channel(c), step.lanes.plane(y.size));
      const double of_normalised =
          channel.inverse_std * (total.of_products - channel.mean * total.of_a);
      weight_.gradient[c] += static_cast<float>(of_normalised);
      bias_.gradient[c] += static_cast<float>(total.of_a);
      const double slope = weight_.value[c] * channel.inverse_std;
      const double of_y = -slope * channel.inverse_std * of_normalised / count;
      channel.of_y = static_cast<float>(of_y);
      channel.constant = static_cast<float>(-slope * total.of_a / count - of_y * channel.mean);
    }
  }

  // Some columns of dy, whole pixels, of the channels from `first` on.
  void backward(int first, int channels, Rows g, Rows y, Rows dy, size_t columns,
                const Lanes& lanes) const {
    for (int c = 0; c < channels; ++c) {
      const Channel& channel = channels_[first + c];
      const Vec slope = broadcast(slope_[first + c]), of_y = broadcast(channel.of_y),
                constant = broadcast(channel.constant);
      const float *gradient = g.row(c), *value = y.row(c);
      float* to = dy.row(c);
      for (size_t i = 0; i < columns; i += kWidth) {
        store(to + i, slope * load(gradient + i) + (of_y * load(value + i) + constant));
      }
      lanes.clear_dead(to, static_cast<int>(columns / lanes.padded));
    }
  }

 private:
  struct Channel {
    Sums sums;  // of y and its squares
    double mean = 0, inverse_std = 0;
    float of_y = 0, constant = 0;
  };

  void update_running(size_t c, double mean, double variance) {
    running_mean_[c] += kStatisticsMomentum * static_cast<float>(mean - running_mean_[c]);
    running_variance_[c] +=
        kStatisticsMomentum * static_cast<float>(variance - running_variance_[c]);
  }

  Parameter weight_, bias_;
  float *running_mean_, *running_variance_;
  float *slope_, *offset_;
  std::vector<Channel> channels_;
};

}  // namespace nasforge
