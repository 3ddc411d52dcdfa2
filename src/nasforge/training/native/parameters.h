// All parameters in one flat vector, in the order of PyTorch's `network.parameters()`.
#pragma once

#include <stdexcept>

#include "layout.h"

namespace nasforge {

struct Parameter {
  float* value;
  float* gradient;
};

// Layers take their parts one after the other, in the order in which PyTorch registers them.
class Parameters {
 public:
  Parameters(Arena& arena, size_t count)
      : count(count),
        values(arena.floats(count)),
        gradients(arena.floats(count)),
        velocity(arena.floats(count)) {}

  Parameter take(size_t size) {
    if (taken_ + size > count) throw std::length_error("the network has more parameters");
    const size_t first = taken_;
    taken_ += size;
    return {values + first, gradients + first};
  }

  bool all_taken() const { return taken_ == count; }

  const size_t count;
  float* const values;
  float* const gradients;
  float* const velocity;  // of SGD with momentum

 private:
  size_t taken_ = 0;
};

// Running means and variances of all batch norms, in their order: [mean, variance, mean, ...].
class Statistics {
 public:
  Statistics(Arena& arena, size_t count) : count(count), values(arena.floats(count)) {}

  float* take(size_t size) {
    if (taken_ + size > count) throw std::length_error("the network has more batch norms");
    taken_ += size;
    return values + taken_ - size;
  }

  bool all_taken() const { return taken_ == count; }

  const size_t count;
  float* const values;

 private:
  size_t taken_ = 0;
};

// Hands out memory and parameters while a network is built.
struct Builder {
  Arena& arena;
  Parameters& parameters;
  Statistics& statistics;
  Workspace& workspace;
  size_t largest_map = 0;    // floats
  size_t largest_panel = 0;  // floats
  size_t most_channels = 0;

  Map map(int channels, int size) {
    const size_t floats = channels * workspace.stride(size);
    largest_map = std::max(largest_map, floats);
    most_channels = std::max<size_t>(most_channels, channels);
    return workspace.map(arena.floats(floats), channels, size);
  }
};

}  // namespace nasforge
