#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "covey/datasets/examples.h"

namespace covey::bench {

// Random examples as the network of that name in the catalogue wants them.
datasets::Rows random_examples(const std::string& model, std::size_t count);

// Whether the bare loop has a network of its own; else it trains the catalogue's.
bool has_bare_network(const std::string& model);

// What one writes with LibTorch alone: torch::nn modules, torch::optim::SGD, index_select of
// batches. One object a thread. Throws what LibTorch throws.
class BareLoop {
 public:
  BareLoop(const std::string& model, const datasets::Rows& rows, std::size_t batch_size);
  ~BareLoop();
  void update();  // one epoch over the examples, in a new order

 private:
  class State;
  std::unique_ptr<State> state_;
};

// Loops on so many threads, one intra-op thread each, with 600 examples in batches of 10.
class BareLoops {
 public:
  BareLoops(const std::string& model, std::size_t threads);
  void run(std::size_t updates);  // in all

 private:
  std::vector<std::unique_ptr<BareLoop>> loops_;
};

}  // namespace covey::bench
