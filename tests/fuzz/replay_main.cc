// Runs a fuzz target without a fuzzing engine: over its own seeds, mutations of them and random
// bytes, always the same ones. So that the targets stay compiled, and run, in an ordinary build.
//
//   replay_<name>                      the inputs above
//   replay_<name> FILE…                these inputs: what a fuzzer found
//   replay_<name> --write-seeds DIR    writes the seeds into an existing folder, for a fuzzer to
//   start from

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include "fuzz/fuzz_target.h"

namespace {

using covey::Bytes;

constexpr int kInputs = 400;

int run(const Bytes& input) { return LLVMFuzzerTestOneInput(input.data(), input.size()); }

class Mutator {
 public:
  explicit Mutator(std::vector<Bytes> seeds) : seeds_(std::move(seeds)) {}

  Bytes next() {
    if (seeds_.empty() || below(4) == 0) return random_bytes(1 + below(600));
    Bytes input = pick();
    if (below(8) == 0) splice(input);
    if (below(8) == 0) input.resize(below(input.size() + 1));
    if (below(8) == 0) {
      const Bytes tail = random_bytes(below(40));
      input.insert(input.end(), tail.begin(), tail.end());
    }
    for (std::size_t flips = below(6); flips > 0 && !input.empty(); --flips) {
      input[below(input.size())] ^= static_cast<std::uint8_t>(1u << below(8));
    }
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  const Bytes& pick() { return seeds_[below(seeds_.size())]; }
  Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }
  void splice(Bytes& input) {
    const Bytes& other = pick();
    const std::size_t at = below(std::min(input.size(), other.size()) + 1);
    input.resize(at);
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(at), other.end());
  }

  std::vector<Bytes> seeds_;
  std::mt19937_64 random_{1};
};

int write_seeds(const std::string& folder) {
  int index = 0;
  for (const Bytes& seed : covey::fuzz::seeds()) {
    std::ofstream file(folder + "/seed-" + std::to_string(index++), std::ios::binary);
    file.write(covey::text_of(seed).data(), static_cast<std::streamsize>(seed.size()));
    if (!file) {
      std::fprintf(stderr, "cannot write into %s: create the folder first\n", folder.c_str());
      return 1;
    }
  }
  return 0;
}

int replay_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path);
    return 1;
  }
  return run(Bytes(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3 && std::string_view(arguments[1]) == "--write-seeds") {
    return write_seeds(arguments[2]);
  }
  for (int i = 1; i < count; ++i) {
    if (const int status = replay_file(arguments[i])) return status;
  }
  if (count > 1) return 0;

  for (const Bytes& seed : covey::fuzz::seeds()) run(seed);
  run({});
  Mutator mutator(covey::fuzz::seeds());
  for (int i = 0; i < kInputs; ++i) run(mutator.next());
  return 0;
}
