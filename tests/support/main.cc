// Catch2's own main, plus two options: `--seed N` replays one seed of every property test, `--seeds
// N` sets how many are tried.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#define CATCH_CONFIG_RUNNER
#include "support/catch.h"
#include "support/seeds.h"

int main(int argc, char** argv) {
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (has_value && std::strcmp(argv[i], "--seed") == 0) {
      covey::testing::replay_seed(std::strtoull(argv[++i], nullptr, 0));
    } else if (has_value && std::strcmp(argv[i], "--seeds") == 0) {
      covey::testing::set_seed_count(std::strtoull(argv[++i], nullptr, 0));
    } else {
      rest.push_back(argv[i]);
    }
  }
  return Catch::Session().run(static_cast<int>(rest.size()), rest.data());
}
