// The mean over each map, a linear layer, and the cross-entropy of its outputs.
#pragma once

#include <cstdint>

#include "cell.h"

namespace nasforge {

// What the samples of a batch show. With mixup a sample shows `second` with weight 1 - `weight`.
struct Targets {
  const int64_t* first;
  const int64_t* second;  // null without mixup
  double weight;          // of `first`
};

struct Score {
  double loss = 0;      // summed over the samples
  int64_t correct = 0;  // samples whose first label has the largest output
};

// A linear layer of features [inputs][padded].
class Linear {
 public:
  Linear(Builder& builder, int inputs, int outputs)
      : inputs_(inputs),
        outputs_(outputs),
        weight_(builder.parameters.take(static_cast<size_t>(inputs) * outputs)),
        bias_(builder.parameters.take(outputs)) {}

  void forward(const float* x, float* y, const Lanes& lanes) const {
    const size_t padded = lanes.padded;
    for (int k = 0; k < outputs_; ++k) {
      for (size_t n = 0; n < padded; n += kWidth) {
        Vec sum = broadcast(bias_.value[k]);
        for (int c = 0; c < inputs_; ++c) {
          sum += broadcast(weight_.value[k * inputs_ + c]) * load(x + c * padded + n);
        }
        store(y + k * padded + n, sum);
      }
    }
  }

  void backward(const float* x, const float* dy, float* dx, const Lanes& lanes) const {
    const size_t padded = lanes.padded;
    for (int k = 0; k < outputs_; ++k) {
      bias_.gradient[k] += dot(dy + k * padded, nullptr, padded);
      for (int c = 0; c < inputs_; ++c) {
        weight_.gradient[k * inputs_ + c] += dot(dy + k * padded, x + c * padded, padded);
      }
    }
    for (int c = 0; c < inputs_; ++c) {
      for (size_t n = 0; n < padded; n += kWidth) {
        Vec sum = {};
        for (int k = 0; k < outputs_; ++k) {
          sum += broadcast(weight_.value[k * inputs_ + c]) * load(dy + k * padded + n);
        }
        store(dx + c * padded + n, sum);
      }
    }
  }

 private:
  // Sum of a, or of a * b.
  static float dot(const float* a, const float* b, size_t count) {
    Vec sum = {};
    for (size_t n = 0; n < count; n += kWidth) sum += b ? load(a + n) * load(b + n) : load(a + n);
    return sum_of_lanes(sum);
  }

  int inputs_, outputs_;
  Parameter weight_, bias_;
};

// Cross-entropy of logits [classes][padded]. Writes `scale` times the gradient of the mean loss,
// zero in dead lanes.
class CrossEntropy {
 public:
  explicit CrossEntropy(int classes) : classes_(classes) {}

  Score operator()(const float* logits, const Targets& targets, double scale, float* gradient,
                   const Lanes& lanes) const {
    Score total;
    const size_t padded = lanes.padded;
    std::memset(gradient, 0, sizeof(float) * classes_ * padded);
    for (int n = 0; n < lanes.live; ++n) {
      const int64_t first = targets.first[n];
      const int64_t second = targets.second ? targets.second[n] : first;
      const double weight = targets.second ? targets.weight : 1.0;
      const int best = argmax(logits + n, padded);
      const double log_sum = log_of_sum(logits + n, logits[best * padded + n], padded);
      total.correct += best == first;
      total.loss += log_sum - weight * logits[first * padded + n] -
                    (1 - weight) * logits[second * padded + n];
      for (int k = 0; k < classes_; ++k) {
        const double target = (k == first ? weight : 0) + (k == second ? 1 - weight : 0);
        const double probability = std::exp(logits[k * padded + n] - log_sum);
        gradient[k * padded + n] = static_cast<float>(scale * (probability - target) / lanes.live);
      }
    }
    return total;
  }

 private:
  int argmax(const float* logits, size_t stride) const {
    int best = 0;
    for (int k = 1; k < classes_; ++k) {
      if (logits[k * stride] > logits[best * stride]) best = k;
    }
    return best;
  }

  double log_of_sum(const float* logits, double largest, size_t stride) const {
    double sum = 0;
    for (int k = 0; k < classes_; ++k) sum += std::exp(logits[k * stride] - largest);
    return largest + std::log(sum);
  }

  int classes_;
};

// A linear layer and its loss, with their memory.
class LinearLoss {
 public:
  LinearLoss(Builder& builder, int features, int classes)
      : linear_(builder, features, classes), cross_entropy_(classes) {
    const size_t capacity = builder.workspace.capacity;
    features_ = builder.arena.floats(features * capacity);
    feature_gradients_ = builder.arena.floats(features * capacity);
    logits_ = builder.arena.floats(classes * capacity);
    logit_gradients_ = builder.arena.floats(classes * capacity);
  }

  float* features() { return features_; }  // [features][padded], to be written before `forward`
  const float* feature_gradients() const { return feature_gradients_; }
  const float* logits() const { return logits_; }  // [classes][padded]

  Score forward(const Targets& targets, double scale, const Step& step) {
    linear_.forward(features_, logits_, step.lanes);
    return cross_entropy_(logits_, targets, scale, logit_gradients_, step.lanes);
  }

  void backward(const Step& step) {
    linear_.backward(features_, logit_gradients_, feature_gradients_, step.lanes);
  }

 private:
  Linear linear_;
  CrossEntropy cross_entropy_;
  float *features_, *feature_gradients_;
  float *logits_, *logit_gradients_;
};

// The network's own classifier, on the mean of each map.
class Classifier {
 public:
  Classifier(Builder& builder, const Activation& input, int classes)
      : input_(input), loss_(builder, input.value.channels, classes) {}

  const float* logits() const { return loss_.logits(); }

  Score forward(const Targets& targets, const Step& step) {
    const Map& x = input_.value;
    const size_t pixel = step.lanes.padded;
    const Vec share = broadcast(1.0f / (x.size * x.size));
    for (int c = 0; c < x.channels; ++c) {
      for (size_t n = 0; n < pixel; n += kWidth) {
        Vec sum = {};
        for (int i = 0; i < x.size * x.size; ++i) sum += load(x.channel(c) + i * pixel + n);
        store(loss_.features() + c * pixel + n, sum * share);
      }
    }
    return loss_.forward(targets, 1, step);
  }

  // Writes the gradient of the input.
  void backward(const Step& step) {
    loss_.backward(step);
    const Map& dx = input_.gradient;
    const size_t pixel = step.lanes.padded;
    const Vec share = broadcast(1.0f / (dx.size * dx.size));
    for (int c = 0; c < dx.channels; ++c) {
      for (size_t n = 0; n < pixel; n += kWidth) {
        const Vec g = load(loss_.feature_gradients() + c * pixel + n) * share;
        for (int i = 0; i < dx.size * dx.size; ++i) store(dx.channel(c) + i * pixel + n, g);
      }
    }
  }

 private:
  Activation input_;
  LinearLoss loss_;
};

}  // namespace nasforge
