// The DARTS evaluation network: stem, cells, classifier. Its definition is EvaluationNetwork in
// network.py; parameters and running statistics have that module's order.
#pragma once

#include "augment.h"
#include "auxiliary_head.h"
#include "flush_to_zero.h"
#include "sgd.h"
#include "stem.h"

namespace nasforge {

// Shared with Python (bindings.py).
struct Shape {
  int32_t cells;
  int32_t channels;
  int32_t image_size;
  int32_t classes;
  int32_t largest_batch;
  int32_t auxiliary_head;
  int32_t edges[2][kEdges][2];  // normal and reduction cell; operation and source
  int64_t parameters;           // what PyTorch counts
  int64_t statistics;
};

class Network {
 public:
  explicit Network(const Shape& shape)
      : parameters(arena_, shape.parameters), statistics(arena_, shape.statistics) {
    workspace_.capacity = whole_vectors(shape.largest_batch);
    Builder builder{arena_, parameters, statistics, workspace_};
    build(builder, shape);
    if (!parameters.all_taken() || !statistics.all_taken()) {
      throw std::length_error("the network has fewer parameters or batch norms");
    }
    allocate_workspace(builder, shape);
  }

  // Fill the input with a batch, which must fit the capacity.
  void load(const Images& images, const Crops& crops, const Crops* partners, double mix_weight,
            int samples) {
    set_lanes(samples);
    augment(images, crops, partners, mix_weight, stem_->images(), step_.lanes);
  }

  // Loss and gradients of the loaded batch. `keep` [cells][8][samples] or null; the auxiliary
  // head's loss counts for the gradients only.
  Score train(const Targets& targets, const float* keep, double auxiliary_weight) {
    const FlushToZero mode;
    set_keep(keep);
    step_.training = true;
    std::memset(parameters.gradients, 0, parameters.count * sizeof(float));
    const Score score = forward(targets);
    if (auxiliary_) auxiliary_->forward(targets, auxiliary_weight, step_);
    backward();
    return score;
  }

  // Loss of the loaded batch with the running statistics.
  Score evaluate(const Targets& targets) {
    const FlushToZero mode;
    set_keep(nullptr);
    step_.training = false;
    return forward(targets);
  }

  void update(const SgdOptions& options) {
    const FlushToZero mode;
    nasforge::update(parameters, options);
  }

  const Map& images() const { return stem_->images(); }
  const float* logits() const { return classifier_->logits(); }
  int padded() const { return step_.lanes.padded; }

 private:
  Arena arena_;

 public:
  Parameters parameters;
  Statistics statistics;

 private:
  void build(Builder& builder, const Shape& shape) {
    stem_ = std::make_unique<Stem>(builder, shape.channels, shape.image_size);
    Activation before_last = stem_->output(), last = stem_->output();
    int channels = shape.channels;
    for (int position = 0; position < shape.cells; ++position) {
      const bool reduction = position == shape.cells / 3 || position == 2 * shape.cells / 3;
      if (reduction) channels *= 2;
      EdgeChoice choices[kEdges];
      for (int e = 0; e < kEdges; ++e) {
        choices[e] = {shape.edges[reduction][e][0], shape.edges[reduction][e][1]};
      }
      cells_.push_back(
          std::make_unique<Cell>(builder, choices, before_last, last, channels, reduction));
      before_last = last;
      last = cells_.back()->output();
    }
    classifier_ = std::make_unique<Classifier>(builder, last, shape.classes);
    if (shape.auxiliary_head) {
      const Activation& input = cells_[2 * shape.cells / 3]->output();
      if (input.value.size != AuxiliaryHead::kInputSize) {
        throw std::invalid_argument("the auxiliary head needs images of 32 pixels");
      }
      auxiliary_ = std::make_unique<AuxiliaryHead>(builder, input, shape.classes);
    }
  }

  void allocate_workspace(const Builder& builder, const Shape& shape) {
    constexpr int kWidestBorder = 4;  // of a dilated 5x5 kernel
    const size_t padded_size = shape.image_size + 2 * kWidestBorder;
    const size_t padded = padded_size * padded_size * workspace_.capacity;
    workspace_.first = arena_.floats(builder.largest_map);
    workspace_.second = arena_.floats(builder.largest_map);
    workspace_.dropped = arena_.floats(builder.largest_map);
    workspace_.padded = arena_.floats(padded);
    workspace_.panel = arena_.floats(builder.largest_panel);
    workspace_.sums = arena_.floats(builder.largest_panel * kWidth);
    const size_t chunk = std::max<size_t>(kChunk, workspace_.capacity) + kStridePadding;
    workspace_.chunk = {arena_.floats(builder.most_channels * chunk), chunk};
    keep_ = arena_.floats(cells_.size() * kEdges * workspace_.capacity);
    last_vector_ = arena_.floats(kWidth);
    ones_ = arena_.floats(workspace_.capacity);
    std::fill_n(ones_, workspace_.capacity, 1.0f);
    step_.ones = ones_;
    step_.workspace = &workspace_;
  }

  void set_lanes(int samples) {
    const int padded = whole_vectors(samples);
    for (int i = 0; i < kWidth; ++i) last_vector_[i] = padded - kWidth + i < samples ? 1.0f : 0.0f;
    step_.lanes = {samples, padded, last_vector_};
  }

  // Copy the drop-path factors to whole vectors.
  void set_keep(const float* keep) {
    step_.keep = keep ? keep_ : nullptr;
    if (keep == nullptr) return;
    const Lanes& lanes = step_.lanes;
    for (size_t row = 0; row < cells_.size() * kEdges; ++row) {
      float* to = keep_ + row * lanes.padded;
      std::fill(std::copy_n(keep + row * lanes.live, lanes.live, to), to + lanes.padded, 0.0f);
    }
  }

  Score forward(const Targets& targets) {
    stem_->forward(step_);
    for (size_t i = 0; i < cells_.size(); ++i) cells_[i]->forward(step_, static_cast<int>(i));
    return classifier_->forward(targets, step_);
  }

  void backward() {
    clear(stem_->output().gradient);
    for (const auto& cell : cells_) clear(cell->output().gradient);
    classifier_->backward(step_);
    if (auxiliary_) auxiliary_->backward(step_);
    for (size_t i = cells_.size(); i-- > 0;) cells_[i]->backward(step_, static_cast<int>(i));
    stem_->backward(step_);
  }

  Workspace workspace_{};
  Step step_;
  float *keep_, *last_vector_, *ones_;
  std::unique_ptr<Stem> stem_;
  std::vector<std::unique_ptr<Cell>> cells_;
  std::unique_ptr<Classifier> classifier_;
  std::unique_ptr<AuxiliaryHead> auxiliary_;  // null without
};

}  // namespace nasforge
