#include "support/seeds.h"

#include <optional>

#include "support/catch.h"

namespace covey::testing {
namespace {

std::optional<Seed> the_seed;
std::optional<std::uint64_t> the_count;

void run(Seed seed, const std::function<void(Seed)>& body) {
  INFO("seed " << seed << " (replay with --seed " << seed << ")");
  body(seed);
}

}  // namespace

void for_each_seed(std::uint64_t count, const std::function<void(Seed)>& body) {
  if (the_seed) return run(*the_seed, body);
  for (Seed seed = 1; seed <= the_count.value_or(count); ++seed) run(seed, body);
}

void replay_seed(Seed seed) { the_seed = seed; }
void set_seed_count(std::uint64_t count) { the_count = count; }

}  // namespace covey::testing
