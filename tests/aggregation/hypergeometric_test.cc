#include "hypergeometric.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "aggregation/exact_counts.h"
#include "support/catch.h"

namespace covey::secagg {
namespace {

using covey::testing::choose;
using covey::testing::draws_that_hit;

constexpr long double kImpossible = -std::numeric_limits<long double>::infinity();

// Whether `log2_tail` is that of `hits` of `all` equally likely draws.
bool matches(long double log2_tail, std::uint64_t hits, std::uint64_t all) {
  if (hits == 0) return log2_tail == kImpossible;
  if (hits == all) return log2_tail == 0;
  const long double expected = static_cast<long double>(hits) / static_cast<long double>(all);
  return std::abs(std::exp2(log2_tail) - expected) <= 1e-13L * expected;
}

// Whether what `survive` (a bit a device) leaves of a ring lattice is connected, by walking it.
bool connected(std::uint32_t n, std::uint32_t survive, std::uint32_t half_degree) {
  std::uint32_t reached = survive & (~survive + 1);
  for (std::uint32_t before = 0; before != reached;) {
    before = reached;
    for (std::uint32_t i = 0; i < n; ++i) {
      if ((reached >> i & 1) == 0) continue;
      for (std::uint32_t distance = 1; distance <= half_degree; ++distance) {
        reached |= survive & (1u << (i + distance) % n | 1u << (i + n - distance) % n);
      }
    }
  }
  return reached == survive;
}

}  // namespace

TEST_CASE("tails of small populations are what counting gives", "[hypergeometric]") {
  for (std::uint32_t population = 1; population <= 24; ++population) {
    const HypergeometricTails tails(population);
    for (std::uint32_t marked = 0; marked <= population; ++marked) {
      for (std::uint32_t draws = 0; draws <= population; ++draws) {
        for (std::uint32_t least = 0; least <= draws + 1; ++least) {
          const std::uint64_t hits = draws_that_hit(population, marked, draws, least, draws);
          if (matches(tails.log2_at_least(marked, draws, least), hits, choose(population, draws)))
            continue;
          FAIL(population << " of which " << marked << ", " << draws << " drawn, at least "
                          << least);
        }
      }
    }
  }
}

TEST_CASE("tails of large populations are precise, however small they are", "[hypergeometric]") {
  struct Tail {
    std::uint32_t population, marked, draws, least;
    double log2;
  };
  // From binomial coefficients in integers of unlimited size.
  const Tail exact[] = {
      {999, 50, 52, 37, -144.2962378722936},
      {999, 100, 30, 30, -105.98402117056571},
      {65534, 3276, 68, 48, -153.18111477538901},
      {65534, 20000, 1000, 350, -9.6913404838576298},
      {65534, 32767, 2000, 1300, -140.59067251844752},
      {65534, 32767, 32767, 16384, -1},
      {65534, 65000, 300, 300, -3.5492985692704906},
      {65534, 1, 1, 1, -15.999955971769566},
      {9999, 5000, 100, 30, -2.1120191945556144e-05},
  };
  // A few roundings of log2 65534!, some 2^20, in the precision at hand.
  const double margin = std::numeric_limits<long double>::digits >= 64 ? 3e-13 : 1e-9;
  for (const Tail& tail : exact) {
    const HypergeometricTails tails(tail.population);
    INFO(tail.population << " of which " << tail.marked << ", " << tail.draws << " drawn");
    const auto log2_tail =
        static_cast<double>(tails.log2_at_least(tail.marked, tail.draws, tail.least));
    CHECK(std::abs(log2_tail - tail.log2) < margin);
  }
}

TEST_CASE(
    "the bound on a disconnected graph is never below the truth, and exact where only two gaps can "
    "cut it",
    "[hypergeometric]") {
  for (std::uint32_t n = 4; n <= 13; ++n) {
    const HypergeometricTails tails(n - 1);
    for (std::uint32_t degree = 2; degree < n; degree += 2) {
      std::vector<std::uint32_t> subsets(n + 1), cut(n + 1);
      for (std::uint32_t survive = 1; survive < 1u << n; ++survive) {
        const auto removed = n - static_cast<std::uint32_t>(std::popcount(survive));
        ++subsets[removed];
        if (!connected(n, survive, degree / 2)) ++cut[removed];
      }
      for (std::uint32_t removed = 0; removed < n; ++removed) {
        const double truth = static_cast<double>(cut[removed]) / subsets[removed];
        const double bound =
            std::exp2(static_cast<double>(log2_disconnected_bound(tails, n, removed, degree)));
        INFO(n << " devices, degree " << degree << ", " << removed << " removed");
        REQUIRE(bound >= truth - 1e-12);
        if (2 * removed < 3 * degree) REQUIRE(std::abs(bound - truth) < 1e-12);
      }
    }
  }
}

}  // namespace covey::secagg
