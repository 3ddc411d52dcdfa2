// Stochastic gradient descent on the flat parameter vector, as torch.optim.SGD does it.
#pragma once

#include <cmath>

#include "parameters.h"

namespace nasforge {

// Shared with Python (bindings.py).
struct SgdOptions {
  double learning_rate;
  double momentum;
  double weight_decay;
  double gradient_clip;  // largest norm of the whole gradient; 0 is off
  int nesterov;
};

// What the gradient is multiplied by; NaN if the gradient holds one.
inline double clip_factor(const Parameters& parameters, double largest) {
  double squares = 0;
  for (size_t i = 0; i < parameters.count; ++i) {
    squares += static_cast<double>(parameters.gradients[i]) * parameters.gradients[i];
  }
  const double factor = largest / (std::sqrt(squares) + 1e-6);
  return factor > 1 ? 1 : factor;
}

// PyTorch starts the velocity at the first gradient; from zero that is the same.
inline void update(const Parameters& parameters, const SgdOptions& options) {
  const float factor = options.gradient_clip > 0
                           ? static_cast<float>(clip_factor(parameters, options.gradient_clip))
                           : 1.0f;
  const float rate = static_cast<float>(options.learning_rate);
  const float momentum = static_cast<float>(options.momentum);
  const float decay = static_cast<float>(options.weight_decay);
  for (size_t i = 0; i < parameters.count; ++i) {
    float& value = parameters.values[i];
    float& velocity = parameters.velocity[i];
    const float gradient = parameters.gradients[i] * factor + decay * value;
    velocity = momentum * velocity + gradient;
    value -= rate * (options.nesterov ? gradient + momentum * velocity : velocity);
  }
}

}  // namespace nasforge
