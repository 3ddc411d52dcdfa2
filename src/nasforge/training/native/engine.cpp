// The C interface of the training engine; bindings.py is its other side.
//
// A network belongs to one thread at a time. Nothing here throws: only the making of a network can
// fail, and then returns null.

#include "network.h"

using nasforge::Crops;
using nasforge::Images;
using nasforge::Network;
using nasforge::Score;
using nasforge::SgdOptions;
using nasforge::Shape;
using nasforge::Targets;

extern "C" {

int nasforge_vector_width() { return nasforge::kWidth; }

// Null if there is no memory, or if `message` says that shape and parameter count do not match.
Network* nasforge_network_new(const Shape* shape, char* message, size_t message_size) {
  try {
    return new Network(*shape);
  } catch (const std::exception& error) {
    std::strncpy(message, error.what(), message_size - 1);
    return nullptr;
  }
}

void nasforge_network_free(Network* network) { delete network; }

float* nasforge_parameters(Network* network) { return network->parameters.values; }

float* nasforge_gradients(Network* network) { return network->parameters.gradients; }

float* nasforge_velocity(Network* network) { return network->parameters.velocity; }

float* nasforge_statistics(Network* network) { return network->statistics.values; }

void nasforge_load(Network* network, const Images* images, const Crops* crops,
                   const Crops* partners, double mix_weight, int samples) {
  network->load(*images, *crops, partners, mix_weight, samples);
}

// The input of the loaded batch as float[3][size][size][samples].
void nasforge_copy_input(const Network* network, int samples, float* to) {
  const nasforge::Map& images = network->images();
  for (int c = 0; c < images.channels; ++c) {
    for (int pixel = 0; pixel < images.size * images.size; ++pixel, to += samples) {
      std::copy_n(images.channel(c) + pixel * network->padded(), samples, to);
    }
  }
}

// The outputs for the last batch as float[classes][samples].
void nasforge_copy_logits(const Network* network, int classes, int samples, float* to) {
  for (int k = 0; k < classes; ++k, to += samples) {
    std::copy_n(network->logits() + k * network->padded(), samples, to);
  }
}

// Gradients of the loaded batch, and its summed loss and correct answers.
void nasforge_train(Network* network, const Targets* targets, const float* keep,
                    double auxiliary_weight, Score* score) {
  *score = network->train(*targets, keep, auxiliary_weight);
}

void nasforge_update(Network* network, const SgdOptions* options) { network->update(*options); }

void nasforge_evaluate(Network* network, const Targets* targets, Score* score) {
  *score = network->evaluate(*targets);
}

}  // extern "C"
